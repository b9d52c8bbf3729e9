# SPDX-License-Identifier: MIT
"""Readouts as text (P1 telegrams) that come sealed in a general-glo-ciphering message.

So do Luxembourg's and some Austrian customer interfaces: what is inside is no DLMS.
"""

from __future__ import annotations

from dataclasses import replace

from ...model import MeterIdentity, ProtocolError, Telegram
from ..iec62056_21.codec import VERIFIED
from ..iec62056_21.telegram import decode_telegram

START = b"/"


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
