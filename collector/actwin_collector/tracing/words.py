# SPDX-License-Identifier: MIT
"""Tells frames in words: a function a protocol, found by entry point like drivers.

An explainer is ``explain(direction, message, before) -> list of lines``: what one message means,
``before`` being the last one sent. It never gets to see a secret and never has to be right about
noise: whatever it raises becomes "not understood".
"""

from __future__ import annotations

from collections.abc import Callable

from ..model import CollectorError, ConfigError
from ..protocol.registry import EXPLAINERS, load_named
from .files import NOTE, TX

Explain = Callable[[str, bytes, bytes], list[str]]
Told = tuple[str, str]


def explainer(driver: str) -> Explain | None:
    """Return how to tell a driver's frames, None when nobody knows."""
    try:
        return load_named(EXPLAINERS, driver)
    except ConfigError:
        return None


class Conversation:
    """Joins bytes of one direction to a message and tells it when the other side speaks."""

    def __init__(self, explain: Explain | None) -> None:
        self._explain = explain
        self._direction = ""
        self._message = b""
        self._asked = b""

    def feed(self, direction: str, data: bytes) -> list[Told]:
        """Take bytes; return (direction, text) of the message that ended with them."""
        told = self.end() if direction != self._direction or direction == TX else []
        self._direction = direction
        self._message += data
        return told

    def end(self) -> list[Told]:
        """Return what the last message meant."""
        direction, message = self._direction, self._message
        self._direction, self._message = "", b""
        if not message or self._explain is None or direction == NOTE:
            return []
        lines = self._lines(direction, message)
        if direction == TX:
            self._asked = message
        return [(direction, line) for line in lines]

    def _lines(self, direction: str, message: bytes) -> list[str]:
        try:
            return self._explain(direction, message, self._asked)
        except CollectorError as error:
            return [f"{error.message} [{error.code}]"]
        except Exception as error:
            # Explainers may come from other packages, and see noise.
            return [f"not understood ({type(error).__name__})"]
