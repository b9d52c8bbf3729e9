# SPDX-License-Identifier: MIT
"""IEC 62056-21 meters; those that name the same port or pty are on one line."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ...fields import Field, Problems, parse_table
from ..iec62056 import IecBus, IecMeterSession
from ..iecmemory import Faults, IecMemory
from ..meters import SimulatedMeter
from ..readout import IDENTIFICATION, readout
from ..registry import Opened, SimulatedProtocol, Stage, settings_check

FIELDS = {
    "identification": Field(str, IDENTIFICATION),
    "password": Field(str, ""),
    "fault": Field(str, "", choices=Faults.KINDS),
    "fault_every": Field(int, 1, low=1, high=1000),
    "parity": Field(bool, False),
    "stays": Field(bool, False),
    "protocol": Field(str, "", choices=("", "0", "1", "2")),
}


async def _open(meters: Sequence[SimulatedMeter], stage: Stage) -> Opened:
    makers = [_session_maker(meter, stage) for meter in meters]
    if len(makers) == 1:
        return await stage.serve(meters, makers[0])
    return await stage.serve(meters, lambda: IecBus([make() for make in makers]))


def _session_maker(meter: SimulatedMeter, stage: Stage) -> Callable[[], IecMeterSession]:
    settings = parse_table(meter.spec.settings, FIELDS, "settings", Problems())
    memory = IecMemory(meter, stage.clock, settings["password"])
    faults = Faults(settings["fault"], settings["fault_every"])
    return lambda: IecMeterSession(
        settings["identification"],
        meter.spec.serial,
        memory.packet,
        memory=memory,
        faults=faults,
        parity=settings["parity"],
        stays=settings["stays"],
        protocol=settings["protocol"],
    )


PROTOCOL = SimulatedProtocol("iec62056-21", _open, check=settings_check(FIELDS), warm=readout)
