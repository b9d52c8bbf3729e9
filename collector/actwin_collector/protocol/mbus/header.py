# SPDX-License-Identifier: MIT
"""Application headers of EN 13757-3 (CI field and what follows it before the records)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

from ...model import FrameError, MeterIdentity, ProtocolError
from .media import identification, manufacturer_letters, medium_name

LONG, SHORT, NONE, FIXED, AUTHENTICATED = 0x72, 0x7A, 0x78, 0x73, 0x90
# Where the code stands in an application error and in an alarm: without header, short, long.
_ERROR_AT = {0x70: 1, 0x6E: 5, 0x6F: 13}
_ALARM_AT = {0x71: 1, 0x74: 5, 0x75: 13}

_NOTHING: Mapping[str, str] = {}
_NO_ADDRESS = ("", "", "", "")
_STATUS_FLAGS = ((0x04, "low_power"), (0x08, "permanent_error"), (0x10, "temporary_error"))
_STATUS_APPLICATION = ("", "application_busy", "application_error", "abnormal_condition")
_ERRORS = {
    0: "unspecified error",
    1: "CI field not implemented",
    2: "buffer too long",
    3: "too many records",
    4: "premature end of record",
    5: "too many DIFEs",
    6: "too many VIFEs",
    7: "reserved",
    8: "application busy",
    9: "too many readouts",
}


@dataclass(slots=True)
class Header:
    """``body`` is what follows the header; ``configuration`` the signature word, low byte first."""

    meter: MeterIdentity
    body: bytes
    access_number: int = 0
    status: int = 0
    configuration: int = 0


def parse_header(data: bytes, known: Mapping[str, str] = _NOTHING) -> Header:
    """Parse application data that starts with a CI field 72, 7A or 78.

    ``known`` goes before what the header says into ``meter.extra``. Raises ProtocolError (code
    ``meter_error`` or ``meter_alarm``) for an answer that says so, FrameError otherwise.
    """
    ci = data[0]
    if ci == LONG:
        return _long(data, known)
    if ci == SHORT:
        return _short(data, 1, _NO_ADDRESS, known)
    if ci == NONE:
        return Header(MeterIdentity(extra=dict(known)), data[1:])
    if ci in _ERROR_AT:
        code = data[_ERROR_AT[ci]] if len(data) > _ERROR_AT[ci] else 0
        said = _ERRORS.get(code, f"error {code}")
        raise ProtocolError(f"the meter answers: {said}", "meter_error")
    if ci in _ALARM_AT:
        state = data[_ALARM_AT[ci] :].hex().upper() or "nothing more"
        raise ProtocolError(f"the meter tells an alarm, no readings: {state}", "meter_alarm")
    raise FrameError(f"CI field {ci:02X} carries no readings", "unsupported_ci")


@lru_cache(maxsize=8192)
def meter_address(raw: bytes) -> tuple[str, str, str, str]:
    """Return 8 address bytes as id, manufacturer, medium and version, as MeterIdentity has them."""
    return (
        identification(raw[:4]),
        manufacturer_letters(raw[4:6]),
        medium_name(raw[7]),
        str(raw[6]),
    )


def status_names(status: int) -> list[str]:
    """Return what a status byte says, in words; empty when all is well."""
    application = _STATUS_APPLICATION[status & 3]
    flags = [name for bit, name in _STATUS_FLAGS if status & bit]
    return [application, *flags] if application else flags


def is_suspect(status: int) -> bool:
    """Whether a status byte casts doubt on the values.

    So do an application error and a permanent or temporary one; a low battery alone does not.
    """
    return bool(status & 0x18) or status & 3 == 2


def _long(data: bytes, known: Mapping[str, str]) -> Header:
    if len(data) < 13:
        raise FrameError("the answer ends inside the header", "truncated")
    return _short(data, 9, meter_address(data[1:9]), known)


def _short(
    data: bytes, position: int, address: tuple[str, ...], known: Mapping[str, str]
) -> Header:
    if len(data) < position + 4:
        raise FrameError("the answer ends inside the header", "truncated")
    access, status, low, high = data[position : position + 4]
    meter = MeterIdentity(
        *address, {**known, "access_number": str(access), **_status_facts(status)}
    )
    return Header(meter, data[position + 4 :], access, status, low | high << 8)


@cache
def _status_facts(status: int) -> Mapping[str, str]:
    names = status_names(status)
    facts = {"status": f"{status:02X}"}
    return {**facts, "status_text": ",".join(names)} if names else facts
