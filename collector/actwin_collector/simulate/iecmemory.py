# SPDX-License-Identifier: MIT
"""What a simulated IEC 62056-21 meter keeps: clock, password and its lock, load profile, log."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from .load import SLOT_SECONDS, ZONE_SECONDS
from .meters import SimulatedMeter
from .readout import kilo, local, outages, packet, stamp

KEPT_SECONDS = 60 * 86_400
WRONG_ALLOWED = 3
LOCK_SECONDS = 6 * 3600
ROWS_A_BLOCK = 20
_COMMAND = re.compile(r"([0-9A-Z.:*-]{1,24})\(([^()]*)\)")
_CODES = (("1.8.0", "kWh"), ("5.8.0", "kVArh"), ("8.8.0", "kVArh"))
_FORMS = ("%y-%m-%d,%H:%M", "%y%m%d%H%M", "%y%m%d%H%M%S")


@dataclass(slots=True)
class Faults:
    """What goes wrong on the line, on every ``every``-th answer: see ``KINDS``."""

    KINDS = ("", "bcc", "truncated", "silent", "noise")
    kind: str = ""
    every: int = 1
    count: int = 0

    def spoil(self, answer: bytes) -> bytes:
        """Return what of an answer goes over the line."""
        self.count += 1
        if not self.kind or self.count % self.every:
            return answer
        if self.kind == "bcc":
            return answer[:-1] + bytes([answer[-1] ^ 1])
        if self.kind == "truncated":
            return answer[: len(answer) // 2]
        return b"" if self.kind == "silent" else b"\x7f\x00\x55\x7f" + answer


class IecMemory:
    """One meter's state, the same for everybody who connects to it."""

    def __init__(
        self, meter: SimulatedMeter, clock: Callable[[], float], password: str = ""
    ) -> None:
        self._meter = meter
        self._clock = clock
        self._password = password
        self._wrong = 0
        self._locked_until = 0.0
        self._offset = 0

    @property
    def shown(self) -> int:
        """What the meter's clock shows, as epoch seconds."""
        return int(self._clock()) + self._offset

    def packet(self, select: str) -> str:
        """Return the data block a mode character chooses, empty for an unknown one."""
        return packet(self._meter, select, int(self._clock()), self.shown)

    def password(self, text: str) -> bool:
        """Return whether ``(password)`` opens the meter; three wrong ones lock it for six hours."""
        if self._clock() < self._locked_until:
            return False
        if self._password and text == f"({self._password})":
            self._wrong = 0
            return True
        self._wrong += 1
        if self._wrong >= WRONG_ALLOWED:
            self._wrong = 0
            self._locked_until = self._clock() + LOCK_SECONDS
        return False

    def read(self, command: str, text: str) -> list[str]:
        """Return the blocks of an answer."""
        match = _COMMAND.fullmatch(text)
        if not match:
            return ["(ERROR03)"]
        code, span = match[1], match[2]
        if code in ("P.01", "P.98"):
            first, _, last = span.partition(";")
            start, end = self._instant(first), self._instant(last)
            rows = self._profile if code == "P.01" else self._log
            return _blocks([*rows(start, end, command == "R2")], code)
        for line in self.packet("0").splitlines():
            if line.partition("(")[0] == code:
                return [line]
        return ["(ERROR01)"]

    def write(self, text: str) -> bool:
        """Set the clock by ``0.9.1(hh:mm:ss)`` or ``0.9.2(yy-mm-dd)``; False for anything else."""
        match = _COMMAND.fullmatch(text)
        if not match or match[1] not in ("0.9.1", "0.9.2"):
            return False
        digits = re.sub(r"\D", "", match[2])[-6:]
        now = local(self.shown)
        try:
            if match[1] == "0.9.1":
                told = datetime.strptime(digits, "%H%M%S").time()
                wanted = datetime.combine(now.date(), told, now.tzinfo)
            else:
                told = datetime.strptime(digits, "%y%m%d").date()
                wanted = datetime.combine(told, now.timetz())
        except ValueError:
            return False
        self._offset += int((wanted - now).total_seconds())
        return True

    def _instant(self, text: str) -> int | None:
        digits = text[1:] if text.isdecimal() and len(text) % 2 else text
        for form in _FORMS:
            try:
                when = datetime.strptime(digits, form)
            except ValueError:
                continue
            return int((when - datetime(1970, 1, 1)).total_seconds()) - ZONE_SECONDS
        return None

    def _profile(self, start: int | None, end: int | None, turkish: bool) -> Iterator[str]:
        now = int(self._clock())
        oldest = max(now - KEPT_SECONDS, self._meter.curve.start + SLOT_SECONDS)
        first = max(start or 0, oldest)
        ends = range(-(-first // SLOT_SECONDS) * SLOT_SECONDS, min(end or now, now) + 1, 900)
        if not turkish and ends:
            codes = "".join(f"(1-0:{code})({unit})" for code, unit in _CODES)
            yield f"P.01(0{local(ends[0]):%y%m%d%H%M%S})(00)(15)(4){codes}(1-0:1.5.0)(kW)"
        for at in ends:
            yield self._row(at, turkish)

    def _row(self, at: int, turkish: bool) -> str:
        power = self._meter.curve.slot_power(at - 1)
        values = [kilo(self._meter, code, at) for code, _ in _CODES]
        values.append(f"{power // 1000:03}.{power % 1000:03}")
        if not turkish:
            return "".join(f"({value})" for value in values)
        units = [*(unit for _, unit in _CODES), "kW"]
        cells = "".join(f"({v}*{unit})" for v, unit in zip(values, units, strict=True))
        return f"P.01({stamp(at)}){cells}(00)"

    def _log(self, start: int | None, end: int | None, turkish: bool) -> Iterator[str]:
        now = int(self._clock())
        entries = [
            (at, status)
            for span in outages(self._meter, now)
            for at, status in zip(span, ("80", "40"), strict=True)
        ]
        for at, status in sorted(entries):
            if (start or 0) <= at <= (end or now):
                yield f"P.98(0{local(at):%y%m%d%H%M%S})({status})()(0)"


def _blocks(rows: Sequence[str], code: str) -> list[str]:
    """Return the texts of the blocks rows are sent in; without rows the meter says so."""
    if not rows:
        return [f"{code}(ERROR)"]
    cuts = range(0, len(rows), ROWS_A_BLOCK)
    return ["\r\n".join([*rows[at : at + ROWS_A_BLOCK], ""]) for at in cuts]
