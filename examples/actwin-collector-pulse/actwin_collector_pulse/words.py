# SPDX-License-Identifier: MIT
"""Frames in words, for ``actwin-collector trace``."""

from __future__ import annotations

from . import codec


def explain(direction: str, message: bytes, before: bytes) -> list[str]:
    """Return what a message says; may raise, noise is then named as such."""
    if direction == "tx":
        return [f"request to module {message[1:3].decode()}"]
    found = codec.parse(message)
    said = ", ".join(map(str, found.counters))
    flags = ", input wire cut" if found.flags & codec.WIRE_CUT else ""
    return [f"module {found.address}, serial {found.serial}: {said}{flags}"]
