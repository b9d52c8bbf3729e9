# SPDX-License-Identifier: MIT
"""Waiting for a meter's identification, for every protocol that opens as IEC 62056-21 does."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable

from ...model import FrameError
from .codec import Identification, parse_identification

_LINES = 6


class NoIdentification(FrameError):
    """Lines came, but none of them is an identification."""


async def await_identification(line: Callable[[], Awaitable[bytes]]) -> Identification:
    """Return the identification among the first lines; raises what ``line`` raises, FrameError."""
    last = b""
    for _ in range(_LINES):
        last = await line()
        with contextlib.suppress(FrameError):  # an echoed request, an empty line, noise
            return parse_identification(last)
    raise NoIdentification(f"no identification came, but {last[:40]!r}")
