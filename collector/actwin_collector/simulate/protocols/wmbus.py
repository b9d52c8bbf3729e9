# SPDX-License-Identifier: MIT
"""Wireless M-Bus water meters as one radio receiver hears them.

The receiver sends each meter's telegram every ``every`` seconds to whoever is connected, in the
form of its ``receiver``. ``mode`` 5 and 7 need a ``key`` (32 hex digits). A receiver with start
commands answers them; with ``needs_start`` it hears nothing before; ``fault`` spoils its answers
(``silent``, ``refuses``, ``forgets``, ``setup``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from .. import receivers
from ..broadcast import broadcast
from ..meters import SimulatedMeter
from ..registry import Complain, Opened, SimulatedProtocol, Stage
from ..wmbus import RECEIVERS, RadioMeter, delivered

_EVERY = 10.0


async def _open(meters: Sequence[SimulatedMeter], stage: Stage) -> Opened:
    radios = [_radio(meter) for meter in meters]
    settings = meters[0].spec.settings
    receiver = str(settings.get("receiver", "rtl-wmbus"))

    own = receivers.RECEIVERS.get(receiver)
    started = not settings.get("needs_start", False)
    box = own(started, str(settings.get("fault", ""))) if own else None

    def telegrams() -> list[bytes]:
        if box and not box.is_on:
            return []
        now = datetime.fromtimestamp(stage.clock(), UTC)
        return [delivered(receiver, radio.telegram(now), now) for radio in radios]

    keys = [meter.spec.key for meter in meters]
    every = float(settings.get("every", _EVERY))
    answer = box.feed if box else lambda data: b""
    return await broadcast(keys, meters[0].spec.place, stage, telegrams, every, answer)


def _radio(meter: SimulatedMeter) -> RadioMeter:
    settings = meter.spec.settings
    return RadioMeter(
        lambda now: {
            name: meter.value(name, int(now.timestamp()))[0] for name in ("volume", "volume_flow")
        },
        id=meter.spec.serial,
        mode=int(settings.get("mode", 0)),
        key=bytes.fromhex(str(settings.get("key", ""))),
    )


def _check(row: Mapping, complain: Complain) -> None:
    settings = row["settings"]
    if settings.get("receiver", "rtl-wmbus") not in RECEIVERS:
        complain("settings", f"receiver is one of {', '.join(RECEIVERS)}")
    if settings.get("fault", "") not in receivers.FAULTS:
        complain("settings", f"fault is one of {', '.join(filter(None, receivers.FAULTS))}")
    mode, key = settings.get("mode", 0), str(settings.get("key", ""))
    if mode not in (0, 5, 7) or (mode and len(key) != 32):
        complain("settings", "mode is 0, 5 or 7; 5 and 7 need a key of 32 hex digits")
    every = settings.get("every", _EVERY)
    if not isinstance(every, (int, float)) or every <= 0:
        complain("settings", "every is a number of seconds above 0")


PROTOCOL = SimulatedProtocol("wmbus", _open, check=_check, electric=False)
