# SPDX-License-Identifier: MIT
"""A readout's text as a telegram: records, who sent it, how far it was checked, its samples."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from ...model import (
    STATUS_OK,
    STATUS_SUSPECT,
    FrameError,
    MeterIdentity,
    Record,
    Sample,
    Telegram,
)
from ..hexadecimal import hex_bytes
from .codec import (
    DAMAGED,
    UNVERIFIED,
    VERIFIED,
    Identification,
    Readout,
    find_identification,
    strip_parity,
    unframe_text,
)
from .datasets import parse_data_sets
from .listen import p1_check
from .options import Options
from .profile import is_profile, parse_profile
from .quirks import builtin_settings
from .stamps import season_of, to_aware
from .status import mass_flags
from .values import parse_number, short_code, to_record

_BANDS = ("1.8.1", "1.8.2", "1.8.3", "1.8.4")
_LAST_DIGIT = Decimal(1)  # Wh: registers print three decimals of a kWh, each cut on its own
_WRITTEN_END = re.compile(r"(?:\\r)?\\n")
_SET = re.compile(r"[0-9A-Z][.:][^()\s]*\([^()]*\)")
# General-glo-ciphering with a system title of eight bytes.
_SEALED = b"\xdb\x08"
_HEX_SERIAL = re.compile(r"(?:20|3[0-9]|[46][1-9A-Fa-f]|[57][0-9Aa]){8,24}")


def decode_telegram(telegram: Mapping) -> tuple[Telegram, Readout]:
    """Return what ``{"text": readout}`` or ``{"telegram": hex}`` holds, and its data block."""
    text = text_of(telegram)
    identification = find_identification(text) or find_identification(
        str(telegram.get("identification", ""))
    )
    whole = text
    if identification:
        text = text.partition(identification.text)[2] or text
    readout = unframe_text(text)
    checked = p1_check(whole.encode("latin-1", "replace"))
    if checked is not None:
        readout = Readout(readout.text, VERIFIED if checked else DAMAGED)
    return telegram_of(identification, readout), readout


def is_sealed(telegram: Mapping) -> bool:
    """Whether a telegram is no text but the message of DLMS that P1 readouts are sealed in."""
    if isinstance(telegram.get("text"), str):
        return False
    try:
        return hex_bytes(telegram.get("telegram"))[:2] == _SEALED
    except FrameError:
        return False


def text_of(telegram: Mapping) -> str:
    """Return the characters of a telegram; raises FrameError."""
    text = telegram.get("text")
    if isinstance(text, str):
        return text
    digits = telegram.get("telegram")
    try:
        return strip_parity(hex_bytes(digits)).decode("ascii")
    except FrameError:
        # A readout itself in the place of its hex: brackets with a value say so. On one line its
        # line ends are written out.
        if isinstance(digits, str) and _SET.search(digits):
            return _WRITTEN_END.sub("\r\n", digits)
        raise


def telegram_of(identification: Identification | None, readout: Readout) -> Telegram:
    """Return the telegram; raises FrameError when there is no data set in it."""
    parsed = parse_data_sets(readout.text)
    if not parsed.data_sets:
        raise FrameError("the readout holds no data set")
    if is_profile(readout.text):
        records = parse_profile(readout.text)
    else:
        records = tuple(to_record(data_set) for data_set in parsed.data_sets)
    sound = readout.state != VERIFIED or parsed.clean
    check = readout.state if sound else UNVERIFIED
    return Telegram(_identity(identification, records, check), records)


def _identity(
    identification: Identification | None, records: tuple[Record, ...], check: str
) -> MeterIdentity:
    extra = {"check": check}
    if identification:
        extra["identification"] = identification.text
        if builtin_settings(identification.text).get("status_bits") == "mass":
            flags = mass_flags(_first(records, "status"))
            extra |= {"status": ", ".join(flags.values())} if flags else {}
    return MeterIdentity(
        id=serial_text(_first(records, "serial") or _first(records, "device_name")),
        manufacturer=identification.manufacturer.upper() if identification else "",
        medium=_medium(records),
        version=identification.product if identification else _first(records, "program"),
        extra=extra,
    )


def serial_text(text: str) -> str:
    """Return a serial as people write it: P1 telegrams spell its characters in hex."""
    if not _HEX_SERIAL.fullmatch(text):
        return text
    return bytes.fromhex(text).decode("ascii").strip()


def _first(records: tuple[Record, ...], quantity: str) -> str:
    texts = (r.value for r in records if r.quantity == quantity and not r.storage)
    return next((text for text in texts if isinstance(text, str)), "")


def _medium(records: tuple[Record, ...]) -> str:
    units = {record.unit for record in records}
    if "m3" in units and any(record.obis.startswith("6.") for record in records):
        return "heat"
    return "electricity" if units & {"Wh", "varh", "W", "V"} else "water" if "m3" in units else ""


def samples_of(telegram: Telegram, options: Options) -> dict[str, Sample]:
    """Return numeric records by printed code and, where that is free, by short code.

    They are suspect when the check character was missing or the tariffs do not make up the total.
    """
    check = telegram.meter.extra["check"]
    good = check == VERIFIED or (check == UNVERIFIED and options.unchecked == "accept")
    status = STATUS_OK if good else STATUS_SUSPECT
    stamp = meter_clock(telegram.records, options)
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


def meter_clock(records: tuple[Record, ...], options: Options) -> datetime | None:
    """Return the time the meter told, with its offset; None when it told none."""
    found = {r.quantity: r for r in records if r.quantity in ("date", "time", "clock")}
    try:
        if "clock" in found:
            text, printed = found["clock"].value, found["clock"].raw[0]
        else:
            text = f"{found['date'].value}T{found['time'].value}"
            printed = found["date"].raw[0]
        local = datetime.fromisoformat(text)
    except (KeyError, ValueError, TypeError):
        return None
    return to_aware(local, season_of(printed.strip()), options.zone, options.summer_time)
