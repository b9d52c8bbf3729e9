# SPDX-License-Identifier: MIT
"""Modems that dial in: accepted, recognised, then asked and heard over their own socket."""

from __future__ import annotations

import asyncio
import logging

from ..channel.base import Link
from ..channel.modem import Call, Heartbeat, ModemLink, keep_alive
from ..device import DeviceState
from ..model import CollectorError, LineSpec, LinkError
from ..worker import LineWorker
from .base import ListeningLine, Tools
from .ear import Cutter, StreamEar
from .hello import Greeter, Greeting, heartbeat_of
from .intake import Source, sender_of
from .line import LineHealth
from .work import make_worker

_log = logging.getLogger(__name__)

# Callers that have not said who they are may not take the places of those that have.
_LEAST_CALLERS = 8
_LEAST_IDLE_SECONDS = 900.0


class ModemEar(StreamEar):
    """Hears what comes over a modem's socket, and closes a socket that fell silent."""

    def __init__(self, source: Source, modem: Modem, tools: Tools, idle: float) -> None:
        super().__init__(source, modem.states, tools.intake, tools.clock)
        self._idle = idle
        self._greeting: Greeting | None = None

    def begin(self, greeting: Greeting) -> None:
        """Go on where the greeting of the call that is to come ended."""
        self._greeting = greeting

    async def _hear(self, link: ModemLink, seconds: float) -> bytes:
        called = link.called.is_set()
        if not link.is_open and not called:
            await self._await_call(link, seconds)
            return b""
        if called:
            await link.open()
            self._preparing.opened()
        if self._greeting is not None:  # a poll may have opened the link already
            await self._greet(link, self._greeting)
        quiet = asyncio.get_running_loop().time() - link.last_heard
        if quiet > self._idle:
            raise LinkError(f"modem {link.modem} said nothing for {quiet:.0f} s", "idle")
        return await super()._hear(link, seconds)

    async def _greet(self, link: Link, greeting: Greeting) -> None:
        self._greeting = None
        self._cutter = greeting.cutter or self._new_cutter()
        self._cutter.source = self.source
        await self.take_messages(link, greeting.messages)

    async def _await_call(self, link: ModemLink, seconds: float) -> None:
        if seconds > 0:
            waiting = asyncio.ensure_future(link.called.wait())
            try:
                await asyncio.wait([waiting], timeout=seconds)
            finally:
                waiting.cancel()

    async def _lose(self, link: Link, error: LinkError) -> None:
        # One modem that went away is no problem of the line.
        self.source.health.errors[error.code] += 1
        _log.info("line %s: %s", self.source.line.key, error.message)
        await link.close()


class Modem:
    """One modem of a line: its devices, its link and their worker."""

    def __init__(self, name: str, states: list[DeviceState], line: DialinLine) -> None:
        self.name = name
        self.states = states
        self.keys = tuple(state.spec.key for state in states)
        self.link = ModemLink(line.line, name, line.heartbeat)
        source = Source(line.line, line.health, f"modem {name}", self.keys)
        self.ear = ModemEar(source, self, line.tools, line.settings["idle_seconds"] or self._idle())
        self.worker: LineWorker = make_worker(
            line.line, states, line.tools, lambda spec: self.link, self.ear
        )


    def _idle(self) -> float:
        """Return after how much silence the socket is dead, when nobody said so."""
        periods = (
            max(each.schedule.poll_seconds, each.schedule.store_seconds) for each in self.states
        )
        return max(_LEAST_IDLE_SECONDS, 2.0 * max(periods))


