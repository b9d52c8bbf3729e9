# SPDX-License-Identifier: MIT
"""Meters that should have sent and did not."""

from __future__ import annotations

from collections.abc import Iterable

from ..clock import Clock
from ..device import DeviceState
from ..grids import spacing
from ..model import NoAnswer
from ..poller import Outcome


def mind_silence(states: Iterable[DeviceState], clock: Clock) -> None:
    """Count ``not_heard`` for each device without a push for a poll and a slot of its schedule."""
    monotonic = clock.monotonic()
    for state in states:
        if state.polled or (state.expected_by is not None and monotonic < state.expected_by):
            continue
        now = clock.wall()
        allowed = spacing(state.polls, now) + spacing(state.keeper.grid, now)
        if state.expected_by is not None:
            state.silent = True
            error = NoAnswer(f"nothing was heard for {allowed:g} s", "not_heard")
            state.health.failure(error, now)
            state.note_comm(Outcome(now - allowed, now, 1, error=error))
        state.expected_by = monotonic + allowed
