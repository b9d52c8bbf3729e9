# SPDX-License-Identifier: MIT
"""LoRaWAN water meters behind one network server.

The server writes each meter's uplink every ``every`` seconds as a line of JSON to whoever is
connected, in the form of its ``network``; with ``post`` it sends them to that URL instead, with
``secret`` as bearer token. ``codec`` says what kind of meter it is; ``eui`` its DevEUI.
"""

from __future__ import annotations

import asyncio
import logging
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from ..broadcast import broadcast
from ..lora import NETWORKS, PAYLOADS, LoraMeter
from ..meters import SimulatedMeter
from ..registry import Complain, Opened, SimulatedProtocol, Stage

_EVERY = 60.0
_DEFAULT_CODEC = "axioma-qalcosonic-w1"
_logger = logging.getLogger(__name__)


async def _open(meters: Sequence[SimulatedMeter], stage: Stage) -> Opened:
    radios = [_meter(meter) for meter in meters]
    settings = meters[0].spec.settings
    network = str(settings.get("network", NETWORKS[0]))
    every = float(settings.get("every", _EVERY))

    def uplinks() -> list[bytes]:
        now = datetime.fromtimestamp(stage.clock(), UTC)
        return [radio.uplink(network, now)[1] for radio in radios]

    keys = [meter.spec.key for meter in meters]
    url = str(settings.get("post", ""))
    if not url:
        place = meters[0].spec.place
        return await broadcast(
            keys, place, stage, lambda: [body + b"\n" for body in uplinks()], every
        )
    task = asyncio.create_task(_post_forever(uplinks, url, str(settings.get("secret", "")), every))

    async def stop() -> None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    return Opened(dict.fromkeys(keys, url), stop)


async def _post_forever(uplinks, url: str, secret: str, every: float) -> None:
    while True:
        for body in uplinks():
            try:
                await asyncio.to_thread(_post, url, body, secret)
            except (OSError, urllib.error.URLError) as error:
                # A network server goes on when nobody listens.
                _logger.warning("%s: %s", url, error)
        await asyncio.sleep(every)


def _post(url: str, body: bytes, secret: str) -> None:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {secret}"}
    request = urllib.request.Request(url, body, headers)  # the scenario's own URL
    with urllib.request.urlopen(request, timeout=10) as answer:
        answer.read()


def _meter(meter: SimulatedMeter) -> LoraMeter:
    settings = meter.spec.settings
    return LoraMeter(
        lambda now: {"volume": meter.value("volume", int(now.timestamp()))[0]},
        eui=str(settings.get("eui") or f"70B3D5E7{meter.spec.serial:0>8}").upper(),
        codec=str(settings.get("codec", _DEFAULT_CODEC)),
    )


def _check(row: Mapping, complain: Complain) -> None:
    settings = row["settings"]
    if settings.get("network", NETWORKS[0]) not in NETWORKS:
        complain("settings", f"network is one of {', '.join(NETWORKS)}")
    if settings.get("codec", _DEFAULT_CODEC) not in PAYLOADS:
        complain("settings", f"codec is one of {', '.join(PAYLOADS)}")
    post = str(settings.get("post", "http://"))
    if not post.startswith(("http://", "https://")):
        complain("settings", "post is an http or https URL")
    every = settings.get("every", _EVERY)
    if not isinstance(every, (int, float)) or every <= 0:
        complain("settings", "every is a number of seconds above 0")


PROTOCOL = SimulatedProtocol("lora", _open, check=_check, electric=False)
