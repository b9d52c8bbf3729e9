# SPDX-License-Identifier: MIT
"""Frames as lines for people: bytes as hex with their readable characters, and what they mean."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from ..masking import Masker
from .files import stamp
from .words import Conversation, explainer


def _print(line: str) -> None:
    print(line, flush=True)


class Show:
    """Tells bytes as they come, 16 a line, and below each message what it means."""

    def __init__(self, masker: Masker, driver: str, out: Callable[[str], None] = _print) -> None:
        self._masker = masker
        self._out = out
        self._conversation = Conversation(explainer(driver))

    def __call__(self, direction: str, data: bytes, when: str = "") -> None:
        """Tell bytes."""
        hidden = self._masker.hex(data).split()
        data = self._masker.frame(data)
        self._tell(self._conversation.feed(direction, data))
        for at in range(0, len(data), 16):
            text = "".join(chr(b) if 32 <= b < 127 else "." for b in data[at : at + 16])
            shown = " ".join(hidden[at : at + 16])
            self._out(f"{_clock(when)} {direction} {shown:<47}  {text}")

    def note(self, text: str, when: str = "") -> None:
        """Tell how a dialogue ended."""
        self.end()
        self._out(f"{_clock(when)} -- {self._masker.text(text)}")

    def end(self) -> None:
        """Tell the last message."""
        self._tell(self._conversation.end())

    def _tell(self, told: Iterable[tuple[str, str]]) -> None:
        for direction, text in told:
            self._out(f"{'':12} {'→' if direction == 'tx' else '←'}  {text}")


def _clock(when: str) -> str:
    return (when or stamp(time.time()))[11:23]
