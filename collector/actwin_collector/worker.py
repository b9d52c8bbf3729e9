# SPDX-License-Identifier: MIT
"""One worker a line: it asks the devices of a bus strictly one after the other."""

from __future__ import annotations

import contextlib
import logging
import math
import random
from collections.abc import Callable
from typing import Protocol

from .background import Background
from .channel.base import Link
from .clock import Clock, StepDetector
from .config import CollectorSettings
from .device import SANE_WALL, DeviceState
from .errands import Errand, Errands, T
from .grids import spacing
from .health import ProbePolicy
from .model import COLLECTOR, CollectorError, Event, LineSpec, LinkError
from .poller import DriftLimits, Outcome, attempts_for, drift_of, poll
from .raw_archive import RawArchive
from .saving import Store, save
from .snapshots import ON_TIME_SECONDS
from .urgency import critical_due, urgency
from .watch import RAW_SECONDS, Watch, in_logs

_log = logging.getLogger(__name__)

# The longest nap: how late a set clock, a finished slot or a stop is noticed.
TICK_SECONDS = 1.0
STORE_RETRY_SECONDS = 5.0
# An errand is bounded by who asked for it; a search of a bus may take this long.
ERRAND_SECONDS = 3600.0
LINE_PAUSE_FIRST = 1.0
LINE_PAUSE_LONGEST = 60.0
# Slots in progress are written this often: so much of one a killed process may cost.
MEMORY_SECONDS = 10.0
# Background work ends this long before the next poll that a slot needs.
ROOM_MARGIN = 1.0
# Gaps are known so long even when no profile is asked: a clock that jumped may come back.
GAP_DAYS = 2


class Ear(Protocol):
    """Takes what comes unasked over the line while nobody is asked."""

    async def listen(self, link: Link, seconds: float) -> None:
        """Listen for at most so long; returns early when the line is down or something came."""

    def asking(self, link: Link, state: DeviceState) -> contextlib.AbstractContextManager[None]:
        """Return what surrounds a poll, in which something may come unasked as well."""


