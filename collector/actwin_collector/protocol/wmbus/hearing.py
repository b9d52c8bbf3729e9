# SPDX-License-Identifier: MIT
"""From a heard telegram and its device to its payload: keys, replays, downgrades."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from ...model import (
    AddressError,
    CollectorError,
    ConfigError,
    DeviceSpec,
    Heard,
    ProtocolError,
)
from ..claims import Claims
from ..mbus.media import manufacturer_letters
from . import compact
from .frame import RadioFrame, parse_frame
from .layers import Payload, open_payload
from .memory import Memory
from .security import parse_key

_ADDRESS = re.compile(
    r"(?:([A-Z]{3})[-. ]?)?([0-9A-F]{8})(?:([0-9A-F]{4})([0-9A-F]{2})([0-9A-F]{2}))?"
)
_OTHER_KEY = ("wrong_key", "bad_mac")
_MOST_LAYOUTS = 1024

Clock = Callable[[], datetime]


def meter_id(address: str) -> str:
    """Return the identification number in a device's address; raises ConfigError."""
    return _parsed(address)[2]


def _parsed(address: str) -> tuple[str, ...]:
    match = _ADDRESS.fullmatch(address.strip().upper())
    if match is None:
        text = "the 8 digits of the meter, perhaps with its maker's letters before them"
        raise ConfigError(f"address {address!r}: {text}", "bad_address")
    return match.group(0, *range(1, 6))


def keys_of(device: DeviceSpec) -> list[bytes | None]:
    """Return a device's keys, the newest first: two while a key is being changed."""
    return [parse_key(text) for text in re.split(r"[\s,;]+", device.secret) if text] or [None]


def open_telegram(heard: Heard, device: DeviceSpec) -> tuple[RadioFrame, Payload, bytes | None]:
    """Return the telegram opened with the first key that fits; raises CollectorError."""
    frame = parse_frame(bytes.fromhex(str(heard.telegram["telegram"])), "raw")
    keys = keys_of(device)
    for key in keys[:-1]:
        try:
            return frame, open_payload(frame, key), key
        except ProtocolError as error:
            if error.code not in _OTHER_KEY:
                raise
    return frame, open_payload(frame, keys[-1]), keys[-1]


def check_sender(payload: Payload, device: DeviceSpec) -> None:
    """Refuse the telegram of another meter with the same number; raises AddressError."""
    _, letters, number, maker, version, medium = _parsed(device.address)
    raw = payload.address
    same = (
        number == raw[5:1:-1].hex().upper()
        and letters in (None, manufacturer_letters(raw[:2]))
        and maker in (None, raw[:2].hex().upper())
        and version in (None, f"{raw[6]:02X}")
        and medium in (None, f"{raw[7]:02X}")
    )
    if not same:
        raise AddressError(f"another meter: {manufacturer_letters(raw[:2])} {raw[:8].hex()}")


def believed(payload: Payload, key: bytes | None, device: DeviceSpec) -> Payload:
    """Return what of a payload may be believed: without a MAC only what was under encryption.

    Anybody could append records in the clear to a telegram that the meter really sent.
    """
    if key is None or payload.sealed is None or _allows_clear(device):
        return payload
    return replace(payload, data=payload.data[: payload.sealed])


def _allows_clear(device: DeviceSpec) -> bool:
    return str(device.settings.get("allow_unencrypted", "no")).lower() in ("yes", "true", "1")


def check_security(
    payload: Payload,
    key: bytes | None,
    device: DeviceSpec,
    memory: Callable[[], Memory],
    claims: Claims,
) -> tuple[dict[tuple[bytes, bytes], int], bool]:
    """Refuse replays, and telegrams less secure than this meter's; raises CollectorError.

    Returns the counter to claim, by the meter's address and key, and whether a higher one was
    taken before.
    """
    if key is None:
        return {}, False
    if payload.counter is not None:
        late = memory().check(payload.address, key, payload.counter)
        return {(payload.address, key): payload.counter}, late
    if not _allows_clear(device):
        _check_downgrade(payload, key, memory, claims)
    return {}, False


def _check_downgrade(
    payload: Payload, key: bytes, memory: Callable[[], Memory], claims: Claims
) -> None:
    if not payload.secured:
        text = "the meter has a key, but this telegram was sent without encryption"
        raise ProtocolError(text, "security_downgrade")
    known = claims.highest((payload.address, key))
    # Without a place for counters no authenticated telegram was ever taken.
    with contextlib.suppress(ConfigError):
        last = memory().last(payload.address, key)
        known = max(known, -1 if last is None else last)
    if known >= 0:
        text = "the meter authenticates its telegrams, but this one is not"
        raise ProtocolError(text, "security_downgrade")


class LayoutKeeper:
    """Keeps the layouts of compact frames over restarts."""

    def __init__(self) -> None:
        self._saved: set[int] | None = None

    def restore(self, memory: Callable[[], Memory]) -> None:
        """Bring back what was learned before, once."""
        if self._saved is not None:
            return
        self._saved = set()
        with contextlib.suppress(CollectorError):
            layouts = memory().layouts()
            compact.restore(layouts)
            self._saved |= set(layouts)

    def save(self, memory: Callable[[], Memory]) -> None:
        """Keep what was learned since."""
        known = compact.heard()
        fresh = {each: known[each] for each in known.keys() - (self._saved or set())}
        if not fresh or len(self._saved or ()) > _MOST_LAYOUTS:
            return
        self._saved = (self._saved or set()) | set(fresh)
        # A layout not kept costs one full frame to be heard again.
        with contextlib.suppress(CollectorError):
            memory().learn(fresh)
