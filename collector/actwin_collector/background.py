# SPDX-License-Identifier: MIT
"""What a line does while no slot waits for it: missed slots, meters' logs, meters' clocks."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from .channel.base import Link
from .chores import DAY
from .clock import Clock
from .clock_setting import is_safe_to_set
from .config import CollectorSettings
from .device import DeviceState
from .grids import between, spacing
from .model import CollectorError, Event, LinkError, UnsupportedError
from .poller import dialogue, drift_of, timeout_of

_log = logging.getLogger(__name__)

# A meter may write a row of its profile a moment after the period's end.
_SETTLE_SECONDS = 120
# What a snapshot's single row is asked with: meters keep rows by whole periods.
_SNAPSHOT_SECONDS = 3600
_FIRST_PAUSE = 60.0
_LONGEST_PAUSE = 3600.0

PROFILE, EVENTS, CLOCK = "profile", "events", "clock"


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work for one device; a profile's span is (start, end]."""

    kind: str
    state: DeviceState
    start: int = 0
    end: int = 0


class Background:
    """Chooses and does the next piece for the devices of a line; never raises CollectorError."""

    def __init__(self, settings: CollectorSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._actions: dict[str, Callable[[Job, Link, float], Awaitable[None]]] = {
            PROFILE: self._profile,
            EVENTS: self._events,
            CLOCK: self._set_clock,
        }

    def choose(self, states: list[DeviceState], room: float) -> Job | None:
        """Return the most urgent piece that fits into ``room`` seconds: snapshots' rows first."""
        jobs = [job for state in states if (job := self._job(state)) is not None]
        fitting = [job for job in jobs if self._fits(job, room)]
        return min(fitting, key=_urgency, default=None)

    async def run(self, job: Job, link: Link, room: float) -> None:
        """Do one piece within ``room`` seconds; what fails is tried again later."""
        chores, clock = job.state.chores, self._clock
        limit = min(room, self._settings.dialogue_seconds)
        begun = clock.monotonic()
        try:
            await self._actions[job.kind](job, link, limit)
        except UnsupportedError as error:
            chores.unsupported.add(job.kind)
            job.state.health.note(error, clock.wall())
            if job.kind == PROFILE:
                job.state.give_up_profile()
        except CollectorError as error:
            job.state.health.note(error, clock.wall())
            _log.info("%s: %s: %s", job.state.spec.key, job.kind, error.message)
            if isinstance(error, LinkError):
                await link.close()
            pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(chores.failures, 10))
            chores.failures += 1
            chores.not_before = clock.monotonic() + pause
            if job.kind == PROFILE and error.code == "dialogue_timeout":
                chores.shrink(clock.monotonic() - begun)
        else:
            chores.failures = 0
            if job.kind == PROFILE:
                chores.took(clock.monotonic() - begun)

    def _job(self, state: DeviceState) -> Job | None:
        chores, now = state.chores, self._clock.wall()
        reachable = state.health.last_ok is not None and not state.health.failures
        if not (state.polled and reachable) or self._clock.monotonic() < chores.not_before:
            return None
        span = self._span(state, now) if PROFILE not in chores.unsupported else None
        if span:
            return Job(PROFILE, state, *span)
        if state.schedule.events and EVENTS not in chores.unsupported and chores.log_is_due(now):
            return Job(EVENTS, state)
        if state.schedule.clock_set and CLOCK not in chores.unsupported and self._clock_due(state):
            return Job(CLOCK, state)
        return None

    def _span(self, state: DeviceState, now: float) -> tuple[int, int] | None:
        latest = int(now) - _SETTLE_SECONDS
        exact = min(state.keeper.exact, default=None)
        if exact is not None and exact <= latest:
            return exact - _SNAPSHOT_SECONDS, exact
        if not state.schedule.backfill_days:
            return None
        for start, end in state.keeper.gaps.spans:
            piece = max(state.chores.piece, spacing(state.keeper.grid, start))
            first = next(iter(between(state.keeper.grid, start, min(end, latest))), None)
            if first is not None:
                return start, int(min(end, latest, max(start + piece, first)))
        return None

    def _fits(self, job: Job, room: float) -> bool:
        if job.kind != PROFILE:
            return room >= self._settings.dialogue_seconds / 10
        if room < job.state.chores.cost:
            # A busy line has only short pauses: ask for less at a time.
            job.state.chores.shrink_to(room)
            return False
        return True

    async def _profile(self, job: Job, link: Link, limit: float) -> None:
        state, keeper = job.state, job.state.keeper
        rows = await dialogue(
            link,
            state.spec,
            limit,
            lambda: state.driver.read_profile(
                link, state.spec, timeout_of(link, state.spec), _utc(job.start), _utc(job.end)
            ),
        )
        now = self._clock.wall()
        suspect = abs(state.health.drift or 0) > self._settings.drift_fail_seconds
        found = [(row.ts.timestamp(), state.columns_of(row, suspect, now)) for row in rows]
        start = job.end - 1 if job.end in keeper.exact else job.start
        readings, missing = keeper.fill(found, start, job.end)
        state.readings += readings
        if missing:
            text = f"{len(missing)} of the slots up to {_utc(job.end):%Y-%m-%d %H:%M} UTC"
            _log.warning("%s: %s are not in the profile", state.spec.key, text)
            state.events.append(
                Event(state.spec.key, missing[0], "gap_not_in_profile", f"{text} are not there")
            )

    async def _events(self, job: Job, link: Link, limit: float) -> None:
        state, now = job.state, self._clock.wall()
        since = state.chores.log.since(now)
        entries = await dialogue(
            link,
            state.spec,
            limit,
            lambda: state.driver.read_events(
                link, state.spec, timeout_of(link, state.spec), since
            ),
        )
        state.events += state.chores.log.take(state.spec.key, entries, now)
        state.chores.after_gap = False

    def _clock_due(self, state: DeviceState) -> bool:
        drift, now = state.health.drift, self._clock.wall()
        if drift is None or not (
            self._settings.drift_warn_seconds < abs(drift) <= self._settings.clock_set_max_seconds
        ):
            return False
        last = state.chores.clock_set
        rested = last is None or now - last >= DAY or last > now + DAY
        return rested and is_safe_to_set(now, drift, state.keeper.grid, state.schedule.tz)

    async def _set_clock(self, job: Job, link: Link, limit: float) -> None:
        state, spec = job.state, job.state.spec
        before = state.health.drift or 0.0
        timeout = timeout_of(link, spec)
        state.chores.clock_set = self._clock.wall()  # a failed try counts: once a day at most
        half = limit / 2  # two dialogues in the time of one
        await dialogue(link, spec, half, lambda: state.driver.set_clock(link, spec, timeout))
        result = await dialogue(link, spec, half, lambda: state.driver.read(link, spec, timeout))
        now = self._clock.wall()
        state.health.drift = after = drift_of(result, now)
        told = "not told" if after is None else f"{after:+.1f} s"
        text = f"the meter's clock was {before:+.1f} s off and was set; now {told}"
        _log.warning("%s: %s", spec.key, text)
        state.events.append(Event(spec.key, int(now), "clock_set", text))


def _urgency(job: Job) -> tuple:
    exact = job.kind == PROFILE and job.end in job.state.keeper.exact
    order = (PROFILE, EVENTS, CLOCK).index(job.kind)
    return (not exact, order, job.state.spec.priority, job.start, job.state.spec.key)


def _utc(instant: float) -> datetime:
    return datetime.fromtimestamp(instant, UTC)
