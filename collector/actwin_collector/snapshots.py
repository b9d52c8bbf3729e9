# SPDX-License-Identifier: MIT
"""The exact instants a bill needs a device's values for: what is wanted, and until when."""

from __future__ import annotations

from collections.abc import Sequence

from .cron import CronPlan

# A poll that starts within this stands for the instant itself.
ON_TIME_SECONDS = 30.0
# How soon a failed snapshot is tried again, at first and at last.
_FIRST_RETRY = 30.0
_LONGEST_RETRY = 300.0
# Settled instants further ahead than this were settled by a wrong clock.
_TRUST_SECONDS = 2 * 86400


class Snapshots:
    """What is settled up to ``mark``; instants after it and before now are wanted.

    An instant is settled by a good poll, on time or late, or by the end of its window.
    """

    def __init__(self, plans: Sequence[CronPlan], window: float, mark: int | None = None) -> None:
        self.plans = tuple(plans)
        self.window = window
        self.mark = mark
        self._tries = 0

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
            found.append(int(at))
            at = self.next_after(at)
        return found

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