class LineWorker:
    """Serves the devices of one line by due time until it is cancelled."""

    def __init__(
        self,
        line: LineSpec,
        states: list[DeviceState],
        make_link: Callable[[LineSpec], Link],
        store: Store,
        settings: CollectorSettings,
        clock: Clock,
        rng: random.Random,
        ear: Ear | None = None,
    ) -> None:
        self.line = line
        self.states = states
        self.link = make_link(line)
        self.beat = clock.monotonic()
        self.store_error = ""
        self.stopping = False
        self.watch: Watch = in_logs
        self.raw: RawArchive | None = None
        self._ear = ear
        self._store = store
        self._settings = settings
        self._clock = clock
        self._rng = rng
        self._steps = StepDetector(clock)
        self._policy = ProbePolicy(
            settings.dead_after_failures,
            settings.first_probe_seconds,
            settings.max_probe_seconds,
        )
        self._drift = DriftLimits(settings.drift_warn_seconds, settings.drift_fail_seconds)
        self._line_failures = 0
        self._line_retry = 0.0
        self._store_retry = 0.0
        self._errands = Errands(line)
        self._background = Background(settings, clock)
        self._yielded = False
        self._memory_due = 0.0

    async def run(self) -> None:
        """Poll until ``stopping`` or cancelled; the link is closed on the way out."""
        for state in self.states:
            if not state.planned:
                self._plan(state)
        try:
            while not self.stopping:
                await self.turn()
        finally:
            self._errands.dismiss()
            await self.link.close()
            await self._save(self.states, with_memory=True)

    async def borrow(self, errand: Errand[T]) -> T:
        """Run ``errand`` on the line when its turn comes: never beside a poll, before due ones.

        Between two errands one due poll is served. Raises what the errand raises, or LinkError
        when the line is stopped first.
        """
        if self.stopping:
            raise self._errands.stopped()
        return await self._errands.wait_for(errand)

    def line_is_back(self) -> None:
        """Ask at once whoever missed a poll while the line was away: it may not stay for long."""
        self._line_failures, self._line_retry = 0, 0.0
        monotonic, wall = self._clock.monotonic(), self._clock.wall()
        for state in self.states:
            last = state.last_polled
            missed = last is None or wall - last >= spacing(state.polls, wall)
            if state.polled and missed and (state.due > monotonic or not state.planned):
                state.due, state.nominal, state.planned = monotonic, wall, True

    async def turn(self) -> None:
        """Run an errand; do what is most urgent, or nap; then store what is finished."""
        clock = self._clock
        self.beat = clock.monotonic()
        self._follow_clock()
        busy = await self._run_errand()
        state, wait = self._next()
        if wait > 0 and not busy:
            if not await self._work_behind(None):
                await self._nap(wait)
        elif wait <= 0:
            await self._serve(state)
        self._close_slots()
        if clock.monotonic() >= self._store_retry:
            await self._save(self.states)

    def _next(self) -> tuple[DeviceState, float]:
        mono, wall = self._clock.monotonic(), self._clock.wall()
        due = [state for state in self.states if state.due <= mono]
        if due:
            return min(due, key=lambda each: urgency(each, wall, mono)), 0.0
        state = min(self.states, key=lambda each: (each.due, each.spec.key))
        return state, state.due - mono

    async def _serve(self, state: DeviceState) -> None:
        clock = self._clock
        if clock.wall() < SANE_WALL:
            self._refuse(state, CollectorError("the machine's clock is not set", "clock_unset"))
        elif state.readings and not await self._save([state]):
            # What was read is not on disk yet: it stays due, nothing new is read over it.
            state.due = clock.monotonic() + STORE_RETRY_SECONDS
        elif not await self._work_behind(state):
            with self.watch(self.link, state):
                if self._ear is None:
                    await self._poll(state)
                    return
                with self._ear.asking(self.link, state):
                    await self._poll(state)
            await self._ear.listen(self.link, 0.0)

    async def _work_behind(self, state: DeviceState | None) -> bool:
        """Do a piece of background work before ``state`` when no slot needs it now."""
        mono, wall = self._clock.monotonic(), self._clock.wall()
        waits = mono < max(self._line_retry, self._store_retry) or not self.link.may_open
        if self._yielded or waits:
            self._yielded = False
            return False
        if state is not None and critical_due(state, wall, mono) <= mono:
            return False
        room = min(critical_due(each, wall, mono) for each in self.states) - mono - ROOM_MARGIN
        job = self._background.choose(self.states, room)
        if job is None:
            return False
        with self.watch(self.link, job.state):
            await self._background.run(job, self.link, room)
        self.beat = self._clock.monotonic()
        # One piece, then those due have a turn: the line serves both.
        self._yielded = state is not None
        return True

    async def _nap(self, wait: float) -> None:
        if self._ear is not None:
            await self._ear.listen(self.link, min(wait, TICK_SECONDS))
            return
        if wait > self._settings.idle_close_seconds and self.link.is_open:
            await self.link.close()
        await self._clock.sleep(min(wait, TICK_SECONDS))

    async def _run_errand(self) -> bool:
        if not self._errands:
            return False
        self.beat = self._clock.monotonic() + ERRAND_SECONDS
        try:
            return await self._errands.run_one(self.link)
        finally:
            self.beat = self._clock.monotonic()

    def _follow_clock(self) -> bool:
        step = self._steps.step()
        if not step:
            return False
        text = f"the machine's clock was set by {step:+.1f} s"
        _log.warning("line %s: %s", self.line.key, text)
        event = Event(COLLECTOR, int(self._clock.wall()), "clock_step", text)
        self.states[0].events.append(event)
        for state in self.states:
            if step < 0:
                state.rewind(self._clock.wall())
            if not state.probing:
                self._plan(state)
        return True

    def _plan(self, state: DeviceState) -> None:
        clock = self._clock
        wall = clock.wall()
        if not state.polled:
            state.due = state.nominal = math.inf
            state.planned = True
            return
        if wall >= SANE_WALL:
            state.begin(wall)
        pause = self._policy.pause(state.health.failures)
        state.probing = pause is not None
        state.planned = True
        state.nominal = state.next_poll(wall, pause)
        state.due = clock.monotonic() + state.nominal - wall + self._jitter(state)

    def _plan_after(self, state: DeviceState, nominal: float) -> None:
        self._plan(state)
        if not state.probing and state.nominal <= nominal:
            # The timer was a moment early by the wall clock: not the same instant again.
            later = state.next_poll(nominal, None)
            state.due += later - state.nominal
            state.nominal = later

    def _jitter(self, state: DeviceState) -> float:
        most = self._settings.jitter_seconds
        if most:
            most = min(most, spacing(state.polls, self._clock.wall()) / 2)
        return self._rng.uniform(0.0, most)

    def _instant(self, state: DeviceState, started: float) -> float:
        # A poll stands for its planned instant unless it started noticeably late: the value of
        # 12:00:02 belongs to the slot that ends at 12:00, not to the next one.
        period = spacing(state.polls, state.nominal)
        tolerance = max(1.0, min(30.0, period / 10))
        tolerance += min(self._settings.jitter_seconds, period / 2)
        wanted = state.snapshots.wanted(started)
        if wanted and started - wanted[-1] <= ON_TIME_SECONDS:
            return wanted[-1]
        on_time = not state.probing and abs(started - state.nominal) <= tolerance
        return state.nominal if on_time else started

    async def _poll(self, state: DeviceState) -> None:
        clock = self._clock
        nominal = state.nominal
        if clock.monotonic() < self._line_retry:
            self._refuse(state, LinkError(f"line {self.line.key} is down"))
            return
        outcome = await poll(
            self.link,
            state.driver,
            state.spec,
            attempts_for(self.line, state.spec, state.probing),
            self._settings.dialogue_seconds,
            clock,
        )
        self.beat = clock.monotonic()
        state.health.durations.observe(outcome.ended - outcome.started)
        self._mind_line(outcome)
        # A clock that was set during the dialogue makes its stamps worthless: ask again.
        if self._follow_clock():
            return
        state.note_comm(outcome)
        if outcome.error is not None:
            state.health.failure(outcome.error, outcome.ended, not outcome.line_down)
            _log.info("%s: %s", state.spec.key, state.health.last_error)
        else:
            self._take(state, outcome)
        self._plan_after(state, nominal)

    def _refuse(self, state: DeviceState, error: CollectorError) -> None:
        state.health.failure(error, self._clock.wall(), device_at_fault=False)
        self._plan_after(state, state.nominal)

    def _mind_line(self, outcome: Outcome) -> None:
        if not outcome.line_down:
            self._line_failures = 0
            return
        pause = min(LINE_PAUSE_LONGEST, LINE_PAUSE_FIRST * 2 ** min(self._line_failures, 30))
        self._line_failures += 1
        self._line_retry = self._clock.monotonic() + pause

    def _take(self, state: DeviceState, outcome: Outcome) -> None:
        health, result = state.health, outcome.result
        health.success(outcome.ended)
        state.last_polled = outcome.ended
        suspect = state.mind_drift(drift_of(result, outcome.ended), outcome.ended, self._drift)
        if self.raw is not None and spacing(state.polls, outcome.started) >= RAW_SECONDS:
            self.raw.note(state.spec.key, outcome.started, result.raw)
        gaps = len(state.keeper.gaps.spans)
        state.take_result(result, self._instant(state, outcome.started), suspect, outcome.ended)
        state.take_snapshots(result, outcome.started, suspect, outcome.ended)
        state.chores.after_gap |= len(state.keeper.gaps.spans) > gaps

    def _close_slots(self) -> None:
        now = self._clock.wall()
        for state in self.states:
            if now >= SANE_WALL:
                state.miss_snapshots(now)
            end = state.keeper.end
            # A poll planned for the slot's very end may still be waiting for the line.
            if end is not None and (state.nominal > end or state.probing):
                state.readings += state.keeper.close(now)

    async def _save(self, states: list[DeviceState], with_memory: bool = False) -> bool:
        mono = self._clock.monotonic()
        try:
            await save(states, self._store, with_memory or mono >= self._memory_due)
        except CollectorError as error:
            self._store_retry = mono + STORE_RETRY_SECONDS
            if not self.store_error:
                _log.critical("readings cannot be stored: %s", error.message)
            self.store_error = f"{error.code}: {error.message}"
            return False
        if mono >= self._memory_due:
            self._memory_due = mono + MEMORY_SECONDS
            self._forget_old()
        self.store_error = ""
        return True

    def _forget_old(self) -> None:
        now = self._clock.wall()
        for state in self.states:
            if state.keeper.gaps or state.keeper.exact:
                days = max(state.schedule.backfill_days, GAP_DAYS)
                state.forget_before(now - days * 86400)
