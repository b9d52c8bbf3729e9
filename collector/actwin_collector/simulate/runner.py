# SPDX-License-Identifier: MIT
"""Puts all meters of a scenario on their ports."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from pathlib import Path

from ..model import LinkError
from .meters import SimulatedMeter
from .registry import Clock, Opened, Stage, known
from .scenario import Scenario


class ScenarioRunner:
    """Serves a scenario; meters that name the same port or pty share it.

    ``port_base`` + a meter's port is where it listens; 0 lets the system choose all ports.
    ``addresses`` tells after ``start`` where each meter is: ``host:port`` or the path of the pty.
    """

    def __init__(
        self,
        scenario: Scenario,
        port_base: int,
        pty_dir: Path,
        host: str = "127.0.0.1",
        clock: Clock = time.time,
    ) -> None:
        self.addresses: dict[str, str] = {}
        self._scenario = scenario
        self._stage = Stage(host, port_base, pty_dir, clock)
        self._opened: list[Opened] = []
        self._carrying: list[asyncio.Task] = []

    async def start(self) -> None:
        """Open all ports; raises LinkError when one is taken."""
        protocols = known()
        now = int(self._stage.clock())
        shared: dict[tuple[str, int, str], list[SimulatedMeter]] = defaultdict(list)
        for meter in self._scenario.meters.values():
            protocols[meter.spec.protocol].warm(meter, now)
            place = meter.spec.place
            shared[meter.spec.protocol, place.port, place.pty].append(meter)
        try:
            for (protocol, *_), meters in shared.items():
                opened = await protocols[protocol].open(meters, self._stage)
                self._opened.append(opened)
                self.addresses.update(opened.addresses)
        except OSError as error:
            await self.stop()
            raise LinkError(f"a simulated meter cannot listen: {error}") from error
        self._carrying = [
            asyncio.create_task(each.run(self.addresses[each.meter]))
            for each in self._scenario.carriers
        ]

    async def stop(self) -> None:
        """Close all ports; modems hang up."""
        for task in self._carrying:
            task.cancel()
        await asyncio.gather(*self._carrying, return_exceptions=True)
        self._carrying.clear()
        for opened in self._opened:
            await opened.stop()
        self._opened.clear()
