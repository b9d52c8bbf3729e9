# SPDX-License-Identifier: MIT
"""Proves before the driver works that tampered messages are refused, in every suite it speaks.

What is received passes our own code (``protection``, ``gcm``): answers with the global key, pushes
in general ciphering, and the proof of an association. ``guard`` proves the library's own path.
"""

from __future__ import annotations

from collections.abc import Callable

from ...model import CollectorError, ConfigError
from . import apdu as wire
from .axdr import encode_length
from .gcm import AUTHENTICATED, PROTECTED, Keys, seal, unseal
from .protection import SUITES, Security, open_message

KEYS = Keys(bytes(range(16)), bytes(range(0xD0, 0xE0)))
TITLE = b"ACTSELF0"
PLAIN = bytes.fromhex("C401C100060000ACE0")
COUNTER = 7
_CHALLENGE = bytes(range(16))


def message(suite: int, general: bool = False) -> bytes:
    """Return a sound message of the self-test."""
    control = PROTECTED | suite
    body = bytes((control,)) + COUNTER.to_bytes(4, "big")
    body += seal(control, TITLE, COUNTER, KEYS, PLAIN)
    head = bytes((wire.GENERAL_GLO, len(TITLE))) + TITLE if general else b"\xcc"
    return head + encode_length(len(body)) + body


def require_refusals() -> None:
    """Raise ConfigError ``unsafe_library`` unless sound messages open and changed ones do not."""
    for suite in SUITES:
        for general in (False, True):
            sound = message(suite, general)
            _prove(lambda data, suite=suite: _opened(data, suite), sound, PLAIN)
        _prove(lambda data, suite=suite: _proven(data, suite), _proof(suite), _CHALLENGE)
        _require_fresh(suite)


def _prove(opens: Callable[[bytes], bytes | None], sound: bytes, plain: bytes) -> None:
    if opens(sound) != plain:
        raise ConfigError("a sound DLMS message does not open", "unsafe_library")
    # A bit in the content, in the tag, in the counter.
    for at in (-len(PLAIN) - 12, -1, -len(PLAIN) - 14):
        forged = bytearray(sound)
        forged[at] ^= 1
        if opens(bytes(forged)) is not None:
            raise ConfigError("a forged DLMS message is taken", "unsafe_library")


def _require_fresh(suite: int) -> None:
    security = Security(KEYS, meter_title=TITLE, require=True, suite=suite)
    open_message(message(suite), security)
    try:
        open_message(message(suite), security)
    except CollectorError:
        return
    raise ConfigError("a replayed DLMS message is taken", "unsafe_library")


def _opened(data: bytes, suite: int) -> bytes | None:
    security = Security(KEYS, meter_title=TITLE, require=True, suite=suite)
    try:
        return open_message(data, security)
    except CollectorError:
        return None


def _proof(suite: int) -> bytes:
    control = AUTHENTICATED | suite
    return COUNTER.to_bytes(4, "big") + seal(control, TITLE, COUNTER, KEYS, _CHALLENGE)


def _proven(data: bytes, suite: int) -> bytes | None:
    counter = int.from_bytes(data[:4], "big")
    try:
        return unseal(AUTHENTICATED | suite, TITLE, counter, KEYS, data[4:])
    except CollectorError:
        return None
