# SPDX-License-Identifier: MIT
"""Bytes written as hex, in whatever way a log, a terminal or another program prints them."""

from __future__ import annotations

import re

from ..model import FrameError

_BETWEEN = re.compile(r"[\s,;:|_\[\]{}\"'\\-]+")
_BYTES = re.compile(r"(?:0[xX]|[xX])?(?P<digits>[0-9A-Fa-f]+)")


def hex_bytes(text: object, what: str = "'telegram'") -> bytes:
    r"""Return the bytes; raises FrameError ``bad_hex``.

    Digits may stand in groups with blanks, commas, colons, dashes, bars or brackets between them,
    and with ``0x`` or ``\x`` before; a group of one digit is one byte.
    """
    if isinstance(text, str):
        try:
            return bytes.fromhex(text)
        except ValueError:
            groups = [_BYTES.fullmatch(group) for group in _BETWEEN.split(text) if group]
            if groups and all(groups):
                return _joined([group["digits"] for group in groups], what)
    raise FrameError(f"{what} must be hex text", "bad_hex")


def _joined(groups: list[str], what: str) -> bytes:
    padded = ["0" + group if len(group) == 1 else group for group in groups]
    if any(len(group) % 2 for group in padded):
        raise FrameError(f"{what} has half a byte", "bad_hex")
    return bytes.fromhex("".join(padded))
