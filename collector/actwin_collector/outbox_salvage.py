# SPDX-License-Identifier: MIT
"""What can still be read in a damaged outbox, page by page."""

from __future__ import annotations

import json
import logging
import sqlite3
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path

from .model import COLLECTOR, STATUS_SUSPECT, Comm, Event, Reading
from .outbox_pages import Row, count_pages, rows_of
from .outbox_rows import add_channels, insert
from .outbox_schema import CHANNEL_NOTE, PAGE, SALVAGE_NOTE, SENT_NOTE, checksum

_log = logging.getLogger(__name__)

# Stamps outside 2000 to 2100 are no stamps.
_STAMPS = range(946684800, 4102444800)
_STATUSES = range(5)
_MOST_WRECKS = 3
# A damaged id may be any number; memory is not given for it.
_MOST_IDS = 100_000_000


@dataclass
class Salvaged:
    """What some pages held; ``lost`` counts readings that can be neither trusted nor named."""

    readings: list[Reading] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    comms: list[Comm] = field(default_factory=list)
    dead: list[tuple] = field(default_factory=list)
    marks: dict[str, int] = field(default_factory=dict)
    gaps: list[tuple[str, int, int]] = field(default_factory=list)
    notes: dict[tuple[str, str], str] = field(default_factory=dict)
    lost: int = 0


class Wreck:
    """A damaged file; its pages are gone through twice, tables first.

    An index holds each reading's channel, time and value again, but not its status: what only an
    index still knows is given as suspect. ``begin``: the first step that is still to do.
    """

    def __init__(self, path: Path, begin: int = 0) -> None:
        self.path = path
        self.pages = count_pages(path, PAGE)
        self.step = begin
        self.saved = 0
        self.lost = 0
        self._channels: dict[int, str] = {}
        self._sent = (0, 0)
        self._known = bytearray()  # one byte a reading that a table gave, by its id
        self._names()
        self.read(0, min(begin, self.pages))

    @property
    def steps(self) -> int:
        """How many pages there are to go through, in both passes."""
        return 2 * self.pages

    @property
    def is_done(self) -> bool:
        """Whether both passes are over."""
        return self.step >= self.steps

    def after(self, step: int, count: int) -> int:
        """Return the step after ``count`` pages; a piece never spans both passes."""
        return min(step + count, self.pages if step < self.pages else self.steps)

    def read(self, step: int, count: int) -> Salvaged:
        """Return what lies in ``count`` pages from ``step`` on; never raises for damage."""
        found = Salvaged()
        by_index = step >= self.pages
        first = step - self.pages if by_index else step
        for row in self._rows(first, min(count, self.pages - first)):
            if by_index and row.rowid is None:
                self._take_index(row.values, found)
            elif not by_index and row.rowid is not None:
                self._take_row(row, found)
        return found

    def _rows(self, first: int, count: int) -> Iterator[Row]:
        return rows_of(self.path, PAGE, first, count)

    def _names(self) -> None:
        # Channels' names lie twice in the file, on pages of different tables.
        for row in self._rows(0, self.pages):
            match row.values:
                case (None, str(key)) if row.rowid is not None:
                    self._channels[row.rowid] = key
                case (str(), str(name), str(value)) if row.rowid is not None:
                    self._take_note(name, value)

    def _take_note(self, name: str, value: str) -> None:
        kind, _, number = name.partition(":")
        if kind == CHANNEL_NOTE and number.isdecimal():
            self._channels.setdefault(int(number), value)
        elif name == SENT_NOTE:
            try:
                readings, comms = json.loads(value)
                self._sent = (max(self._sent[0], int(readings)), max(self._sent[1], int(comms)))
            except (ValueError, TypeError):
                return

    def _take_row(self, row: Row, found: Salvaged) -> None:
        match row.values:
            case (None, int(channel), int(ts), str(value), int(status), *rest) if len(rest) < 2:
                reading = Reading(self._channels.get(channel, ""), ts, value, status)
                if row.rowid > self._sent[0] and _is_sound(reading, [*rest, None][0]):
                    self._know(row.rowid - self._sent[0])
                    found.readings.append(reading)
            case (None, str(device), int(ts), str(code), str(text)) if ts in _STAMPS:
                found.events.append(Event(device, ts, code, text))
            case (None, str(device), started, ended, int(ok), int(tries), str(error)):
                if row.rowid > self._sent[1] and _are_numbers(started, ended):
                    found.comms.append(Comm(device, started, ended, bool(ok), tries, error))
            case (None, str(), int(), str(), int(), str(), str(), int()):
                found.dead.append(row.values[1:])
            case (str(device), int(ts)) if ts in _STAMPS:
                found.marks[device] = max(ts, found.marks.get(device, 0))
            case (str(device), int(start), int(end)) if end - start > 0 and end in _STAMPS:
                found.gaps.append((device, start, end))
            case (str(device), str(name), str(value)) if device:
                found.notes[device, name] = value

    def _take_index(self, values: tuple, found: Salvaged) -> None:
        match values:
            case (int(channel), int(ts), str(value), int(rowid)) if rowid > self._sent[0]:
                if self._is_known(rowid - self._sent[0]):
                    return
                reading = Reading(self._channels.get(channel, ""), ts, value, STATUS_SUSPECT)
                if _is_sound(reading, None):
                    found.readings.append(reading)
                else:
                    found.lost += 1

    def _know(self, number: int) -> None:
        if number < _MOST_IDS:
            self._known.extend(bytes(max(0, number + 1 - len(self._known))))
            self._known[number] = 1

    def _is_known(self, number: int) -> bool:
        return number < len(self._known) and bool(self._known[number])


