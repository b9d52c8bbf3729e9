# SPDX-License-Identifier: MIT
"""Lines on which meters speak first and nobody is asked: opened, kept open, closed."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import random
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..channel.modem import Call
from ..clock import Clock
from ..config import CollectorSettings
from ..device import DeviceState
from ..model import CollectorError, LineSpec, LinkError
from ..saving import Store, save
from ..watch import Watch, in_logs
from ..worker import LineWorker
from .intake import Intake
from .line import LineHealth
from .settings import settings_of
from .silence import mind_silence

_log = logging.getLogger(__name__)

TICK_SECONDS = 1.0
STORE_RETRY_SECONDS = 5.0
_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 60.0


@dataclass(frozen=True, slots=True)
class Tools:
    """What every line of the scheduler works with.

    ``calls``: sockets of modems, by line and modem, while their line is set up anew.
    """

    intake: Intake
    store: Store
    settings: CollectorSettings
    clock: Clock
    rng: random.Random
    watch: Watch = in_logs
    calls: dict[tuple[str, str], Call] = field(default_factory=dict)


class ListeningLine(ABC):
    """Runs until ``stopping``; what cannot be opened is tried again with growing pauses."""

    def __init__(
        self, line: LineSpec, states: list[DeviceState], health: LineHealth, tools: Tools
    ) -> None:
        self.line = line
        self.states = states
        self.health = health
        self.tools = tools
        self.beat = tools.clock.monotonic()
        self.store_error = ""
        self.stopping = False
        self.settings = settings_of(line)
        self.drivers = {state.spec.driver: state.driver for state in states}
        self._store_retry = 0.0
        self._failures = 0
        self._retry = 0.0
        self._allowed = [ipaddress.ip_network(n) for n in self.settings.get("allow", ())]

    @property
    @abstractmethod
    def is_open(self) -> bool:
        """Whether messages can come in now."""

    @abstractmethod
    async def open(self) -> None:
        """Begin to listen; raises LinkError."""

    @abstractmethod
    async def close(self) -> None:
        """End listening; never raises."""

    async def run(self) -> None:
        """Listen until ``stopping`` or cancelled."""
        try:
            while not self.stopping:
                await self.turn()
        finally:
            await self.close()
            await self._save()

    async def turn(self) -> None:
        """Open the line when it is down, wait a moment, and store what is finished."""
        clock = self.tools.clock
        self.beat = self._oldest_beat()
        if not self.is_open and clock.monotonic() >= self._retry:
            await self._try_open()
        await clock.sleep(TICK_SECONDS)
        now = clock.wall()
        mind_silence(self.states, clock)
        for state in self.states:
            if not state.polled:
                state.readings += state.keeper.close(now)
        if clock.monotonic() >= self._store_retry:
            await self._save()

    def worker_for(self, device: str) -> LineWorker:
        """Return the worker that asks a device of this line; raises CollectorError."""
        raise CollectorError(f"nobody can be asked on line {self.line.key}", "not_polled")

    def allows(self, host: str) -> bool:
        """Whether a sender's address is on the allow list; counts those that are not."""
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return not self._allowed
        mapped = getattr(address, "ipv4_mapped", None) or address
        if not self._allowed or any(mapped in network for network in self._allowed):
            return True
        self.health.errors["not_allowed"] += 1
        _log.warning("line %s: %s is not on the allow list", self.line.key, host)
        return False

    def _oldest_beat(self) -> float:
        return self.tools.clock.monotonic()

    async def _try_open(self) -> None:
        try:
            await self.open()
            self._failures = 0
            self.health.problem = ""
        except LinkError as error:
            pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(self._failures, 30))
            self._failures += 1
            self._retry = self.tools.clock.monotonic() + pause
            self.health.note(error)
            _log.error("line %s: %s", self.line.key, error.message)

    async def _save(self) -> None:
        try:
            await save(self.states, self.tools.store)
            self.store_error = ""
        except CollectorError as error:
            self._store_retry = self.tools.clock.monotonic() + STORE_RETRY_SECONDS
            self.store_error = f"{error.code}: {error.message}"


class Inbox:
    """A bounded queue between a medium that cannot wait and the intake that may have to."""

    def __init__(self, room: int = 1000) -> None:
        self._queue: asyncio.Queue[Sequence] = asyncio.Queue(room)

    def put(self, item: Sequence) -> bool:
        """Queue an item; False when there is no room."""
        try:
            self._queue.put_nowait(item)
        except asyncio.QueueFull:
            return False
        return True

    async def get(self) -> Sequence:
        """Return the oldest item."""
        return await self._queue.get()
