# SPDX-License-Identifier: MIT
"""Readouts as text (P1 telegrams) that come sealed in a general-glo-ciphering message.

So do Luxembourg's and some Austrian customer interfaces: what is inside is no DLMS.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, tzinfo

from ...model import ChecksumError, DeviceSpec, MeterIdentity, ProtocolError, Sample, Telegram
from ..iec62056_21.codec import DAMAGED, VERIFIED
from ..iec62056_21.options import Options
from ..iec62056_21.telegram import decode_telegram, meter_clock, samples_of

START = b"/"
_CODE = re.compile(r"(\d+)-(\d+):(\d+)\.(\d+)\.(\d+)(?:\*(\d+))?")


def read_text(plain: bytes, proved: bool) -> Telegram:
    """Return the readout in an opened message; raises CollectorError.

    ``proved``: its tag was right. Otherwise its own CRC must tell that the key is.
    """
    telegram, readout = decode_telegram({"text": plain.decode("latin-1")})
    if not proved and readout.state != VERIFIED:
        text = "the key does not fit, or the bytes were changed: the CRC of the text is wrong"
        raise ProtocolError(text, "bad_authentication")
    return telegram


def with_seal(telegram: Telegram, seal: MeterIdentity) -> Telegram:
    """Return a readout with what its seal tells of the meter beside what the text tells."""
    meter = telegram.meter
    extra = {**meter.extra, **seal.extra}
    meter = replace(meter, id=meter.id or seal.id, extra=extra)
    return Telegram(meter, telegram.records)


def is_readout(telegram: Telegram) -> bool:
    """Whether a telegram was text, whose records are named as it printed them."""
    return "check" in telegram.meter.extra


def readings_of(
    telegram: Telegram, zone: tzinfo | None
) -> tuple[datetime | None, dict[str, Sample]]:
    """Return the time a readout tells, and samples by its codes, short and as logical names.

    ``zone`` is that of its clock in normal time. Raises ChecksumError.
    """
    if telegram.meter.extra["check"] == DAMAGED:
        raise ChecksumError("the readout inside arrived damaged")
    # Its seal has proved what a check character would.
    options = replace(Options.of(DeviceSpec("", "", "")), unchecked="accept")
    options = replace(options, zone=zone or options.zone)
    samples = samples_of(telegram, options)
    for code, sample in list(samples.items()):
        match = _CODE.fullmatch(code)
        if match:
            samples[".".join(match.groups("255"))] = sample
    return meter_clock(telegram.records, options), samples
