# SPDX-License-Identifier: MIT
"""How simulated meters of each protocol are put on their ports.

Every module in ``simulate/protocols`` gives one ``PROTOCOL``; nothing else has to be told of it.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from ..fields import Field, Problems, parse_table
from . import protocols
from .meters import SimulatedMeter
from .ports import PtyPort, Session, TcpPort

Clock = Callable[[], float]
Complain = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class Opened:
    """A running port: where its meters are reached by key, how to close it, how to send unasked."""

    addresses: Mapping[str, str]
    stop: Callable[[], Awaitable[None]]
    say: Callable[[bytes], None] = lambda data: None


@dataclass(frozen=True, slots=True)
class Stage:
    """Where and when a scenario plays; ``port_base`` 0 lets the system choose all ports."""

    host: str
    port_base: int
    pty_dir: Path
    clock: Clock

    async def serve(
        self, meters: Sequence[SimulatedMeter], new_session: Callable[[], Session]
    ) -> Opened:
        """Open the place that these meters share; raises OSError."""
        place = meters[0].spec.place
        if place.pty:
            path = self.pty_dir / place.pty
            pty = PtyPort(new_session, path, place.speed)
            pty.start()
            return Opened({meter.spec.key: str(path) for meter in meters}, pty.stop, pty.say)
        tcp = TcpPort(new_session)
        wanted = self.port_base + place.port if self.port_base else 0
        port = await tcp.start(self.host, wanted)
        addresses = {meter.spec.key: f"{self.host}:{port}" for meter in meters}
        return Opened(addresses, tcp.stop, tcp.say)


def _nothing(*_: object) -> None:
    """Nothing to check, nothing to prepare."""


def settings_check(fields: Mapping[str, Field]) -> Callable[[Mapping, Complain], None]:
    """Return a ``check`` that holds a meter's ``settings`` against declared fields."""

    def check(row: Mapping, complain: Complain) -> None:
        problems = Problems()
        parse_table(row["settings"], fields, "settings", problems)
        for text in problems.texts:
            complain(*text.split(": ", 1))

    return check


@dataclass(frozen=True, slots=True)
class SimulatedProtocol:
    """One protocol's meters.

    ``open`` puts the meters that share a place on it, by ``Stage.serve`` or by a server of its own;
    it raises OSError. ``check(row, complain)`` looks at a meter's table of a scenario, of which
    ``settings`` is the protocol's own, and calls ``complain(field, text)`` for each mistake.
    ``warm`` lets the first question be answered in time. ``electric`` meters add up to the main.
    """

    name: str
    open: Callable[[Sequence[SimulatedMeter], Stage], Awaitable[Opened]]
    check: Callable[[Mapping, Complain], None] = _nothing
    warm: Callable[[SimulatedMeter, int], None] = field(
        default=lambda meter, now: meter.curve.warm(now)
    )
    electric: bool = True


@cache
def known() -> Mapping[str, SimulatedProtocol]:
    """Return all protocols by name."""
    found = {}
    for module in pkgutil.iter_modules(protocols.__path__, protocols.__name__ + "."):
        protocol = importlib.import_module(module.name).PROTOCOL
        found[protocol.name] = protocol
    return found
