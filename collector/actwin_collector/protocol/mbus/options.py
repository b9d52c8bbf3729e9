# SPDX-License-Identifier: MIT
"""Settings of M-Bus devices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timezone

from ...model import ConfigError, DeviceSpec
from ..zones import utc_offset

MAX_TELEGRAMS = 16
BAUDRATES = (300, 600, 1200, 2400, 4800, 9600, 19200, 38400)
_NO = ("no", "false", "0")

SETTINGS: Mapping[str, str] = {
    "reset": "send SND_NKE before reading: yes (default) or no",
    "telegrams": f"how many telegrams of a long answer to fetch, 1..{MAX_TELEGRAMS}",
    "application": "pages to choose by application reset before reading: reset, or hex sub-codes "
    "such as 10,40; the records of all are joined",
    "baudrate": "the meter's speed where it is not the line's",
    "utc_offset": "the meter clock's distance from UTC, such as +03:00",
}


@dataclass(frozen=True, slots=True)
class Options:
    """What a device's settings say; ``pages`` are application reset sub-codes (b"" for none)."""

    reset: bool
    telegrams: int
    pages: tuple[bytes, ...]
    baudrate: int | None
    zone: timezone | None
    key: bytes | None


def parse_options(device: DeviceSpec) -> Options:
    """Return the options of a device; raises ConfigError."""
    settings = device.settings
    return Options(
        reset=str(settings.get("reset", "yes")).lower() not in _NO,
        telegrams=_limit(settings.get("telegrams")),
        pages=_pages(settings.get("application")),
        baudrate=_baudrate(settings.get("baudrate")),
        zone=utc_offset(settings.get("utc_offset")),
        key=parse_key(device.secret),
    )


def parse_key(text: object) -> bytes | None:
    """Return the 16 bytes of a key as hex text, None for none; raises ConfigError."""
    if not text:
        return None
    try:
        key = bytes.fromhex(text)
    except (TypeError, ValueError):
        key = b""
    if len(key) != 16:
        # The text itself is a secret: never repeat it.
        raise ConfigError("the key must be 32 hex digits", "bad_key")
    return key


def _limit(setting: object) -> int:
    text = str(setting or MAX_TELEGRAMS)
    return min(max(int(text), 1), MAX_TELEGRAMS) if text.isdecimal() else MAX_TELEGRAMS


def _pages(setting: object) -> tuple[bytes, ...]:
    text = str(setting or "").strip().lower()
    if not text:
        return ()
    if text == "reset":
        return (b"",)
    try:
        pages = tuple(bytes.fromhex(part) for part in text.split(","))
    except ValueError:
        pages = ()
    if not pages or any(not 1 <= len(page) <= 8 for page in pages):
        raise ConfigError(f"application {text!r}: reset, or hex sub-codes such as 10,40")
    return pages


def _baudrate(setting: object) -> int | None:
    if not setting:
        return None
    if not str(setting).isdecimal() or int(str(setting)) not in BAUDRATES:
        raise ConfigError(f"baudrate {setting!r}: {', '.join(map(str, BAUDRATES))}")
    return int(str(setting))
