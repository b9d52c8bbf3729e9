# SPDX-License-Identifier: MIT
"""The exact instants a bill needs a device's values for: what is wanted, and until when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .cron import CronPlan

# A poll that starts within this stands for the instant itself.
ON_TIME_SECONDS = 30.0
# How soon a failed snapshot is tried again, at first and at last.
_FIRST_RETRY = 30.0
_LONGEST_RETRY = 300.0
# Settled instants further ahead than this were settled by a wrong clock.
_TRUST_SECONDS = 2 * 86400
# So many values that were given are known when the clock is set back.
_MOST_GIVEN = 100


class Snapshots:
    """What is settled up to ``mark``; instants after it and before now are wanted.

    An instant is settled by a good poll, on time or late, or by the end of its window.
    """

    def __init__(self, plans: Sequence[CronPlan], window: float, mark: int | None = None) -> None:
        self.plans = tuple(plans)
        self.window = window
        self.mark = mark
        self._tries = 0
        self._given: list[int] = []

    def __bool__(self) -> bool:
        return bool(self.plans)

    def begin(self, now: float) -> None:
        """Want nothing from before a device's first day, nor what a wrong clock had settled."""
        if self.plans and (self.mark is None or self.mark > now + _TRUST_SECONDS):
            self.mark = int(now)

    def next_after(self, wall: float) -> float:
        """Return the next instant of any plan."""
        return min(plan.next_after(wall) for plan in self.plans)

    def wanted(self, now: float) -> list[int]:
        """Return the instants that are due and not settled, oldest first."""
        found: list[int] = []
        if not self.plans or self.mark is None:
            return found
        at = self.next_after(self.mark)
        while at <= now:
            if at not in self._given:
                found.append(int(at))
            at = self.next_after(at)
        return found

    def give(self, instant: int) -> bool:
        """Note that an instant has its value; False when it had one before the clock was set."""
        if instant in self._given:
            return False
        self._given = [*self._given, instant][-_MOST_GIVEN:]
        return True

    def rewind(self, now: float, dropped: Sequence[int]) -> None:
        """The clock was set back to ``now``: later instants are yet to come, if they have none.

        ``dropped``: those that waited for a value and wait no longer.
        """
        if self.mark is not None:
            self.mark = min(self.mark, int(now))
        self._given = [at for at in self._given if at not in dropped]

    def save(self) -> dict:
        """Return what is settled as plain values."""
        return {"mark": self.mark, "given": self._given} if self.mark is not None else {}

    def load(self, saved: Mapping) -> None:
        """Take back what ``save`` returned."""
        self.mark, self._given = saved.get("mark"), list(saved.get("given", ()))

    def settle(self, now: float) -> list[int]:
        """Settle all instants up to ``now``; returns them."""
        wanted = self.wanted(now)
        if wanted:
            self.mark = wanted[-1]
        self._tries = 0
        return wanted

    def expire(self, now: float) -> list[int]:
        """Settle those whose window is over without success; returns them."""
        missed = [at for at in self.wanted(now) if at + self.window < now]
        if missed:
            self.mark = missed[-1]
            self._tries = 0
        return missed

    def retry_pause(self) -> float:
        """Return the seconds until a failed snapshot is tried again; each failure doubles them."""
        pause = min(_LONGEST_RETRY, _FIRST_RETRY * 2**self._tries)
        self._tries = min(self._tries + 1, 10)
        return pause
