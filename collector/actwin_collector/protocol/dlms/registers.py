# SPDX-License-Identifier: MIT
"""Registers to samples: which object and attribute a name means, values in base units."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from ...model import (
    STATUS_OK,
    STATUS_SUSPECT,
    ConfigError,
    FrameError,
    ProtocolError,
    Record,
    Sample,
)
from . import apdu as wire
from .cosem import (
    CLOCK,
    DATA,
    DEMAND,
    DISCONNECT,
    EXTENDED,
    REGISTER,
    clock_is_doubtful,
    parse_clock,
    parse_name,
    raw_value,
    record_of,
    scaled,
    stamp_text,
)

if TYPE_CHECKING:
    from .dialogue import Dialogue

_REGISTER = re.compile(
    r"(?:(?P<class>\d{1,5}):)?(?P<name>\d[\d.\-:*&]*?)(?:#(?P<attribute>\d{1,3}))?", re.ASCII
)
_CLOCK_NAME = bytes((0, 0, 1, 0, 0, 255))
_DEVICE_NAME = bytes((0, 0, 42, 0, 0, 255))
# class → attribute with the time of the value
_CAPTURED = {EXTENDED: 5, DEMAND: 6}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a register name stands for; class 0 when the name does not say it."""

    register: str
    name: bytes
    class_id: int = 0
    attribute: int = 0

    @property
    def guess(self) -> Wanted:
        """With the class and attribute that objects of this name have at nearly every meter."""
        class_id = self.class_id or _usual_class(self.name)
        attribute = self.attribute or (3 if class_id == DEMAND and self.name[3] == 5 else 2)
        return replace(self, class_id=class_id, attribute=attribute)


def parse_register(text: str) -> Wanted:
    """Return what ``1.8.0``, ``1-0:1.8.0*255`` or ``4:1.0.1.6.0.255#5`` means.

    Before the name the class, after ``#`` the attribute. Raises ConfigError.
    """
    match = _REGISTER.fullmatch(text.strip())
    # 1:2.8.0 would be ambiguous; only a whole name of six groups may follow a class.
    if match and match["class"] and match["name"].count(".") != 5:
        match = re.fullmatch(r"()(?P<name>[^#]*)(?:#(?P<attribute>\d{1,3}))?", text.strip())
    if not match:
        raise ConfigError(f"{text!r} is no register such as 1.8.0 or 3:1.0.1.8.0.255#2")
    groups = match.groupdict()
    return Wanted(
        text,
        parse_name(groups["name"]),
        int(groups.get("class") or 0),
        int(groups["attribute"] or 0),
    )


class RegisterReader:
    """Reads registers in one dialogue; the object list is fetched only when a guess was wrong."""

    def __init__(self, dialogue: Dialogue, zone) -> None:
        self._dialogue = dialogue
        self._zone = zone
        self._objects: dict[bytes, int] | None = None
        self.records: list[Record] = []
        self.samples: dict[str, Sample] = {}
        self.clock: datetime | None = None
        self._status = STATUS_OK

    async def read_clock(self) -> None:
        """Read the meter's clock; a doubtful one makes every sample suspect."""
        value = await self._dialogue.get(wire.Attribute(CLOCK, _CLOCK_NAME, 2))
        self.clock = parse_clock(value, self._zone)
        if self.clock is None:
            raise FrameError(f"{raw_value(value)} is no time")
        if clock_is_doubtful(value):
            self._status = STATUS_SUSPECT
        self.records.append(record_of(_CLOCK_NAME, stamp_text(self.clock), raw=raw_value(value)))

    async def read_text(self, name: bytes) -> str:
        """Return a text object such as a serial number, "" when the meter has none."""
        try:
            value = await self._dialogue.get(wire.Attribute(DATA, name, 2))
        except ProtocolError as error:
            if error.code in ("access_denied", "missing_register"):
                return ""
            raise
        record = record_of(name, value, raw=raw_value(value))
        self.records.append(record)
        return str(record.value or "")

    async def device_name(self) -> str:
        """Return the logical device name, which begins with the maker's three letters."""
        return await self.read_text(_DEVICE_NAME)

    async def read(self, wanted: Wanted) -> None:
        """Read one register; what the meter does not have costs only that one."""
        try:
            await self._read_guess(wanted.guess)
        except ProtocolError as error:
            if error.code != "missing_register":
                raise
            known = None if wanted.class_id else await self._known_class(wanted.name)
            if known and known != wanted.guess.class_id:
                await self._read_guess(replace(wanted, class_id=known).guess)
            else:
                self.records.append(record_of(wanted.name, None, raw=error.message))

    async def _known_class(self, name: bytes) -> int | None:
        if self._objects is None:
            self._objects = await self._dialogue.objects()
        return self._objects.get(name)

    async def _read_guess(self, wanted: Wanted) -> None:
        attribute = wire.Attribute(wanted.class_id, wanted.name, wanted.attribute)
        measured = wanted.attribute == 2 or (wanted.class_id == DEMAND and wanted.attribute == 3)
        # Scaler and unit first: some meters change both at once and answer in this order.
        pair = await self._dialogue.scale(wanted.class_id, wanted.name) if measured else None
        value = await self._dialogue.get(attribute)
        number, unit = scaled(_as_number(value), *(pair or (0, 255)))
        stamp = await self._captured(wanted) if measured else None
        self.records.append(
            record_of(
                wanted.name,
                value if number is None else number,
                unit,
                ts=stamp_text(stamp),
                raw=raw_value(value),
            )
        )
        if number is not None:
            self.samples[wanted.register] = Sample(number, unit, self._status, self.clock)

    async def _captured(self, wanted: Wanted) -> datetime | None:
        number = _CAPTURED.get(wanted.class_id)
        if not number:
            return None
        value = await self._dialogue.get(wire.Attribute(wanted.class_id, wanted.name, number))
        return parse_clock(value, self._zone)


def _as_number(value: object) -> object:
    return Decimal(int(value)) if isinstance(value, bool) else value


def _usual_class(name: bytes) -> int:
    a, _, c, d, _, _ = name
    if (a, c, d) == (0, 96, 3):
        return DISCONNECT
    if (a, c, d) == (0, 1, 0):
        return CLOCK
    if a == 0 or c >= 94 or (c == 0 and d in (2, 0)):
        return DATA
    return {4: DEMAND, 5: DEMAND, 6: EXTENDED}.get(d, REGISTER) if c < 91 else REGISTER
