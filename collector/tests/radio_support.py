# SPDX-License-Identifier: MIT
"""What the tests of wireless M-Bus share: meters on the air, and devices that hear them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from actwin_collector.model import DeviceSpec, Heard, ParameterSpec
from actwin_collector.simulate.wmbus import RadioMeter

NOW = datetime(2026, 11, 24, 12, 30, tzinfo=UTC)
KEY = "000102030405060708090A0B0C0D0E0F"
OTHER_KEY = "F0F1F2F3F4F5F6F7F8F9FAFBFCFDFEFF"


def meter(mode: int = 0, **more) -> RadioMeter:
    """Return a water meter that shows 54.321 m3."""
    key = bytes.fromhex(KEY) if mode else b""
    values = {"volume": Decimal("54.321"), "volume_flow": Decimal("0.1")}
    return RadioMeter(lambda now: values, **{"mode": mode, "key": key, **more})


def device(*registers: str, secret: str = "", address: str = "12345678", **settings) -> DeviceSpec:
    """Return a device that hears registers as they are."""
    parameters = tuple(ParameterSpec(name, f"S/{name}") for name in registers or ("volume",))
    return DeviceSpec("D", "wmbus", "air", address, settings, secret, parameters=parameters)


def heard(wire: bytes, rssi: int | None = None) -> Heard:
    """Return a telegram as a listener hands it on."""
    return Heard("12345678", {"telegram": wire.hex().upper(), "format": "raw"}, rssi=rssi)