class DialinLine(ListeningLine):
    """A port that modems dial in to; each modem has a worker of its own, so none delays another."""

    def __init__(
        self, line: LineSpec, states: list[DeviceState], health: LineHealth, tools: Tools
    ) -> None:
        super().__init__(line, states, health, tools)
        self.heartbeat: Heartbeat | None = heartbeat_of(self.settings)
        groups: dict[str, list[DeviceState]] = {}
        for state in states:
            name = str(state.spec.settings.get("modem") or state.spec.key)
            groups.setdefault(name, []).append(state)
        self.modems = [Modem(name, group, self) for name, group in groups.items()]
        self._server: asyncio.Server | None = None
        self._callers: dict[asyncio.Task, None] = {}

    @property
    def is_open(self) -> bool:
        """Whether the port accepts calls."""
        return self._server is not None

    @property
    def port(self) -> int:
        """The port that is bound."""
        return self._server.sockets[0].getsockname()[1] if self._server else 0

    async def run(self) -> None:
        """Accept calls and serve the modems until ``stopping`` or cancelled.

        Their sockets are left in ``tools.calls``: a modem may not call again for hours.
        """
        for modem in self.modems:
            call = self.tools.calls.pop((self.line.key, modem.name), None)
            if call is not None:
                modem.link.take_call(call)
                modem.worker.line_is_back()
        tasks = [asyncio.create_task(self._serve(each.worker)) for each in self.modems]
        try:
            await super().run()
            self._stop_workers()
            await asyncio.gather(*tasks)
        finally:
            self._stop_workers()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for modem in self.modems:
                call = modem.link.give_call()
                if call is not None:
                    self.tools.calls[self.line.key, modem.name] = call

    def worker_for(self, device: str) -> LineWorker:
        """Return the worker of the modem that a device is behind; raises CollectorError."""
        for modem in self.modems:
            if device in modem.keys or len(self.modems) == 1:
                return modem.worker
        raise CollectorError(
            f"line {self.line.key} has several modems: name a device", "no_such_device"
        )

    def _stop_workers(self) -> None:
        for modem in self.modems:
            modem.worker.stopping = modem.link.keeps_call = True

    async def open(self) -> None:
        """Bind the port; raises LinkError."""
        host, port = self.line.host or "127.0.0.1", self.line.port
        try:
            self._server = await asyncio.start_server(self._accept, host, port, backlog=512)
        except OSError as error:
            raise LinkError(f"{host}:{port}: {error.strerror or error}") from error

    async def close(self) -> None:
        """Release the port and hang up on callers; the modems' sockets belong to their workers."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
        callers = list(self._callers)
        for caller in callers:
            caller.cancel()
        await asyncio.gather(*callers, return_exceptions=True)

    async def turn(self) -> None:
        """As every listening line; also tells which modems are there."""
        await super().turn()
        self.health.peers = {
            modem.name: {"peer": modem.link.peer, "devices": list(modem.keys)}
            for modem in self.modems
            if modem.link.is_open
        }
        self.health.connections = len(self.health.peers)

    def _oldest_beat(self) -> float:
        return min(modem.worker.beat for modem in self.modems)

    async def _serve(self, worker: LineWorker) -> None:
        while not worker.stopping:
            try:
                await worker.run()
            except Exception:
                # A bug in one modem's dialogue must neither stop the others nor this one for good.
                _log.exception("a modem of line %s stumbled and starts again", self.line.key)
                await self.tools.clock.sleep(5.0)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, port = writer.get_extra_info("peername")[:2]
        call = Call(reader, writer, f"{host}:{port}")
        if not self.allows(host) or not self._has_room():
            call.hang_up()
            return
        keep_alive(writer, self.settings["keepalive_seconds"])
        self._callers[asyncio.current_task()] = None
        try:
            await self._answer(call)
        except CollectorError as error:
            self.health.errors[error.code] += 1
            _log.info("line %s: %s: %s", self.line.key, call.peer, error.message)
            call.hang_up()
        except asyncio.CancelledError:
            # The line closes, or a newer caller needs the place.
            call.hang_up()
        finally:
            self._callers.pop(asyncio.current_task(), None)

    def _has_room(self) -> bool:
        most = self.settings["max_connections"]
        taken = sum(modem.link.is_open for modem in self.modems) + len(self._callers)
        if taken < most and len(self._callers) < max(_LEAST_CALLERS, most // 4):
            return True
        if self._callers:
            oldest = next(iter(self._callers))
            self._callers.pop(oldest)
            oldest.cancel()
            self.health.errors["hello_evicted"] += 1
            return True
        self.health.errors["too_many_connections"] += 1
        return False

    async def _answer(self, call: Call) -> None:
        source = Source(self.line, self.health, call.peer, [s.spec.key for s in self.states])
        cutter = Cutter(source, self.drivers, self.tools.intake)
        greeting = await Greeter(self.settings, self.heartbeat, self._find).greet(call, cutter)
        modem: Modem = greeting.who
        if modem.link.is_open:
            self.health.errors["replaced"] += 1
        modem.ear.begin(greeting)
        modem.link.take_call(Call(call.reader, call.writer, call.peer, greeting.rest))
        modem.worker.line_is_back()
        _log.info("line %s: modem %s is there (%s)", self.line.key, modem.name, call.peer)

    def _find(self, name: str | None, keys: tuple[str, ...] = ()) -> Modem | None:
        """Return the modem of this name or with these devices; without either the only one."""
        if keys:
            # Meters behind different modems may have the same name: then it tells nothing.
            found = [modem for modem in self.modems if set(keys) & set(modem.keys)]
            return found[0] if len(found) == 1 else None
        if name is None:
            return self.modems[0] if len(self.modems) == 1 else None
        wanted = name.strip().casefold()
        for modem in self.modems:
            names = [modem.name, *modem.keys]
            names += [sender_of(state) for state in modem.states]
            if wanted in (each.casefold() for each in names if each):
                return modem
        return None
