# SPDX-License-Identifier: MIT
"""Two clocks: one to stamp readings (may be set), one to wait by (never is)."""

from __future__ import annotations

import asyncio
import math
import time


class Clock:
    """The machine's clocks; tests put their own in its place."""

    def wall(self) -> float:
        """Return epoch seconds UTC."""
        return time.time()

    def monotonic(self) -> float:
        """Return seconds that only grow."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait by the monotonic clock."""
        await asyncio.sleep(seconds)


class StepDetector:
    """Notices that the wall clock was set: its distance to the monotonic clock jumped."""

    def __init__(self, clock: Clock, tolerance: float = 0.5) -> None:
        self._clock = clock
        self._tolerance = tolerance
        self._offset = clock.wall() - clock.monotonic()

    def step(self) -> float:
        """Return by how many seconds the wall clock was set since last asked; 0 when it was not.

        Slow steering (NTP slew) is followed silently.
        """
        offset = self._clock.wall() - self._clock.monotonic()
        change, self._offset = offset - self._offset, offset
        return change if abs(change) > self._tolerance else 0.0


def next_on_grid(wall: float, period: float, phase: float = 0.0) -> float:
    """Return the first instant ``k × period + phase`` after ``wall``."""
    return (math.floor((wall - phase) / period) + 1) * period + phase


def slot_end(instant: float, period: int) -> int:
    """Return the end of the slot (start, end] that contains an instant."""
    return math.ceil(instant / period) * period
