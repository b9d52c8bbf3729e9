# SPDX-License-Identifier: MIT
"""Meters and modems that were heard although no device stands for them."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from ..files import write_atomic

_log = logging.getLogger(__name__)

MOST_OF_A_LINE = 100
RAW_CHARACTERS = 1024
# A flood of invented names must neither hide the real ones nor wear out the disk.
NEW_PER_HOUR = 60
_HOUR = 3600.0


@dataclass
class Stranger:
    """One sender nobody configured: how often and when heard, and its last message."""

    line: str
    driver: str
    sender: str
    where: str
    first: float
    last: float
    count: int
    raw: str


class Unassigned:
    """Remembers strangers: at most ``MOST_OF_A_LINE`` a line, ``NEW_PER_HOUR`` new ones an hour.

    Those beyond are only counted in ``beyond``. ``path`` keeps them over a restart.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.beyond: dict[str, int] = {}
        self.dirty = False
        self._path = path
        self._known: dict[tuple[str, str, str], Stranger] = {}
        self._new: dict[str, list[float]] = {}
        self._load()

    def note(
        self, line: str, driver: str, sender: str, where: str, raw: str, now: float
    ) -> bool:
        """Remember a message; returns whether its sender was not known so far."""
        key = (line, driver, sender[:64])
        known = self._known.get(key)
        raw = printable(raw[:RAW_CHARACTERS])
        self.dirty = True
        if known is not None:
            known.where, known.raw = printable(where), raw
            known.last, known.count = now, known.count + 1
            return False
        if not self._may_be_new(line, now):
            self.beyond[line] = self.beyond.get(line, 0) + 1
            return False
        self._make_room(line)
        name = printable(sender[:64])
        self._known[key] = Stranger(line, driver, name, printable(where), now, now, 1, raw)
        return True

    def forget(self, line: str, driver: str, sender: str) -> None:
        """Forget a stranger that became a device."""
        if self._known.pop((line, driver, sender[:64]), None):
            self.dirty = True

    def listed(self) -> list[Stranger]:
        """Return all that are remembered, last heard first."""
        return sorted(self._known.values(), key=lambda each: -each.last)

    def changed(self) -> str | None:
        """Return the file's new text, None when nothing changed since the last time."""
        if self._path is None or not self.dirty:
            return None
        self.dirty = False
        return json.dumps([asdict(each) for each in self.listed()], indent=1)

    def write(self, text: str) -> None:
        """Write the file; a full disk costs the list, not the readings. May run in a thread."""
        try:
            write_atomic(self._path, text)
        except OSError as error:
            self.dirty = True
            _log.warning("%s cannot be written: %s", self._path, error)

    def _may_be_new(self, line: str, now: float) -> bool:
        recent = [at for at in self._new.get(line, []) if 0 <= now - at < _HOUR]
        allowed = len(recent) < NEW_PER_HOUR
        self._new[line] = [*recent, now] if allowed else recent
        return allowed

    def _make_room(self, line: str) -> None:
        of_line = [(key, each) for key, each in self._known.items() if each.line == line]
        if len(of_line) >= MOST_OF_A_LINE:
            # Who was heard once only and longest ago is the least likely to be a meter.
            key, _ = min(of_line, key=lambda pair: (pair[1].count > 1, pair[1].last))
            del self._known[key]

    def _load(self) -> None:
        if self._path is None or not os.path.exists(self._path):
            return
        try:
            for row in json.loads(self._path.read_text(encoding="utf-8")):
                stranger = Stranger(**row)
                self._known[stranger.line, stranger.driver, stranger.sender] = stranger
        except (OSError, ValueError, TypeError, AttributeError) as error:
            _log.warning("%s cannot be read and begins anew: %s", self._path, error)


def printable(text: str) -> str:
    """Return a text that strangers wrote so that any screen and XML can carry it."""
    return "".join(each if each.isprintable() else f"\\x{ord(each):02x}" for each in text)


def raw_text(telegram: Mapping[str, object]) -> str:
    """Return a telegram as an operator may paste it into ``decode``."""
    if list(telegram) == ["telegram"]:
        return str(telegram["telegram"])
    return json.dumps(telegram, default=str, ensure_ascii=False)
