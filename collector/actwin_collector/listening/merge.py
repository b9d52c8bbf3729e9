# SPDX-License-Identifier: MIT
"""A push and the polls of the same meter become one value a slot."""

from __future__ import annotations

from ..device import DeviceState
from ..model import Event, ProtocolError, Push
from ..poller import DriftLimits, Outcome, drift_of

# A push this close after a planned poll stands for the poll's instant, as the poll itself would.
_NOMINAL_SECONDS = 30.0


def merge(
    state: DeviceState, push: Push, now: float, limits: DriftLimits, at: float | None = None
) -> None:
    """Take a push into the device's slots and buffers; never raises.

    A push often carries a part of the registers only; carrying none of them is a mistake. ``at``:
    when one came that is taken only now; what carries no time of its own stands for then.
    """
    useful = state.take_rows(push.rows, False, now)
    if at is None:
        state.health.success(now)
        state.note_comm(Outcome(now, now, 1, push.result))
    if at is None and not push.late:
        suspect = state.mind_drift(drift_of(push.result, now), now, limits)
        instant = _instant(state, now)
        useful += state.take_result(push.result, instant, suspect, now, complain=False)
    else:
        # It must not stand over what was sent after it.
        useful += state.take_late(push.result, now if at is None else at, now)
    if not useful and not push.events:
        error = ProtocolError("the push held none of the device's registers", "missing_register")
        state.health.note(error, now)
    state.events += (
        Event(state.spec.key, int(event.ts.timestamp()), event.code, event.text)
        for event in push.events
    )


def _instant(state: DeviceState, now: float) -> float:
    waits = state.polled and 0 <= now - state.nominal <= _NOMINAL_SECONDS
    return state.nominal if waits else now
