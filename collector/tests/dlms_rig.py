# SPDX-License-Identifier: MIT
"""Simulated DLMS meters of our own on a port, and what the tests say about them."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from datetime import UTC, date, datetime

from dlms_support import AUTHENTICATION, CLIENT, ENCRYPTION

from actwin_collector.model import DeviceSpec, ParameterSpec
from actwin_collector.simulate.load import local_midnight
from actwin_collector.simulate.ports import TcpPort
from actwin_collector.simulate.protocols.dlms import DlmsMeter, meter_of, session_of
from actwin_collector.simulate.scenario import parse_scenario

NOW = local_midnight(date(2026, 9, 15)) + 11 * 3600 + 1234
PASSWORD = "secret12"
KEYED = {"encryption_key": ENCRYPTION, "authentication_key": AUTHENTICATION}
GUARDED = {"password": PASSWORD, **KEYED}
SERIAL = "80300001"
GMAC = {"authentication": "gmac", "system_title": CLIENT.hex()}
BOTH_KEYS = f"{ENCRYPTION}:{AUTHENTICATION}"


def meters(*settings: dict, now: float = NOW) -> list[DlmsMeter]:
    """Return simulated meters with serial numbers and units from 1 upwards."""
    rows = [
        {"key": f"D{at}", "serial": str(int(SERIAL) + at), "protocol": "dlms", "port": 0,
         "unit": at + 1, "profile": "workshop", "peak": 60_000, "inductive": 150,
         "opening": [9_999_000, 5, 6], "settings": each}
        for at, each in enumerate(settings or ({},))
    ]  # fmt: skip
    table = {"site": "S", "seed": 3, "first_day": date(2026, 8, 1), "meter": rows}
    scenario = parse_scenario(table, "test")
    return [meter_of(each, lambda: now) for each in scenario.meters.values()]


@contextlib.contextmanager
def serving(found: list[DlmsMeter]):
    """Serve meters on one port from a thread of their own; gives ``host:port``."""
    loop = asyncio.new_event_loop()
    port = TcpPort(lambda: session_of(found))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        number = asyncio.run_coroutine_threadsafe(port.start(), loop).result(5)
        yield f"127.0.0.1:{number}"
    finally:
        asyncio.run_coroutine_threadsafe(port.stop(), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


def spec(*registers: str, secret: str = "", address: str = "1", **settings) -> DeviceSpec:
    """Return a device whose parameters read registers as they are."""
    parameters = tuple(ParameterSpec(name, f"S/{name}") for name in registers)
    return DeviceSpec("D", "dlms", "line", address, settings, secret, parameters=parameters)


def at(text: str) -> datetime:
    """Return a local time of the simulated meters."""
    return datetime.fromisoformat(f"{text}+03:00").astimezone(UTC)
