# SPDX-License-Identifier: MIT
"""A load seen through a meter's registers, with the resolution the meter really has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from ..model import ConfigError
from ..protocol.modbus.register import Register
from ..protocol.modbus.registermap import load_map
from .load import ACTIVE, CAPACITIVE, INDUCTIVE, Curve, draw_int, local_day, local_midnight

Reader = Callable[[int], Decimal]

_ENERGY = {
    "1.8.0": ACTIVE,
    "3.8.0": INDUCTIVE,
    "5.8.0": INDUCTIVE,
    "4.8.0": CAPACITIVE,
    "8.8.0": CAPACITIVE,
}
_BANDS = {"1.8.1": 1, "1.8.2": 2, "1.8.3": 3}
_NOTHING = {"1.8.4": "Wh", "2.8.0": "Wh"}
_POWER = {"1.7.0": 1, "16.7.0": 1, "36.7.0": 3, "56.7.0": 3, "76.7.0": 3}
CURRENTS = ("31.7.0", "51.7.0", "71.7.0")
VOLTAGES = ("32.7.0", "52.7.0", "72.7.0")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a meter is reached: TCP ``port`` above the base port, or ``pty`` name; bus ``unit``.

    ``speed``: the only one at which a pty is heard, 0 for any.
    """

    port: int = 0
    pty: str = ""
    unit: int = 1
    speed: int = 0


@dataclass(frozen=True, slots=True)
class MeterSpec:
    """One simulated meter; ``digits`` before the point of its energy registers.

    ``settings`` are its protocol's own.
    """

    key: str
    protocol: str
    serial: str
    place: Place
    map: str = ""
    digits: int = 8
    settings: Mapping[str, object] = field(default_factory=dict)


class SimulatedMeter:
    """Gives exact register values in base units at any instant."""

    def __init__(self, spec: MeterSpec, curve: Curve) -> None:
        self.spec = spec
        self.curve = curve
        self._modulus = 10 ** (spec.digits + 3)
        self._peaks: dict[int, tuple[int, int]] = {}

    def reader(self, register: str) -> tuple[Reader, str]:
        """Return (function from epoch seconds to value, base unit); raises ConfigError."""
        if self.spec.map:
            return self.through(load_map(self.spec.map).find(register))
        return self.exact(register)

    def value(self, register: str, at: int) -> tuple[Decimal, str]:
        """Return (value, base unit) at an instant; raises ConfigError."""
        read, unit = self.reader(register)
        return read(at), unit

    def through(self, register: Register) -> tuple[Reader, str]:
        """Return the reader of a Modbus register: cut to what its words can hold."""
        try:
            exact, unit = self.exact(register.code)
        except ConfigError:
            return lambda at: Decimal(0), register.unit
        if register.type in ("int64", "uint64") and register.scale == 1:
            return exact, unit  # whole Wh fit as they are
        if register.type == "float32" and register.scale.normalize().as_tuple().digits == (1,):
            return lambda at: _through_float32(register, exact(at)), unit
        return lambda at: register.decode(register.encode(exact(at))), unit

    def exact(self, code: str) -> tuple[Reader, str]:
        """Return the reader of what an OBIS code (or ``volume``) measures; raises ConfigError."""
        if code in _ENERGY:
            quantity = _ENERGY[code]
            unit = "Wh" if quantity == ACTIVE else "varh"
            return lambda at: Decimal(self.curve.index(quantity, at) % self._modulus), unit
        if code in _BANDS:
            band = _BANDS[code]
            return lambda at: Decimal(self.curve.band(band, at) % self._modulus), "Wh"
        if code in _NOTHING:
            return lambda at: Decimal(0), _NOTHING[code]
        return self._instant(code)

    def peak(self, first: int, end: int) -> tuple[int, int]:
        """Return (W, epoch seconds of the end of its quarter hour) of the highest mean power.

        ``first`` is a local midnight; only quarter hours that ended by ``end`` count.
        """
        best = (0, 0)
        for day in range(max(0, (first - self.curve.start) // 86400), self._day(end) + 1):
            start = self.curve.start + day * 86400
            slots = min(96, (end - start) // 900)
            if slots > 0:
                power, slot = self._peak(day, slots)
                best = max(best, (power, start + (slot + 1) * 900), key=lambda found: found[0])
        return best

    def _day(self, at: int) -> int:
        return (at - self.curve.start) // 86400

    def _peak(self, day: int, slots: int) -> tuple[int, int]:
        if slots < 96:
            return self.curve.peak_of_day(day, slots)
        if day not in self._peaks:
            self._peaks[day] = self.curve.peak_of_day(day)
        return self._peaks[day]

    def _instant(self, code: str) -> tuple[Reader, str]:
        if code == "volume":
            return lambda at: Decimal(self.curve.index(ACTIVE, at)).scaleb(-3), "m3"
        if code == "volume_flow":
            return lambda at: Decimal(self.curve.slot_power(at)).scaleb(-3), "m3/h"
        if code in _POWER:
            return lambda at: Decimal(self.curve.slot_power(at) // _POWER[code]), "W"
        if code == "14.7.0":
            return lambda at: Decimal(self._noise(4995, 5005, code, at)).scaleb(-2), "Hz"
        if code in VOLTAGES:
            return lambda at: Decimal(self._noise(22_600, 23_500, code, at)).scaleb(-2), "V"
        if code in CURRENTS:
            return lambda at: self._current(code, at), "A"
        raise ConfigError(f"{self.spec.key} does not measure {code}")

    def _current(self, code: str, at: int) -> Decimal:
        """Return what a phase carries at 230 V and power factor 0.9, give or take 4 %."""
        share = self._noise(960, 1040, code, at)
        return Decimal(self.curve.slot_power(at) * share // (3 * 230 * 9)).scaleb(-2)

    def _noise(self, low: int, high: int, what: str, at: int) -> int:
        return draw_int(low, high, self.spec.serial, what, at // 60)


def _through_float32(register: Register, value: Decimal) -> Decimal:
    # Six digits always survive a float32, and a power of ten as scale does not add any.
    if len(value.as_tuple().digits) <= 6:
        return value
    return register.decode(register.encode(value))


def month_starts(at: int, count: int) -> list[int]:
    """Return the local starts of the month ``at`` lies in and of ``count`` months before it."""
    day = local_day(at).replace(day=1)
    found = [local_midnight(day)]
    for _ in range(count):
        day = (day - timedelta(days=1)).replace(day=1)
        found.append(local_midnight(day))
    return found
