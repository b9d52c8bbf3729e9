# SPDX-License-Identifier: MIT
"""IEC 62056-21 meters that send unasked, to whoever is connected or to a collector they call."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

from ...fields import Field, Problems, parse_table
from ..iecpush import KINDS, telegram
from ..meters import SimulatedMeter
from ..registry import Opened, SimulatedProtocol, Stage, settings_check

FIELDS = {
    "kind": Field(str, "d", choices=KINDS),
    "every": Field(float, 10.0, low=0.05, high=3600),
    "to": Field(str, ""),
}


class _Mute:
    def feed(self, data: bytes) -> bytes:
        return b""


async def _open(meters: Sequence[SimulatedMeter], stage: Stage) -> Opened:
    opened = await stage.serve(meters, _Mute)
    tasks = [asyncio.create_task(_push(meter, stage, opened)) for meter in meters]

    async def stop() -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await opened.stop()

    return Opened(opened.addresses, stop, opened.say)


async def _push(meter: SimulatedMeter, stage: Stage, opened: Opened) -> None:
    settings = parse_table(meter.spec.settings, FIELDS, "settings", Problems())
    while True:
        data = telegram(meter, settings["kind"], int(stage.clock()))
        if settings["to"]:
            await _call(settings["to"], data)
        else:
            opened.say(data)
        await asyncio.sleep(settings["every"])


async def _call(address: str, data: bytes) -> None:
    """Connect, send, hang up; a collector that is not there is tried again next time."""
    host, _, port = address.rpartition(":")
    with contextlib.suppress(OSError):
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(data)
        await writer.drain()
        writer.close()
        await writer.wait_closed()


PROTOCOL = SimulatedProtocol("iec62056-21-push", _open, check=settings_check(FIELDS))
