# SPDX-License-Identifier: MIT
"""All lines at once: builds the workers of a site, keeps them alive, replaces them."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import defaultdict
from collections.abc import Callable, Mapping

from .channel.base import Link
from .channel.modem import Call
from .clock import Clock
from .config import CollectorSettings
from .device import DeviceState, make_state
from .errands import Errand, T
from .listening.again import Place
from .listening.base import ListeningLine, Tools
from .listening.intake import Intake
from .listening.line import LineHealth
from .listening.start import is_polled, make_listening, served
from .listening.unassigned import Unassigned
from .listening.work import make_worker
from .logs import about
from .memory import Kept
from .model import CollectorError, ConfigError, DeviceSpec, LineSpec, LinkError, ScheduleSpec
from .protocol.base import Driver
from .protocol.registry import get_driver, make_link
from .raw_archive import RawArchive
from .saving import Store
from .site import Site
from .watch import Watch, in_logs
from .worker import LineWorker

_log = logging.getLogger(__name__)

_REVIVE_SECONDS = 5.0
# A changed configuration may wait this long for dialogues; a cut one would cost its slot.
_FINISH_SECONDS = 10.0


Plan = tuple[LineSpec, Mapping[str, tuple[DeviceSpec, ScheduleSpec]]]


class Scheduler:
    """Runs one LineWorker a line. Counters and half-filled slots survive a change of the site."""

    def __init__(
        self,
        store: Store,
        settings: CollectorSettings,
        clock: Clock | None = None,
        link_factory: Callable[[LineSpec], Link] = make_link,
        driver_factory: Callable[[str], Driver] = get_driver,
    ) -> None:
        self.workers: dict[str, LineWorker] = {}
        self.listeners: dict[str, ListeningLine] = {}
        self.lines: dict[str, LineHealth] = {}
        self.states: dict[str, DeviceState] = {}
        self.broken: dict[str, str] = {}
        self.stopped: set[str] = set()
        self.watch: Watch = in_logs
        self.raw: RawArchive | None = None
        self._store = store
        self._settings = settings
        self._clock = clock or Clock()
        self._link_factory = link_factory
        self._driver_factory = driver_factory
        self._tasks: dict[str, list[asyncio.Task]] = defaultdict(list)
        self._plans: dict[str, Plan] = {}
        self._calls: dict[tuple[str, str], Call] = {}
        self._rng = random.Random()
        self.unassigned = Unassigned(settings.state_dir / "unassigned.json")
        self.intake = Intake(store, settings, self._clock, self.unassigned)
        self._guest = asyncio.Lock()
        self._open = False  # whether errands may begin: not while the workers change

    async def apply(
        self, site: Site, marks: Mapping[str, int], memory: Mapping[str, Kept] | None = None
    ) -> None:
        """Run the lines of ``site``; ``marks``: last stored slot by device.

        A line that nothing changed for goes on undisturbed: modems stay connected, and no datagram
        is missed. ``memory``: what was known of devices before a restart. A device whose driver
        cannot be loaded is named in ``broken``; the others run. Those on a line that is not enabled
        are named in ``stopped`` and keep their counters.
        """
        kept = self._unchanged(site)
        self._open = False
        await self._stop([key for key in self._tasks if key not in kept], _FINISH_SECONDS)
        old, self.states, self.broken = self.states, {}, {}
        for device in site.devices.values():
            if device.line in kept:
                self.states[device.key] = old[device.key]
                continue
            try:
                state = self._state(device, site, old.get(device.key), marks)
                if device.key not in old and device.key in (memory or {}):
                    state.recall(memory[device.key])
                self.states[device.key] = state
            except ConfigError as error:
                self.broken[device.key] = error.message
                _log.error("device %s: %s", device.key, error.message)
        self.stopped = {d.key for d in site.devices.values() if not site.lines[d.line].enabled}
        for running in (self.workers, self.listeners, self._plans):
            for key in running.keys() - kept:
                del running[key]
        self.lines = {key: self.lines[key] for key in self.lines if key in site.lines}
        self.intake.assign(s for s in self.states.values() if site.lines[s.spec.line].enabled)
        for line in site.lines.values():
            if line.enabled and line.key not in kept:
                self._start_line(line)
                self._plans[line.key] = _plan(site, line.key)
        await asyncio.sleep(0)  # new lines take over what modems they still have
        self._hang_up()
        self._open = True

    def _unchanged(self, site: Site) -> set[str]:
        """Return the lines that may go on; what could not start before is tried again."""
        broken = {device.line for device in site.devices.values() if device.key in self.broken}
        return {
            key
            for key, plan in self._plans.items()
            if key in site.lines
            and plan == _plan(site, key)
            and key not in broken
            and self._open
            and site.lines[key].enabled
        }

    async def borrow(self, line: LineSpec, errand: Errand[T], device: str = "") -> T:
        """Run ``errand`` on a line, in the turn of its worker; raises what the errand raises.

        Where modems dial in, ``device`` tells which of them is meant. A line without devices has
        no worker: its link is then opened for the errand alone.
        """
        if not line.enabled:
            raise LinkError(f"line {line.key} is stopped", "line_stopped")
        worker = self.workers.get(line.key)
        if worker is None and line.key in self.listeners:
            worker = self.listeners[line.key].worker_for(device)
        if worker is not None:
            return await worker.borrow(errand)
        async with self._guest:
            if line.key in self.workers or not self._open:
                raise LinkError(f"line {line.key} was set up anew meanwhile", "line_stopped")
            task = asyncio.create_task(self._alone(line, errand), name=line.key)
            tasks = self._tasks[line.key]
            tasks.append(task)  # so that a changed site waits for it as for any dialogue
            try:
                await asyncio.wait([task])
            finally:
                task.cancel()
        if task in tasks:
            tasks.remove(task)
        if task.cancelled():
            raise LinkError(f"line {line.key} was stopped meanwhile", "line_stopped")
        return task.result()

    def place(self, key: str) -> Place:
        """Return a line that listens, with what hears on it; raises CollectorError."""
        health, plan = self.lines.get(key), self._plans.get(key)
        if health is None or plan is None:
            raise CollectorError(f"no line {key!r} listens", "unknown_line")
        mine = [state for state in self.states.values() if state.spec.line == key]
        return plan[0], health, {state.spec.driver: state.driver for state in mine}

    async def _alone(self, line: LineSpec, errand: Errand[T]) -> T:
        link = self._link_factory(line)
        try:
            return await errand(link)
        finally:
            await link.close()

    async def stop(self, patience: float = 0.0) -> None:
        """End all workers and wait until their links are closed.

        A dialogue under way may finish within ``patience`` seconds; then it is cut off.
        """
        self._open = False
        await self._stop(list(self._tasks), patience)
        self._hang_up()

    def _hang_up(self) -> None:
        for call in self._calls.values():
            call.hang_up()
        self._calls.clear()

    async def _stop(self, keys: list[str], patience: float) -> None:
        for running in (self.workers, self.listeners):
            for key in running.keys() & keys:
                running[key].stopping = True
        tasks = [task for key in keys for task in self._tasks.pop(key)]
        if tasks and patience:
            await asyncio.wait(tasks, timeout=patience)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def is_alive(self, allowance: float) -> bool:
        """Whether every worker turned within what its slowest dialogue may take."""
        now = self._clock.monotonic()
        longest = self._settings.dialogue_seconds
        return all(
            now - worker.beat < longest * (1 + worker.line.retries) + allowance
            for worker in (*self.workers.values(), *self.listeners.values())
        )

    def _start_line(self, line: LineSpec) -> None:
        states = [state for state in self.states.values() if state.spec.line == line.key]
        if not states:
            return
        health = self.lines.pop(line.key, None) or LineHealth(line.kind)
        tools = Tools(
            self.intake,
            self._store,
            self._settings,
            self._clock,
            self._rng,
            self.watch,
            self._calls,
        )
        try:
            listening = make_listening(line, states, health, tools)
            states, ear = served(line, states, health, tools)
            worker = make_worker(line, states, tools, self._link_factory, ear) if states else None
        except ConfigError as error:
            self.broken |= {state.spec.key: error.message for state in states}
            _log.error("line %s: %s", line.key, error.message)
            return
        if listening is not None or ear is not None:
            self.lines[line.key] = health
        if listening is not None:
            self.listeners[line.key] = listening
            self._keep(listening)
        if worker is not None:
            self.workers[line.key] = worker
            self._keep(worker)

    def _keep(self, worker: LineWorker | ListeningLine) -> None:
        key = worker.line.key
        self._tasks[key].append(asyncio.create_task(self._keep_running(worker), name=key))

    async def _keep_running(self, worker: LineWorker | ListeningLine) -> None:
        while not worker.stopping:
            try:
                with about(line=worker.line.key):
                    await worker.run()
            except Exception:
                # A bug on one line must neither stop the others nor this one for good.
                _log.exception("line %s stumbled and starts again", worker.line.key)
                await self._clock.sleep(_REVIVE_SECONDS)

    def _state(
        self, device: DeviceSpec, site: Site, old: DeviceState | None, marks: Mapping[str, int]
    ) -> DeviceState:
        schedule = site.schedules[device.schedule]
        driver = self._driver_factory(device.driver)
        state = make_state(device, schedule, driver)
        state.polled = is_polled(site.lines[device.line], driver, device)
        state.keeper.mark = marks.get(device.key)
        if old is not None:
            state.inherit(old)
            same = (old.schedule, old.phase, old.polled) == (schedule, state.phase, state.polled)
            if same:
                # Those waiting for their turn on a busy line keep it.
                state.due, state.nominal = old.due, old.nominal
                state.probing, state.planned = old.probing, old.planned
            if old.schedule == schedule and old.spec.parameters == device.parameters:
                state.use(old.keeper)
            else:
                state.keeper.adopt(old.keeper)
        return state


def _plan(site: Site, key: str) -> Plan:
    """Return all that a line's work depends on."""
    devices = (device for device in site.devices.values() if device.line == key)
    return site.lines[key], {d.key: (d, site.schedules[d.schedule]) for d in devices}
