# SPDX-License-Identifier: MIT
"""Keeps passwords and keys out of logs, traces and everything else that people get to see."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping

MASK = "***"
# Shorter ones would blot out ordinary text; a password of three digits protects nothing anyway.
_SHORTEST = 4
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2}){4,}")
# An IEC 62056-21 password command: whatever stands in its brackets is secret, however short.
_IEC_PASSWORD = re.compile(rb"\x01P[0-3]\x02\(([^)]*)\)\x03(.?)", re.DOTALL)


class Masker:
    """Knows the secrets of a process; learns more as configurations come."""

    def __init__(self) -> None:
        self._secrets: set[str] = set()
        self._frames: tuple[bytes, ...] = ()
        self._pattern: re.Pattern[str] | None = None

    def learn(self, secrets: Iterable[str]) -> None:
        """Take secrets as configured: passwords, keys in hex, or JSON objects of both."""
        found = {part for secret in secrets for part in _parts(secret) if len(part) >= _SHORTEST}
        if found <= self._secrets:
            return
        self._secrets |= found
        # The longest first, so that no tail of a secret is left over.
        words = sorted(self._secrets, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(_loosely, words)), re.IGNORECASE)
        frames = {data for word in words for data in _as_bytes(word) if len(data) >= _SHORTEST}
        self._frames = tuple(sorted(frames, key=len, reverse=True))

    def text(self, text: str) -> str:
        """Return a text without the secrets."""
        return self._pattern.sub(MASK, text) if self._pattern else text

    def hidden(self, data: bytes) -> set[int]:
        """Return the positions in a frame at which bytes of a secret stand."""
        positions: set[int] = set()
        for match in _IEC_PASSWORD.finditer(data):
            # The check character would give a short password away.
            positions |= {*range(*match.span(1)), *range(*match.span(2))}
        for secret in self._frames:
            at = data.find(secret)
            while at >= 0:
                positions |= set(range(at, at + len(secret)))
                at = data.find(secret, at + 1)
        return positions

    def hex(self, data: bytes) -> str:
        """Return a frame as hex, a byte each, with ``**`` in place of secret bytes."""
        hidden = self.hidden(data)
        return " ".join("**" if at in hidden else f"{b:02x}" for at, b in enumerate(data))

    def frame(self, data: bytes) -> bytes:
        """Return a frame with asterisks in place of secret bytes."""
        hidden = self.hidden(data)
        return bytes(0x2A if at in hidden else byte for at, byte in enumerate(data))


def _parts(secret: str) -> set[str]:
    text = secret.strip()
    parts = {text, *text.split(":")} if _HEX.search(text) else {text}
    if text.startswith("{"):
        try:
            table = json.loads(text)
        except (ValueError, RecursionError):
            table = {}
        if isinstance(table, Mapping):
            parts |= {value.strip() for value in table.values() if isinstance(value, str)}
    return {part.removeprefix("hex:") for part in parts}


def _loosely(word: str) -> str:
    # Keys may be printed in pairs: "00 11 22".
    if not _HEX.fullmatch(word):
        return re.escape(word)
    return r"[ :-]?".join(word[at : at + 2] for at in range(0, len(word), 2))


def _as_bytes(word: str) -> list[bytes]:
    found = [word.encode("utf-8")]
    if _HEX.fullmatch(word):
        found.append(bytes.fromhex(word))
    return found
