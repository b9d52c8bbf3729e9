# SPDX-License-Identifier: MIT
"""Listens on a byte stream between polls: cuts messages, has them taken, answers them."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterable, Iterator, Mapping

from ..channel.base import Link
from ..clock import Clock
from ..device import DeviceState
from ..model import CollectorError, Heard, LinkError, NoAnswer, ProtocolError
from ..protocol.base import Driver, Listener
from .intake import Intake, Source, Verdict
from .preparing import Preparing
from .silence import mind_silence

_log = logging.getLogger(__name__)

_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 60.0


class Cutter:
    """The listeners of one connection, one for each driver in use there."""

    def __init__(self, source: Source, drivers: Mapping[str, Driver], intake: Intake) -> None:
        self.source = source
        self.intake = intake
        settings = source.line.settings
        self._listeners: dict[str, Listener] = {}
        self._counted: dict[str, dict[str, int]] = {}
        # What listeners failed with on the last piece.
        self.failures: list[Exception] = []
        for name, driver in drivers.items():
            listener = driver.listener(settings)
            if listener is not None:
                self._listeners[name] = listener

    def feed(self, data: bytes) -> list[tuple[str, Heard]]:
        """Return the messages a stream completes with these bytes, with their drivers' names."""
        return self._cut(lambda listener: listener.feed(data))

    def message(self, data: bytes, topic: str = "") -> list[tuple[str, Heard]]:
        """Return the messages in one datagram, MQTT message or HTTP body."""
        return self._cut(lambda listener: listener.message(data, topic))

    async def take(self, messages: list[tuple[str, Heard]]) -> list[tuple[Heard, Verdict]]:
        """Have messages taken one after the other; raises CollectorError when one must return."""
        return [
            (heard, await self.intake.hear(self.source, driver, heard))
            for driver, heard in messages
        ]

    def _cut(self, call) -> list[tuple[str, Heard]]:
        found: list[tuple[str, Heard]] = []
        self.failures = []
        for name, listener in self._listeners.items():
            try:
                found += [(name, heard) for heard in call(listener)]
            except Exception as error:
                # A driver may come from another package; its bug must not end the line.
                _log.exception("the listener of %s failed on %s", name, self.source.line.key)
                self.source.health.errors["driver_bug"] += 1
                self.failures.append(error)
            self._count(name, listener)
        return found

    def _count(self, name: str, listener: Listener) -> None:
        before = self._counted.get(name, {})
        for code, count in listener.errors.items():
            if count > before.get(code, 0):
                self.source.health.errors[code] += count - before.get(code, 0)
        self._counted[name] = dict(listener.errors)


class StreamEar:
    """Keeps a line open that meters send on, whatever happens to it, and never raises."""

    def __init__(
        self,
        source: Source,
        states: list[DeviceState],
        intake: Intake,
        clock: Clock,
    ) -> None:
        self.source = source
        self.states = states
        self._drivers = {state.spec.driver: state.driver for state in states}
        self._intake = intake
        self._clock = clock
        self._cutter = self._new_cutter()
        self._preparing = Preparing(self._drivers, source.health, clock)
        self._overheard: list[bytes] = []
        self._failures = 0
        self._retry = 0.0

    async def listen(self, link: Link, seconds: float) -> None:
        """Take what comes within ``seconds``; opens the line when it is down."""
        link.overheard = self._overheard.append
        mind_silence(self.states, self._clock)
        try:
            data = await self._hear(link, seconds)
        except LinkError as error:
            await self._lose(link, error)
            data = b""
        chunks, self._overheard[:] = [*self._overheard, data], []
        for chunk in chunks:
            await self.take(link, chunk)

    @contextlib.contextmanager
    def asking(self, link: Link, state: DeviceState) -> Iterator[None]:
        """Surround a poll: a push may spoil it, and is then heard in what came meanwhile."""
        good = state.health.ok
        link.overheard, link.received = self._overheard.append, bytearray()
        try:
            yield
        finally:
            if link.received and state.health.ok == good:
                self._overheard.append(bytes(link.received))
            link.received = None

    async def take(self, link: Link, data: bytes) -> None:
        """Take received bytes, and answer what asks for an answer."""
        await self.take_messages(link, self._cutter.feed(data) if data else [])

    async def take_messages(self, link: Link, messages: Iterable[tuple[str, Heard]]) -> None:
        """Take whole messages, and answer what asks for an answer."""
        for driver, heard in messages:
            try:
                await self._cutter.take([(driver, heard)])
                if heard.reply:
                    await link.write(heard.reply)
            except LinkError as error:
                await self._lose(link, error)
            except CollectorError as error:
                self.source.health.errors[error.code] += 1

    async def _hear(self, link: Link, seconds: float) -> bytes:
        pause = self._retry - self._clock.monotonic()
        if not link.is_open and (pause > 0 or seconds <= 0):
            await self._clock.sleep(min(seconds, max(pause, 0.0)))
            return b""
        if not link.is_open:
            await link.open()
            self._cutter = self._new_cutter()
            self._preparing.opened()
        await self._preparing.when_due(link)
        try:
            data = await link.read(4096, seconds)
            self._preparing.heard()
        except NoAnswer:
            return b""
        finally:
            if link.is_open:
                self._failures = 0
                self.source.health.problem = self._preparing.problem
        return data

    async def _lose(self, link: Link, error: LinkError) -> None:
        pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(self._failures, 30))
        self._failures += 1
        self._retry = self._clock.monotonic() + pause
        self.source.health.note(error)
        now = self._clock.wall()
        for state in self.states:
            if not state.polled:
                state.health.note(error, now)
        _log.info("line %s: %s", self.source.line.key, error.message)
        await link.close()

    def _new_cutter(self) -> Cutter:
        return Cutter(self.source, self._drivers, self._intake)


def refused(messages: list[tuple[Heard, Verdict]]) -> CollectorError | None:
    """Return why nothing of a delivery was taken, None when something was or is kept for later."""
    verdicts = [verdict for _, verdict in messages]
    if not verdicts:
        return ProtocolError("no message of any driver of this line", "nothing_heard")
    if all(verdict.fate == "refused" for verdict in verdicts):
        return verdicts[0].error
    return None
