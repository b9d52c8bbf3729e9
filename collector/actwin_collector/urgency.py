# SPDX-License-Identifier: MIT
"""Who goes first on a line: pure functions over the devices' states."""

from __future__ import annotations

from .device import DeviceState
from .grids import spacing


def urgency(state: DeviceState, wall: float, mono: float) -> tuple:
    """Return the order among devices that are due: snapshots, slots' last polls, then the rest.

    Within these by priority, then by due time; who waits for more than its period waits no longer
    for devices of better priority.
    """
    is_snapshot = bool(state.snapshots and state.snapshots.wanted(wall))
    is_needed = critical_due(state, wall, mono) <= mono
    overdue = mono - state.due > spacing(state.polls, wall)
    priority = -1 if overdue else state.spec.priority
    return (not is_snapshot, not is_needed, priority, state.due, state.spec.key)


def critical_due(state: DeviceState, wall: float, mono: float) -> float:
    """Return the monotonic time of the next poll without which a slot or snapshot is missed.

    A slot that has a value already needs only its last poll; those in between may wait.
    """
    due = state.due
    if not state.polled or state.probing or state.keeper.end is None:
        return due
    end = state.keeper.end
    if wall >= end or state.nominal >= end:
        return due
    last = state.polls.last_at(end)
    if state.nominal < last:
        due = max(due, mono + last - wall)
    if state.snapshots:
        due = min(due, max(state.due, mono + state.snapshots.next_after(wall) - wall))
    return due
