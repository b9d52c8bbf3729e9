# SPDX-License-Identifier: MIT
"""IEC 62056-21 meters: one a port."""

from __future__ import annotations

from collections.abc import Sequence

from ..iec62056 import IecMeterSession
from ..meters import SimulatedMeter
from ..readout import IDENTIFICATION, readout
from ..registry import Opened, SimulatedProtocol, Stage


async def _open(meters: Sequence[SimulatedMeter], stage: Stage) -> Opened:
    meter = meters[0]
    return await stage.serve(
        meters,
        lambda: IecMeterSession(
            IDENTIFICATION, meter.spec.serial, lambda: readout(meter, int(stage.clock()))
        ),
    )


PROTOCOL = SimulatedProtocol("iec62056-21", _open, warm=readout)
