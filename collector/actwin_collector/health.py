# SPDX-License-Identifier: MIT
"""How each device fares: named error counters, and when a silent one is asked again."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field

from .model import CollectorError


@dataclass(frozen=True, slots=True)
class ProbePolicy:
    """After ``dead_after`` failures in a row a device is only probed, with growing pauses."""

    dead_after: int = 3
    first_seconds: float = 300.0
    longest_seconds: float = 21600.0

    def pause(self, failures: int) -> float | None:
        """Return the seconds until the next probe, None while the device keeps its schedule."""
        beyond = failures - self.dead_after
        if beyond < 0:
            return None
        return min(self.longest_seconds, self.first_seconds * 2 ** min(beyond, 30))


# Upper ends in seconds: a gateway answers in the first, a readout at 300 Bd in the last.
BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 180.0)


@dataclass
class Durations:
    """How long dialogues took: how many in each bucket (the last holds the rest), and in all."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS) + 1))
    seconds: float = 0.0

    @property
    def count(self) -> int:
        """How many there were."""
        return sum(self.counts)

    def observe(self, seconds: float) -> None:
        """Count one; a clock that was set back makes it last no time at all."""
        seconds = max(0.0, seconds)
        self.counts[bisect_left(BUCKETS, seconds)] += 1
        self.seconds += seconds

    def add(self, other: Durations) -> None:
        """Count those of another as well."""
        self.counts = [mine + more for mine, more in zip(self.counts, other.counts, strict=True)]
        self.seconds += other.seconds


@dataclass
class Health:
    """Counts since the start of the process; instants are epoch seconds."""

    ok: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    last_ok: float | None = None
    last_error: str = ""
    last_error_at: float | None = None
    failures: int = 0
    drift: float | None = None
    durations: Durations = field(default_factory=Durations)

    def success(self, now: float) -> None:
        """Note a good poll."""
        self.ok += 1
        self.failures = 0
        self.last_ok = now

    def failure(self, error: CollectorError, now: float, device_at_fault: bool = True) -> None:
        """Note a failed poll; a dead line does not make its devices dead."""
        self.note(error, now)
        if device_at_fault:
            self.failures += 1

    def note(self, error: CollectorError, now: float) -> None:
        """Count a named error that does not make the poll fail."""
        self.errors[error.code] += 1
        self.last_error = f"{error.code}: {error.message}"[:500]
        self.last_error_at = now
