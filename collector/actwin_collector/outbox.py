# SPDX-License-Identifier: MIT
"""Store and forward: what was read stays on disk until Odoo has answered for it."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .model import COLLECTOR, Comm, Event, Reading
from .outbox_schema import PAGE, OutboxDamaged, OutboxFull, connect, move_aside, translated

DEFAULT_QUOTA = 2048 * 1024 * 1024
_KINDS = ("reading", "event", "comm")


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows on their way, under an id that stays the same until they are acknowledged."""

    batch_id: str
    readings: tuple[Reading, ...]
    events: tuple[Event, ...] = ()
    comms: tuple[Comm, ...] = ()


@dataclass(frozen=True, slots=True)
class Stats:
    """``oldest``: epoch seconds of the oldest waiting reading, None when none waits."""

    pending: int
    dead: int
    events: int
    oldest: int | None
    bytes: int


class Outbox:
    """A SQLite file with room for ``quota_bytes``.

    Invariant: what ``append`` returned for is on disk, and leaves only through ``ack``. At the
    quota (or on a full disk) ``append`` raises OutboxFull and the file stays usable. Safe to use
    from several threads and processes.
    """

    def __init__(self, path: str | Path, quota_bytes: int = DEFAULT_QUOTA) -> None:
        self.path = Path(path)
        self.quota_bytes = quota_bytes
        self._lock = threading.RLock()
        self._channels: dict[str, int] = {}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._db = connect(self.path, quota_bytes)
        except OutboxDamaged:
            self._begin_anew()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def append(
        self,
        readings: Iterable[Reading] = (),
        events: Iterable[Event] = (),
        comms: Iterable[Comm] = (),
        marks: Mapping[str, int] | None = None,
        progress: Mapping[str, str] | None = None,
    ) -> int:
        """Take all or nothing; returns how many readings were new. Raises OutboxError.

        The same (channel, ts, value) again is ignored; another value for the same (channel, ts)
        is kept too, so that Odoo sees the conflict. ``marks``: last stored slot by device;
        ``progress``: what its unfinished slot holds (empty: nothing).
        """
        rows = (list(readings), list(events), list(comms), marks or {}, progress or {})
        try:
            return self._append(*rows)
        except OutboxDamaged:
            with self._lock:
                self._begin_anew()
            return self._append(*rows)

    def _append(
        self,
        readings: Sequence[Reading],
        events: Sequence[Event],
        comms: Sequence[Comm],
        marks: Mapping[str, int],
        progress: Mapping[str, str],
    ) -> int:
        with self._transaction() as db:
            self._check_room(db)
            ids = self._channel_ids(db, readings)
            before = db.total_changes
            db.executemany(
                "INSERT OR IGNORE INTO reading (channel, ts, value, status) VALUES (?, ?, ?, ?)",
                ((ids[r.channel], r.ts, r.value, r.status) for r in readings),
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
            db.executemany("INSERT OR REPLACE INTO mark VALUES (?, ?)", marks.items())
            db.executemany("INSERT OR REPLACE INTO progress VALUES (?, ?)", progress.items())
        self._channels = ids  # only now: a rolled back id must not stay known
        return new

    def take(self, limit: int = 5000) -> Batch | None:
        """Return the batch in flight, or a new one of the oldest rows; None when nothing waits."""
        try:
            with self._transaction() as db:
                row = db.execute("SELECT * FROM batch ORDER BY rowid LIMIT 1").fetchone()
                row = row or _cut_batch(db, limit)
                return _load_batch(db, row) if row else None
        except OutboxDamaged:
            with self._lock:
                self._begin_anew()
            return None

    def ack(self, batch: Batch, rejected: Iterable[tuple[int, str, str]] = ()) -> None:
        """Forget a delivered batch; rejected rows (index, code, text) go to the dead letters."""
        now = int(time.time())
        dead = [
            (r.channel, r.ts, r.value, r.status, code, text, now)
            for index, code, text in rejected
            if 0 <= index < len(batch.readings)
            for r in (batch.readings[index],)
        ]
        with self._transaction() as db:
            row = db.execute(
                "SELECT * FROM batch WHERE batch_id = ?", (batch.batch_id,)
            ).fetchone()
            if row is None:  # another process was quicker with the same batch
                return
            for kind, first, last in _ranges(row):
                db.execute(f"DELETE FROM {kind} WHERE id BETWEEN ? AND ?", (first, last))
            db.execute("DELETE FROM batch WHERE batch_id = ?", (batch.batch_id,))
            db.executemany(
                "INSERT INTO dead (channel, ts, value, status, code, text, refused_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                dead,
            )
        self._shrink()

    def release(self, batch: Batch) -> None:
        """Give up a batch id that was surely not taken; its rows wait as before."""
        with self._transaction() as db:
            db.execute("DELETE FROM batch WHERE batch_id = ?", (batch.batch_id,))

    def requeue_dead(self) -> int:
        """Put dead letters back into the queue, after their cause was mended."""
        with self._transaction() as db:
            rows = db.execute("SELECT channel, ts, value, status FROM dead ORDER BY id").fetchall()
            readings = [Reading(*row) for row in rows]
            ids = self._channel_ids(db, readings)
            db.execute("DELETE FROM dead")
            db.executemany(
                "INSERT OR IGNORE INTO reading (channel, ts, value, status) VALUES (?, ?, ?, ?)",
                ((ids[r.channel], r.ts, r.value, r.status) for r in readings),
            )
        return len(rows)

    def dead_letters(self, limit: int = 100) -> list[tuple[Reading, str, str]]:
        """Return the newest dead letters as (reading, code, text)."""
        with self._lock, translated(self.path):
            rows = self._db.execute(
                "SELECT channel, ts, value, status, code, text FROM dead"
                " ORDER BY id DESC LIMIT ?",
                (limit,),
            ).fetchall()
        return [(Reading(*row[:4]), row[4], row[5]) for row in rows]

    def marks(self) -> dict[str, int]:
        """Return the end of the last stored slot by device, epoch seconds."""
        with self._lock, translated(self.path):
            return dict(self._db.execute("SELECT device, ts FROM mark").fetchall())

    def progress(self) -> dict[str, str]:
        """Return what the unfinished slots of pushing devices held, by device."""
        with self._lock, translated(self.path):
            rows = self._db.execute("SELECT device, slot FROM progress WHERE slot <> ''").fetchall()
        return dict(rows)

    def stats(self) -> Stats:
        """Return counts and used bytes."""
        with self._lock, translated(self.path):
            count = self._db.execute("SELECT count(*) FROM reading").fetchone()[0]
            # The first row is the oldest taken; a minimum over ts would walk the whole table.
            oldest = self._db.execute("SELECT ts FROM reading ORDER BY id LIMIT 1").fetchone()
            dead = self._db.execute("SELECT count(*) FROM dead").fetchone()[0]
            events = self._db.execute("SELECT count(*) FROM event").fetchone()[0]
            used = _used_pages(self._db) * PAGE
        return Stats(count, dead, events, oldest[0] if oldest else None, used)

    def _check_room(self, db: sqlite3.Connection) -> None:
        used = _used_pages(db) * PAGE
        if used >= self.quota_bytes:
            raise OutboxFull(f"{self.path} holds {used} bytes, its quota is {self.quota_bytes}")

    def _channel_ids(self, db: sqlite3.Connection, readings: Iterable[Reading]) -> dict[str, int]:
        wanted = {reading.channel for reading in readings}
        missing = [(key,) for key in sorted(wanted - self._channels.keys())]
        if not missing:
            return self._channels
        db.executemany("INSERT OR IGNORE INTO channel (key) VALUES (?)", missing)
        return self._channels | dict(db.execute("SELECT key, id FROM channel").fetchall())

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock, translated(self.path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                # SQLite has rolled back by itself after a full disk.
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def _begin_anew(self) -> None:
        if hasattr(self, "_db"):
            self._db.close()
        aside = move_aside(self.path)
        self._channels.clear()
        self._db = connect(self.path, self.quota_bytes)
        event = Event(COLLECTOR, int(time.time()), "outbox_damaged", f"moved to {aside.name}")
        self._append([], [event], [], {}, {})

    def _shrink(self) -> None:
        with self._lock, translated(self.path):
            free = self._db.execute("PRAGMA freelist_count").fetchone()[0]
            empty = self._db.execute("SELECT 1 FROM reading LIMIT 1").fetchone() is None
            if empty and free > 1000:
                self._db.execute("PRAGMA incremental_vacuum").fetchall()


def _used_pages(db: sqlite3.Connection) -> int:
    pages = db.execute("PRAGMA page_count").fetchone()[0]
    return pages - db.execute("PRAGMA freelist_count").fetchone()[0]


def _cut_batch(db: sqlite3.Connection, limit: int) -> tuple | None:
    bounds: list[int | None] = []
    for kind in _KINDS:
        bounds += db.execute(
            f"SELECT min(id), max(id) FROM (SELECT id FROM {kind} ORDER BY id LIMIT ?)", (limit,)
        ).fetchone()
    if not any(bounds):
        return None
    row = (str(uuid.uuid4()), *bounds)
    db.execute("INSERT INTO batch VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    return row


def _ranges(row: tuple) -> list[tuple[str, int, int]]:
    return [
        (kind, row[1 + 2 * at], row[2 + 2 * at])
        for at, kind in enumerate(_KINDS)
        if row[1 + 2 * at] is not None
    ]


def _load_batch(db: sqlite3.Connection, row: tuple) -> Batch:
    found: dict[str, list] = {kind: [] for kind in _KINDS}
    queries = {
        "reading": "SELECT c.key, r.ts, r.value, r.status FROM reading r"
        " JOIN channel c ON c.id = r.channel WHERE r.id BETWEEN ? AND ? ORDER BY r.id",
        "event": "SELECT device, ts, code, text FROM event WHERE id BETWEEN ? AND ? ORDER BY id",
        "comm": "SELECT device, started, ended, ok, attempts, error FROM comm"
        " WHERE id BETWEEN ? AND ? ORDER BY id",
    }
    for kind, first, last in _ranges(row):
        found[kind] = db.execute(queries[kind], (first, last)).fetchall()
    return Batch(
        row[0],
        tuple(Reading(*fields) for fields in found["reading"]),
        tuple(Event(*fields) for fields in found["event"]),
        tuple(Comm(*fields[:3], bool(fields[3]), *fields[4:]) for fields in found["comm"]),
    )
