# SPDX-License-Identifier: MIT
"""The outbox's statements: rows in, batches out. Each works inside the caller's transaction."""

from __future__ import annotations

import json
import sqlite3
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from .memory import Kept
from .model import COLLECTOR, Comm, Event, Reading
from .outbox_dead import DAMAGED, bury
from .outbox_schema import CHANNEL_NOTE, MEMORY_NOTE, SENT_NOTE, checksum

# Alarms travel by themselves and few at a time, so that nothing is waited for.
EVENTS_AT_ONCE = 500
_KINDS = ("reading", "event", "comm")


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows on their way, under an id that stays the same until they are acknowledged."""

    batch_id: str
    readings: tuple[Reading, ...]
    events: tuple[Event, ...] = ()
    comms: tuple[Comm, ...] = ()


def insert(
    db: sqlite3.Connection,
    ids: Mapping[str, int],
    readings: Iterable[Reading],
    events: Iterable[Event],
    comms: Iterable[Comm],
) -> int:
    """Queue rows; returns how many readings were new."""
    before = db.total_changes
    db.executemany(
        "INSERT OR IGNORE INTO reading (channel, ts, value, status, sum) VALUES (?, ?, ?, ?, ?)",
        ((ids[r.channel], r.ts, r.value, r.status, checksum(r)) for r in readings),
    )
    new = db.total_changes - before
    db.executemany(
        "INSERT INTO event (device, ts, code, text) VALUES (?, ?, ?, ?)",
        ((e.device, e.ts, e.code, e.text) for e in events),
    )
    db.executemany(
        "INSERT INTO comm (device, started, ended, ok, attempts, error)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        ((c.device, c.started, c.ended, c.ok, c.attempts, c.error) for c in comms),
    )
    return new


def remember(db: sqlite3.Connection, marks: Mapping[str, int], memory: Mapping[str, Kept]) -> None:
    """Keep what is known of devices beside their readings."""
    db.executemany("INSERT OR REPLACE INTO mark VALUES (?, ?)", marks.items())
    db.executemany("DELETE FROM gap WHERE device = ?", ((device,) for device in memory))
    db.executemany(
        "INSERT INTO gap VALUES (?, ?, ?)",
        ((device, *span) for device, kept in memory.items() for span in kept.gaps),
    )
    db.executemany(
        "INSERT OR REPLACE INTO note VALUES (?, ?, ?)",
        ((device, MEMORY_NOTE, kept.notes) for device, kept in memory.items()),
    )


def recall(db: sqlite3.Connection) -> dict[str, Kept]:
    """Return what ``remember`` kept."""
    spans: dict[str, list[tuple[int, int]]] = {}
    for device, start, until in db.execute("SELECT device, start, until FROM gap ORDER BY start"):
        spans.setdefault(device, []).append((start, until))
    notes = dict(db.execute("SELECT device, value FROM note WHERE name = ?", (MEMORY_NOTE,)))
    return {
        device: Kept(tuple(spans.get(device, ())), notes.get(device, ""))
        for device in sorted(spans.keys() | notes.keys())
    }


def add_channels(db: sqlite3.Connection, keys: Iterable[str]) -> dict[str, int]:
    """Number new channels and return all numbers."""
    db.executemany("INSERT OR IGNORE INTO channel (key) VALUES (?)", ((key,) for key in keys))
    found = dict(db.execute("SELECT key, id FROM channel").fetchall())
    db.executemany(
        "INSERT OR IGNORE INTO note VALUES ('', ?, ?)",
        ((f"{CHANNEL_NOTE}:{found[key]}", key) for key in keys),
    )
    return found


def cut_batch(db: sqlite3.Connection, limit: int, events_first: bool) -> tuple | None:
    """Make the next batch: the newest events, or else the oldest readings."""
    row = _cut(db, {"event": ("DESC", min(limit, EVENTS_AT_ONCE))}) if events_first else None
    row = row or _cut(db, {"reading": ("ASC", limit), "comm": ("ASC", limit)})
    return row or _cut(db, {"event": ("DESC", min(limit, EVENTS_AT_ONCE))})


def _cut(db: sqlite3.Connection, kinds: Mapping[str, tuple[str, int]]) -> tuple | None:
    bounds: list[int | None] = []
    for kind in _KINDS:
        order, limit = kinds.get(kind, ("ASC", 0))
        bounds += db.execute(
            "SELECT min(id), max(id) FROM"
            f" (SELECT id FROM {kind} ORDER BY id {order} LIMIT ?)",
            (limit,),
        ).fetchone()
    if not any(bounds):
        return None
    row = (str(uuid.uuid4()), *bounds)
    db.execute("INSERT INTO batch VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    return row


def load_batch(db: sqlite3.Connection, row: tuple) -> Batch:
    """Return a batch's rows; a reading that was damaged on the disk is put aside and told of."""
    found: dict[str, list] = {kind: [] for kind in _KINDS}
    queries = {
        "reading": "SELECT c.key, r.ts, r.value, r.status, r.sum, r.id FROM reading r"
        " JOIN channel c ON c.id = r.channel WHERE r.id BETWEEN ? AND ? ORDER BY r.id",
        "event": "SELECT device, ts, code, text FROM event WHERE id BETWEEN ? AND ? ORDER BY id",
        "comm": "SELECT device, started, ended, ok, attempts, error FROM comm"
        " WHERE id BETWEEN ? AND ? ORDER BY id",
    }
    for kind, first, last in ranges(row):
        found[kind] = db.execute(queries[kind], (first, last)).fetchall()
    return Batch(
        row[0],
        tuple(_sound(db, found["reading"])),
        tuple(Event(*fields) for fields in found["event"]),
        tuple(Comm(*fields[:3], bool(fields[3]), *fields[4:]) for fields in found["comm"]),
    )


def _sound(db: sqlite3.Connection, rows: Iterable[tuple]) -> Iterator[Reading]:
    for *fields, sum_, number in rows:
        reading = Reading(*fields)
        if sum_ in (None, checksum(reading)):
            yield reading
            continue
        text = "its check sum is wrong"
        bury(db, [(reading, DAMAGED, text)])
        db.execute("DELETE FROM reading WHERE id = ?", (number,))
        told = f"{reading.channel} at {reading.ts}: {text}; it lies with the dead letters"
        insert(db, {}, [], [Event(COLLECTOR, int(time.time()), "reading_damaged", told)], [])


def forget(db: sqlite3.Connection, row: tuple) -> None:
    """Delete a delivered batch and its rows, and note how far delivery has come."""
    for kind, first, last in ranges(row):
        db.execute(f"DELETE FROM {kind} WHERE id BETWEEN ? AND ?", (first, last))
    db.execute("DELETE FROM batch WHERE batch_id = ?", (row[0],))
    known = db.execute("SELECT value FROM note WHERE name = ?", (SENT_NOTE,)).fetchone()
    sent = json.loads(known[0]) if known else [0, 0]
    sent = [max(sent[0], row[2] or 0), max(sent[1], row[6] or 0)]
    db.execute("INSERT OR REPLACE INTO note VALUES ('', ?, ?)", (SENT_NOTE, json.dumps(sent)))


def ranges(row: tuple) -> list[tuple[str, int, int]]:
    """Return (table, first id, last id) of a batch's parts."""
    return [
        (kind, row[1 + 2 * at], row[2 + 2 * at])
        for at, kind in enumerate(_KINDS)
        if row[1 + 2 * at] is not None
    ]