def _is_sound(reading: Reading, check: object) -> bool:
    try:
        finite = Decimal(reading.value).is_finite()
    except InvalidOperation:
        return False
    plausible = reading.channel and reading.ts in _STAMPS and reading.status in _STATUSES
    return bool(finite and plausible and check in (None, checksum(reading)))


def _are_numbers(*values: object) -> bool:
    return all(isinstance(value, int | float) for value in values)


def note_salvage(db: sqlite3.Connection, name: str, step: int) -> None:
    """Note how far a damaged file is salvaged, so that a restart goes on there."""
    value = json.dumps([name, step])
    db.execute("INSERT OR REPLACE INTO note VALUES ('', ?, ?)", (SALVAGE_NOTE, value))


def open_wreck(db: sqlite3.Connection, folder: Path) -> Wreck | None:
    """Return the damaged file that is being salvaged, None when there is none."""
    row = db.execute("SELECT value FROM note WHERE name = ?", (SALVAGE_NOTE,)).fetchone()
    if row is None:
        return None
    name, step = json.loads(row[0])
    return Wreck(folder / name, step)


def salvage_piece(
    db: sqlite3.Connection, wreck: Wreck, pages: int, channels: Mapping[str, int]
) -> dict[str, int]:
    """Queue what lies in the next pages; returns the channels' numbers. At the end tells of it."""
    found = wreck.read(wreck.step, pages)
    keys = {reading.channel for reading in found.readings} - channels.keys()
    ids = dict(channels) | (add_channels(db, sorted(keys)) if keys else {})
    wreck.saved += insert(db, ids, found.readings, found.events, found.comms)
    wreck.lost += found.lost
    db.executemany("INSERT INTO dead VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)", found.dead)
    # What the running process has noted since is newer.
    db.executemany("INSERT OR IGNORE INTO mark VALUES (?, ?)", found.marks.items())
    db.executemany("INSERT INTO gap VALUES (?, ?, ?)", found.gaps)
    db.executemany(
        "INSERT OR IGNORE INTO note VALUES (?, ?, ?)",
        ((device, name, value) for (device, name), value in found.notes.items()),
    )
    wreck.step = wreck.after(wreck.step, pages)
    if wreck.is_done:
        db.execute("DELETE FROM note WHERE name = ?", (SALVAGE_NOTE,))
        text = f"{wreck.saved} readings out of {wreck.path.name}; {wreck.lost} could not be trusted"
        insert(db, {}, [], [Event(COLLECTOR, int(time.time()), "outbox_salvaged", text)], [])
        _log.critical("salvaged %s", text)
        _delete_old(wreck.path)
    else:
        note_salvage(db, wreck.path.name, wreck.step)
    return ids


def _delete_old(path: Path) -> None:
    # A disk that damages files again and again must not fill up with what was salvaged.
    stem = path.name.partition(".damaged-")[0]
    found = sorted(path.parent.glob(f"{stem}.damaged-*Z*"))
    wrecks = [each for each in found if not each.name.endswith(("-wal", "-shm"))]
    for old in wrecks[:-_MOST_WRECKS]:
        for suffix in ("", "-wal", "-shm"):
            Path(f"{old}{suffix}").unlink(missing_ok=True)
