# SPDX-License-Identifier: MIT
"""Wired M-Bus water meters behind one level converter."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from ..mbus import MbusBus
from ..mbus import SimulatedMeter as MbusMeter
from ..meters import SimulatedMeter
from ..registry import Opened, SimulatedProtocol, Stage


async def _open(meters: Sequence[SimulatedMeter], stage: Stage) -> Opened:
    bus = MbusBus(
        [_mbus_meter(meter) for meter in meters],
        clock=lambda: datetime.fromtimestamp(stage.clock(), UTC),
    )
    return await stage.serve(meters, bus.session)


def _mbus_meter(meter: SimulatedMeter) -> MbusMeter:
    return MbusMeter(
        lambda now: {
            name: meter.value(name, int(now.timestamp()))[0] for name in ("volume", "volume_flow")
        },
        id=meter.spec.serial,
        address=meter.spec.place.unit,
    )


PROTOCOL = SimulatedProtocol("mbus", _open, electric=False)
