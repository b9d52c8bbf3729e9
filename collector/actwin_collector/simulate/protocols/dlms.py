# SPDX-License-Identifier: MIT
"""DLMS/COSEM meters: those that share a port are behind one concentrator."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence

from ...model import ConfigError
from ..dlms.faults import FaultySession
from ..dlms.identity import Identity, identity_of
from ..dlms.links import HdlcSession, Meters, WrapperSession
from ..dlms.mode_e import ModeESession
from ..dlms.objects import ObjectModel
from ..dlms.push import Pusher, push_forever
from ..dlms.security import MeterSecurity
from ..dlms.server import MeterServer
from ..meters import SimulatedMeter
from ..ports import Session
from ..registry import Complain, Opened, SimulatedProtocol, Stage


class DlmsMeter:
    """One simulated meter: what it measures, how it protects itself, its server and its pushes."""

    def __init__(
        self, meter: SimulatedMeter, identity: Identity, clock: Callable[[], float]
    ) -> None:
        self.identity = identity
        self.model = ObjectModel(meter, identity, clock)
        self._security = MeterSecurity(self.model)
        self.pusher = Pusher(self.model, self._security)

    def server(self) -> MeterServer:
        """Return the meter's end of a new connection."""
        return MeterServer(self.model, self._security)


def meter_of(meter: SimulatedMeter, clock: Callable[[], float]) -> DlmsMeter:
    """Return the meter of a scenario; raises ConfigError."""
    spec = meter.spec
    return DlmsMeter(meter, identity_of(spec.serial, spec.place.unit, spec.settings), clock)


def session_of(meters: Sequence[DlmsMeter]) -> Session:
    """Return a new connection to meters that share a line, with the framing of the first."""
    first = meters[0].identity
    behind = Meters(
        [
            (each.identity.unit, each.identity.serial, each.identity.gateway, each.server)
            for each in meters
        ]
    )
    session: Session
    if first.framing == "wrapper":
        session = WrapperSession(behind)
    else:
        line = HdlcSession(behind)
        session = ModeESession(first.serial, line) if first.mode_e else line
    return FaultySession(session, first.fault, first.fault_every) if first.fault else session


async def _open(meters: Sequence[SimulatedMeter], stage: Stage) -> Opened:
    found = [meter_of(meter, stage.clock) for meter in meters]
    opened = await stage.serve(meters, lambda: session_of(found))
    tasks = [
        asyncio.create_task(
            push_forever(each.pusher, each.identity.push_to, each.identity.push_seconds)
        )
        for each in found
        if each.identity.push_to
    ]

    async def stop() -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await opened.stop()

    return Opened(opened.addresses, stop)


def _check(row: Mapping, complain: Complain) -> None:
    try:
        identity_of(row["serial"], row["unit"], row["settings"])
    except ConfigError as error:
        complain("settings", error.message)


PROTOCOL = SimulatedProtocol("dlms", _open, check=_check)
