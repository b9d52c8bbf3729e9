# SPDX-License-Identifier: MIT
"""The IEC 62056-21 driver: readouts in mode C or at a fixed speed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import ClassVar

from ...channel.base import Link
from ...model import (
    STATUS_OK,
    STATUS_SUSPECT,
    AddressError,
    DeviceSpec,
    FrameError,
    MeterIdentity,
    ReadResult,
    Record,
    Sample,
    Telegram,
)
from ..base import Driver
from .codec import (
    VERIFIED,
    Identification,
    Readout,
    find_identification,
    strip_parity,
    unframe_text,
)
from .datasets import parse_data_sets
from .dialogue import Dialogue
from .options import SETTINGS, Options
from .profile import is_profile, parse_profile
from .values import parse_number, short_code, to_record

_BANDS = ("1.8.1", "1.8.2", "1.8.3", "1.8.4")
_LAST_DIGIT = Decimal(1)  # Wh: registers print three decimals of a kWh, each cut on its own
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2}\s*)+")


class Iec62056Driver(Driver):
    """Reads the full readout of a meter; registers are named by their code as printed.

    The short form of a code works too: ``1.8.0`` finds ``1-0:1.8.0*255``. Samples are suspect when
    the check character was missing or the tariff registers do not add up to the total.
    """

    name: ClassVar[str] = "iec62056-21"
    SETTINGS: ClassVar[Mapping[str, str]] = SETTINGS

    async def read(self, link: Link, device: DeviceSpec, timeout: float) -> ReadResult:
        """Hold one dialogue; raises CollectorError."""
        options = Options.of(device)
        identification, readout = await Dialogue(link, options, timeout).read()
        telegram = _telegram(identification, readout)
        if options.serial and options.serial.lstrip("0") != telegram.meter.id.lstrip("0"):
            raise AddressError(f"meter {telegram.meter.id or '?'} answered, not {options.serial}")
        samples = _samples(telegram, options)
        return ReadResult(telegram.meter, samples, telegram.records, readout.text)

    @classmethod
    def decode(cls, telegram: Mapping) -> Telegram:
        """Decode ``{"text": readout}`` or ``{"telegram": hex of the received bytes}``.

        ``meter.extra["check"]`` tells verified, unverified (no check character) and damaged apart.
        """
        text = _text_of(telegram)
        identification = find_identification(text) or find_identification(
            str(telegram.get("identification", ""))
        )
        if identification:
            text = text.partition(identification.text)[2] or text
        return _telegram(identification, unframe_text(text))


def _text_of(telegram: Mapping) -> str:
    text = telegram.get("text")
    if isinstance(text, str):
        return text
    digits = telegram.get("telegram")
    if not isinstance(digits, str) or not _HEX.fullmatch(digits):
        raise FrameError("neither a readout text nor hex")
    return strip_parity(bytes.fromhex(digits)).decode("ascii")


def _telegram(identification: Identification | None, readout: Readout) -> Telegram:
    parsed = parse_data_sets(readout.text)
    if not parsed.data_sets:
        raise FrameError("the readout holds no data set")
    if is_profile(readout.text):
        records = parse_profile(readout.text)
    else:
        records = tuple(to_record(data_set) for data_set in parsed.data_sets)
    sound = readout.state != VERIFIED or parsed.clean
    check = readout.state if sound else "unverified"
    return Telegram(_identity(identification, records, check), records)


def _identity(
    identification: Identification | None, records: tuple[Record, ...], check: str
) -> MeterIdentity:
    extra = {"check": check}
    if identification:
        extra["identification"] = identification.text
    return MeterIdentity(
        id=_first(records, "serial"),
        manufacturer=identification.manufacturer.upper() if identification else "",
        medium=_medium(records),
        version=identification.product if identification else _first(records, "program"),
        extra=extra,
    )


def _first(records: tuple[Record, ...], quantity: str) -> str:
    texts = (r.value for r in records if r.quantity == quantity and not r.storage)
    return next((text for text in texts if isinstance(text, str)), "")


def _medium(records: tuple[Record, ...]) -> str:
    units = {record.unit for record in records}
    if "m3" in units and any(record.obis.startswith("6.") for record in records):
        return "heat"
    return "electricity" if units & {"Wh", "varh", "W", "V"} else "water" if "m3" in units else ""


def _samples(telegram: Telegram, options: Options) -> dict[str, Sample]:
    """Return numeric records by printed code and, where that is free, by short code."""
    status = STATUS_OK if telegram.meter.extra["check"] == VERIFIED else STATUS_SUSPECT
    stamp = _clock(telegram.records, options)
    samples: dict[str, Sample] = {}
    for record in telegram.records:
        if isinstance(record.value, Decimal):
            value, unit = _with_unit(record, options)
            sample = Sample(value, unit, status, stamp)
            samples.setdefault(record.obis, sample)
            samples.setdefault(short_code(record.obis), sample)
    return samples if _bands_agree(samples) else _suspect(samples)


def _with_unit(record: Record, options: Options) -> tuple[Decimal, str]:
    unit = options.units.get(record.obis) or options.units.get(short_code(record.obis))
    if record.unit or not unit:
        return record.value, record.unit
    return parse_number(f"{record.value:f}*{unit}") or (record.value, record.unit)


def _bands_agree(samples: Mapping[str, Sample]) -> bool:
    bands = [samples[code].value for code in _BANDS if code in samples]
    if "1.8.0" not in samples or not bands:
        return True
    return abs(samples["1.8.0"].value - sum(bands)) <= _LAST_DIGIT * len(bands)


def _suspect(samples: Mapping[str, Sample]) -> dict[str, Sample]:
    return {
        code: replace(sample, status=STATUS_SUSPECT) if ".8." in code else sample
        for code, sample in samples.items()
    }


def _clock(records: tuple[Record, ...], options: Options) -> datetime | None:
    texts = {r.quantity: r.value for r in records if r.quantity in ("date", "time", "clock")}
    try:
        text = texts.get("clock") or f"{texts['date']}T{texts['time']}"
        return datetime.fromisoformat(text).replace(tzinfo=options.zone)
    except (KeyError, ValueError):
        return None
