# SPDX-License-Identifier: MIT
"""Puts all meters of a scenario on their ports."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from ..model import LinkError
from ..protocol.modbus.registermap import load_map
from .iec62056 import IecMeterSession
from .load import QUANTITIES
from .mbus import MbusMeterServer
from .mbus import SimulatedMeter as MbusMeter
from .meters import Place, SimulatedMeter
from .modbus import ModbusImage, ModbusRtuSession, ModbusTcpSession
from .ports import PtyPort, Session, TcpPort
from .readout import IDENTIFICATION, readout
from .scenario import Scenario

Clock = Callable[[], float]


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
        self._port_base = port_base
        self._pty_dir = pty_dir
        self._host = host
        self._clock = clock
        self._tcp: list[TcpPort | MbusMeterServer] = []
        self._ptys: list[PtyPort] = []

    async def start(self) -> None:
        """Open all ports; raises LinkError when one is taken."""
        for meter in self._scenario.meters.values():
            self._warm(meter)
        shared: dict[tuple[int, str], list[SimulatedMeter]] = defaultdict(list)
        for meter in self._scenario.meters.values():
            shared[meter.spec.place.port, meter.spec.place.pty].append(meter)
        try:
            for meters in shared.values():
                await self._open(meters)
        except OSError as error:
            await self.stop()
            raise LinkError(f"a simulated meter cannot listen: {error}") from error

    async def stop(self) -> None:
        """Close all ports."""
        for port in self._tcp:
            await port.stop()
        for pty in self._ptys:
            pty.stop()
        self._tcp.clear()
        self._ptys.clear()

    def _warm(self, meter: SimulatedMeter) -> None:
        """Sum up the past now, so that the first question is answered in time."""
        now = int(self._clock())
        if meter.spec.protocol == "iec62056-21":
            readout(meter, now)
        else:
            for quantity in QUANTITIES:
                meter.curve.index(quantity, now)

    async def _open(self, meters: list[SimulatedMeter]) -> None:
        place = meters[0].spec.place
        if meters[0].spec.protocol == "mbus":
            server = MbusMeterServer(
                [self._mbus_meter(meter) for meter in meters],
                clock=lambda: datetime.fromtimestamp(self._clock(), UTC),
            )
            await self._listen(server, place, meters)
        elif place.pty:
            pty = PtyPort(self._sessions(meters), self._pty_dir / place.pty)
            pty.start()
            self._ptys.append(pty)
            for meter in meters:
                self.addresses[meter.spec.key] = str(self._pty_dir / place.pty)
        else:
            await self._listen(TcpPort(self._sessions(meters)), place, meters)

    async def _listen(
        self, server: TcpPort | MbusMeterServer, place: Place, meters: list[SimulatedMeter]
    ) -> None:
        wanted = self._port_base + place.port if self._port_base else 0
        port = await server.start(self._host, wanted)
        self._tcp.append(server)
        for meter in meters:
            self.addresses[meter.spec.key] = f"{self._host}:{port}"

    def _sessions(self, meters: list[SimulatedMeter]) -> Callable[[], Session]:
        if meters[0].spec.protocol == "iec62056-21":
            meter = meters[0]
            return lambda: IecMeterSession(
                IDENTIFICATION, meter.spec.serial, lambda: readout(meter, int(self._clock()))
            )
        units = {
            meter.spec.place.unit: ModbusImage(meter, load_map(meter.spec.map), self._clock)
            for meter in meters
        }
        kind = ModbusRtuSession if meters[0].spec.place.pty else ModbusTcpSession
        return lambda: kind(units)

    def _mbus_meter(self, meter: SimulatedMeter) -> MbusMeter:
        return MbusMeter(
            lambda now: {
                name: meter.value(name, int(now.timestamp()))[0]
                for name in ("volume", "volume_flow")
            },
            id=meter.spec.serial,
            address=meter.spec.place.unit,
        )
