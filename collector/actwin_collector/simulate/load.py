# SPDX-License-Identifier: MIT
"""A deterministic model of what meters count: exact integers, the same for history and live.

A day's energy is drawn from a seeded hash and spread over 96 quarter hours by whole-number weights;
inside a quarter hour it grows evenly. An index at any instant is a prefix sum over days plus one
curve, so asking for it costs the same anywhere in time. Days are local days of UTC+3, the zone of
Turkey; tariff bands are T1 06-17, T2 17-22 and T3 22-06.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate

from .profiles import SLOTS, DayShape, day_shape, season

SLOT_SECONDS = 900
DAY_SECONDS = 86_400
ZONE_SECONDS = 3 * 3600

ACTIVE, INDUCTIVE, CAPACITIVE = "active", "inductive", "capacitive"
QUANTITIES = (ACTIVE, INDUCTIVE, CAPACITIVE)
_VARIANTS = 6
_CURVES_KEPT = 96
# quarter hours of a day in which each band counts, as (first, end) pairs
_BAND_SLOTS = {1: ((24, 68),), 2: ((68, 88),), 3: ((0, 24), (88, 96))}


def draw(*parts: object, size: int = 8) -> bytes:
    """Return ``size`` bytes that depend on the parts only."""
    text = "/".join(map(str, parts)).encode()
    return hashlib.blake2b(text, digest_size=size).digest()


def draw_int(low: int, high: int, *parts: object) -> int:
    """Return a whole number from low to high that depends on the parts only."""
    return low + int.from_bytes(draw(*parts), "big") % (high - low + 1)


def local_midnight(day: date) -> int:
    """Return epoch seconds of the start of a local day."""
    return (day - date(1970, 1, 1)).days * DAY_SECONDS - ZONE_SECONDS


def local_day(at: int) -> date:
    """Return the local day an instant belongs to."""
    return date(1970, 1, 1) + timedelta(days=(at + ZONE_SECONDS) // DAY_SECONDS)


@dataclass(frozen=True, slots=True)
class LoadSpec:
    """One consumer: peak in W (or l/h), reactive shares in permille of active energy.

    ``opening`` are the indices of T1, T2, T3 at the model's first day in Wh; the total index starts
    at their sum, the reactive ones at that sum times their share.
    """

    key: str
    profile: str
    peak: int
    opening: tuple[int, int, int]
    inductive: int = 0
    capacitive: int = 0


class Curve(ABC):
    """Cumulative registers over time; ``ratio`` is what instrument transformers divide by.

    Registers are whole numbers in the meter's own unit (Wh, varh, litres) and never fall.
    """

    def __init__(self, first_day: date, ratio: int = 1) -> None:
        self.first_day = first_day
        self.start = local_midnight(first_day)
        self.ratio = ratio
        self.opening = dict.fromkeys(QUANTITIES, 0)
        self.opening_bands = (0, 0, 0)
        self._sums: dict[str, list[int]] = {quantity: [0] for quantity in QUANTITIES}
        self._bands: list[tuple[int, int, int]] = [(0, 0, 0)]
        self._curves: dict[tuple[str, int], Sequence[int]] = {}

    @abstractmethod
    def _day_curve(self, quantity: str, day: int) -> Sequence[int]:
        """Return 97 cumulative primary values, 0 first, of the day with that number."""

    def index(self, quantity: str, at: int) -> int:
        """Return the register of a quantity at an instant (epoch seconds)."""
        if at <= self.start:
            return self.opening[quantity]
        day, second = divmod(at - self.start, DAY_SECONDS)
        return self.opening[quantity] + self._counted(quantity, day, second)

    def warm(self, at: int) -> None:
        """Sum up the past now, so that asking for ``at`` is quick."""
        for quantity in QUANTITIES:
            self.index(quantity, at)

    def band(self, number: int, at: int) -> int:
        """Return the active energy register of band 1, 2 or 3; the bands add up to the total."""
        opening = self.opening_bands[number - 1]
        if at <= self.start:
            return opening
        day, second = divmod(at - self.start, DAY_SECONDS)
        self._reach(ACTIVE, day)
        return opening + self._bands[day][number - 1] + self._in_band(number, day, second)

    def slot_power(self, at: int) -> int:
        """Return the mean power in W (meter side) of the quarter hour an instant lies in."""
        day, second = divmod(max(at - self.start, 0), DAY_SECONDS)
        curve, slot = self.curve(ACTIVE, day), second // SLOT_SECONDS
        return (curve[slot + 1] - curve[slot]) * 4 // self.ratio

    def peak_of_day(self, day: int, slots: int = SLOTS) -> tuple[int, int]:
        """Return (W on the meter side, slot) of the highest of a day's first ``slots``."""
        curve = self.curve(ACTIVE, day)
        power, slot = max(
            ((curve[slot + 1] - curve[slot]) * 4 // self.ratio, -slot) for slot in range(slots)
        )
        return power, -slot

    def curve(self, quantity: str, day: int) -> Sequence[int]:
        """Return 97 cumulative primary values of a day; the last few are kept."""
        found = self._curves.get((quantity, day))
        if found is None:
            if len(self._curves) >= _CURVES_KEPT:
                del self._curves[next(iter(self._curves))]
            found = self._curves[quantity, day] = self._day_curve(quantity, day)
        return found

    def _reach(self, quantity: str, day: int) -> None:
        """Extend the prefix sums up to the start of a day."""
        sums = self._sums[quantity]
        while len(sums) <= day:
            done = len(sums) - 1
            sums.append(sums[done] + self.curve(quantity, done)[SLOTS])
            if quantity == ACTIVE:
                today = (self._in_band(band, done, DAY_SECONDS) for band in (1, 2, 3))
                self._bands.append(tuple(map(sum, zip(self._bands[done], today, strict=True))))

    def _counted(self, quantity: str, day: int, second: int) -> int:
        sums = self._sums[quantity]
        if len(sums) <= day:
            self._reach(quantity, day)
        curve = self.curve(quantity, day)
        slot, rest = divmod(second, SLOT_SECONDS)
        value = sums[day] + curve[slot]
        if rest:
            value += (curve[slot + 1] - curve[slot]) * rest // SLOT_SECONDS
        return value // self.ratio

    def _in_band(self, number: int, day: int, second: int) -> int:
        total = 0
        for first, end in _BAND_SLOTS[number]:
            upto = min(second, end * SLOT_SECONDS)
            if upto > first * SLOT_SECONDS:
                total += self._counted(ACTIVE, day, upto)
                total -= self._counted(ACTIVE, day, first * SLOT_SECONDS)
        return total


class Load(Curve):
    """One consumer's meter."""

    def __init__(self, spec: LoadSpec, seed: int, first_day: date) -> None:
        super().__init__(first_day)
        self.spec = spec
        self._seed = seed
        self._shares = {INDUCTIVE: spec.inductive, CAPACITIVE: spec.capacitive}
        self._weights: dict[tuple, tuple[Sequence[int], int]] = {}
        self._today: tuple[int, int, Sequence[int], int] = (-1, 0, (), 1)
        total = sum(spec.opening)
        self.opening_bands = spec.opening
        self.opening = {ACTIVE: total} | {
            quantity: total * share // 1000 for quantity, share in self._shares.items()
        }

    def _day_curve(self, quantity: str, day: int) -> Sequence[int]:
        if self._today[0] != day:
            self._today = (day, *self._day(day))
        _, total, weights, whole = self._today
        if quantity != ACTIVE:
            varying = draw_int(900, 1100, self._seed, self.spec.key, quantity, day)
            total = total * self._shares[quantity] * varying // 1_000_000
        return [total * weight // whole for weight in weights]

    def _day(self, day: int) -> tuple[int, Sequence[int], int]:
        """Return (Wh of the day, cumulative weights of its quarter hours, the last of them)."""
        spec = self.spec
        when = self.first_day + timedelta(days=day)
        shape = day_shape(spec.profile, when)
        varying = draw_int(930, 1070, self._seed, spec.key, day)
        mean = spec.peak * shape.total * season(spec.profile, when)
        weights, whole = self._spread(shape, day % _VARIANTS)
        return mean * varying // 4_000_000_000, weights, whole

    def _spread(self, shape: DayShape, variant: int) -> tuple[Sequence[int], int]:
        found = self._weights.get((shape.slots, variant))
        if found is None:
            parts = (self._seed, self.spec.key, shape.total, variant)
            noise = draw(*parts, 0, size=48) + draw(*parts, 1, size=48)
            pairs = zip(shape.slots, noise, strict=True)
            weights = [0, *accumulate(slot * (900 + byte * 200 // 255) for slot, byte in pairs)]
            found = self._weights[shape.slots, variant] = (weights, weights[-1])
        return found
