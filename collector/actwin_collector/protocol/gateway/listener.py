# SPDX-License-Identifier: MIT
"""Hears JSON: HTTP bodies, MQTT messages, or one text a line on a byte stream."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence

from ...model import CollectorError, Heard
from ..base import Listener
from .paths import MAX_BYTES, messages, read_json


class JsonListener(Listener):
    """Cuts JSON texts; a list in one of them is as many messages."""

    def __init__(self) -> None:
        super().__init__()
        self._buffer = b""

    def feed(self, data: bytes) -> Sequence[Heard]:
        """Take bytes as they arrive; return the messages that are whole now."""
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        if len(self._buffer) > MAX_BYTES:
            self.note("oversized")
            self._buffer = b""
        return [heard for line in lines if line.strip() for heard in self.message(line)]

    def message(self, data: bytes, topic: str = "") -> Sequence[Heard]:
        """Take one HTTP body or MQTT message."""
        try:
            found = list(messages(read_json(data)))
        except CollectorError as error:
            self.note(error.code)
            return []
        return [heard for each in found for heard in self._taken(each, topic)]

    def _taken(self, message: object, topic: str) -> list[Heard]:
        try:
            return list(self.take(message, topic))
        except CollectorError as error:
            self.note(error.code)
            return []

    @abstractmethod
    def take(self, message: object, topic: str) -> Iterator[Heard]:
        """Yield what meters said in one message; raises CollectorError, which is counted."""
