# SPDX-License-Identifier: MIT
"""Store and forward: what was read stays on disk until Odoo has answered for it."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from .memory import Kept
from .model import COLLECTOR, Comm, Event, Reading
from .outbox_dead import ANY, DeadLetter, Only, bury, by_code, exhume, letters
from .outbox_rows import (
    Batch,
    add_channels,
    cut_batch,
    forget,
    insert,
    load_batch,
    recall,
    remember,
)
from .outbox_salvage import Wreck, note_salvage, open_wreck, salvage_piece
from .outbox_schema import (
    PAGE,
    OutboxDamaged,
    OutboxFull,
    connect,
    move_aside,
    replacing,
    translated,
)

T = TypeVar("T")

DEFAULT_QUOTA = 2048 * 1024 * 1024
# A piece of a damaged file that is salvaged between two batches.
_SALVAGE_PAGES = 250
# So long a damaged file may keep the start waiting; the rest is salvaged while sending.
_SALVAGE_SECONDS = 10.0


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
        self._events_went = False
        self._age = 0  # how often a file was opened
        self._inode = 0
        self._wreck: Wreck | None = None
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._open()
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
        memory: Mapping[str, Kept] | None = None,
    ) -> int:
        """Take all or nothing; returns how many readings were new. Raises OutboxError.

        The same (channel, ts, value) again is ignored; another value for the same (channel, ts)
        is kept too, so that Odoo sees the conflict. ``marks``: up to where slots are accounted
        for, by device; ``memory``: what else a restart has to know of them.
        """
        rows = (list(readings), list(events), list(comms), marks or {}, memory or {})
        return self._mended(lambda: self._append(*rows))

    def _append(
        self,
        readings: Sequence[Reading],
        events: Sequence[Event],
        comms: Sequence[Comm],
        marks: Mapping[str, int],
        memory: Mapping[str, Kept],
    ) -> int:
        with self._transaction() as db:
            self._check_room(db)
            ids = self._channel_ids(db, readings)
            new = insert(db, ids, readings, events, comms)
            remember(db, marks, memory)
        self._channels = ids  # only now: a rolled back id must not stay known
        return new

    def take(self, limit: int = 5000) -> Batch | None:
        """Return the batch in flight, or a new one; None when nothing waits.

        Events go before readings and newest first; between two batches of them one of the oldest
        readings goes, so that neither waits for the other.
        """
        self.salvage()
        return self._mended(lambda: self._take(limit))

    def _take(self, limit: int) -> Batch | None:
        with self._transaction() as db:
            row = db.execute("SELECT * FROM batch ORDER BY rowid LIMIT 1").fetchone()
            row = row or cut_batch(db, limit, events_first=not self._events_went)
            batch = load_batch(db, row) if row else None
        self._events_went = bool(batch and batch.events)
        return batch

    def ack(self, batch: Batch, rejected: Iterable[tuple[int, str, str]] = ()) -> None:
        """Forget a delivered batch; rejected rows (index, code, text) go to the dead letters."""
        refused = list(rejected)
        self._mended(lambda: self._ack(batch, refused))

    def _ack(self, batch: Batch, rejected: list[tuple[int, str, str]]) -> None:
        with self._transaction() as db:
            row = db.execute(
                "SELECT * FROM batch WHERE batch_id = ?", (batch.batch_id,)
            ).fetchone()
            if row is None:  # another process was quicker with the same batch
                return
            forget(db, row)
            bury(
                db,
                [
                    (batch.readings[index], code, text)
                    for index, code, text in rejected
                    if 0 <= index < len(batch.readings)
                ],
            )
        self._shrink()

    def release(self, batch: Batch) -> None:
        """Give up a batch id that was surely not taken; its rows wait as before."""
        with self._transaction() as db:
            db.execute("DELETE FROM batch WHERE batch_id = ?", (batch.batch_id,))

    def requeue_dead(self, only: Only = ANY) -> int:
        """Put dead letters back into the queue, after their cause was mended."""
        with self._transaction() as db:
            readings = exhume(db, only)
            ids = self._channel_ids(db, readings)
            insert(db, ids, readings, [], [])
        self._channels = ids
        return len(readings)

    def dead_letters(self, limit: int = 100, only: Only = ANY) -> list[DeadLetter]:
        """Return the newest dead letters."""
        return self._read(lambda db: letters(db, only, limit))

    def dead_counts(self, only: Only = ANY) -> dict[str, int]:
        """Return how many dead letters there are, by their code."""
        return self._read(lambda db: by_code(db, only))

    def marks(self) -> dict[str, int]:
        """Return the end of the last stored slot by device, epoch seconds."""
        return self._read(lambda db: dict(db.execute("SELECT device, ts FROM mark").fetchall()))

    def memory(self) -> dict[str, Kept]:
        """Return what else is known of devices."""
        return self._read(recall)

    def stats(self) -> Stats:
        """Return counts and used bytes."""
        return self._read(_stats)

    def _read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        def call() -> T:
            with self._lock, translated(self.path):
                return query(self._db)

        return self._mended(call)

    def _mended(self, call: Callable[[], T]) -> T:
        """Return what ``call`` returns; on a file that proves damaged, once more on a new one."""
        age = self._age
        try:
            return call()
        except OutboxDamaged:
            with self._lock:
                if age == self._age:  # else another thread was quicker
                    self._begin_anew()
            return call()

    def _check_room(self, db: sqlite3.Connection) -> None:
        used = _used_pages(db) * PAGE
        if used >= self.quota_bytes:
            raise OutboxFull(f"{self.path} holds {used} bytes, its quota is {self.quota_bytes}")

    def _channel_ids(self, db: sqlite3.Connection, readings: Iterable[Reading]) -> dict[str, int]:
        wanted = {reading.channel for reading in readings}
        missing = sorted(wanted - self._channels.keys())
        return self._channels | add_channels(db, missing) if missing else self._channels

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock, translated(self.path):
            if self._was_replaced():
                self._db.close()
                self._channels = {}
                self._open()
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
        self._channels, self._wreck = {}, None
        with replacing(self.path):
            if self._was_replaced():  # another process was quicker
                self._open()
                return
            aside = move_aside(self.path)
            self._open()
            event = Event(COLLECTOR, int(time.time()), "outbox_damaged", f"moved to {aside.name}")
            with self._transaction() as db:
                insert(db, {}, [], [event], [])
                note_salvage(db, aside.name, 0)
        until = time.monotonic() + _SALVAGE_SECONDS
        while self.salvage() and time.monotonic() < until:
            pass

    def _open(self) -> None:
        self._db = connect(self.path, self.quota_bytes)
        self._age += 1
        self._inode = self.path.stat().st_ino

    def _was_replaced(self) -> bool:
        try:
            return self._inode not in (0, self.path.stat().st_ino)
        except FileNotFoundError:
            return False

    def salvage(self) -> bool:
        """Take what is still whole from a damaged file, a piece a call; False when there is none.

        What was delivered already may come again; Odoo knows it.
        """
        with contextlib.suppress(OutboxFull):
            return self._mended(self._salvage)
        return True

    def _salvage(self) -> bool:
        with self._lock:
            with self._transaction() as db:
                self._wreck = self._wreck or open_wreck(db, self.path.parent)
                if self._wreck is None:
                    return False
                ids = salvage_piece(db, self._wreck, _SALVAGE_PAGES, self._channels)
            self._channels = ids
            if self._wreck.is_done:
                self._wreck = None
        return True

    def _shrink(self) -> None:
        with self._lock, translated(self.path):
            free = self._db.execute("PRAGMA freelist_count").fetchone()[0]
            empty = self._db.execute("SELECT 1 FROM reading LIMIT 1").fetchone() is None
            if empty and free > 1000:
                self._db.execute("PRAGMA incremental_vacuum").fetchall()


def _stats(db: sqlite3.Connection) -> Stats:
    # The first row is the oldest taken; a minimum over ts would walk the whole table.
    oldest = db.execute("SELECT ts FROM reading ORDER BY id LIMIT 1").fetchone()
    counts = [
        db.execute(f"SELECT count(*) FROM {kind}").fetchone()[0]
        for kind in ("reading", "dead", "event")
    ]
    return Stats(*counts, oldest[0] if oldest else None, _used_pages(db) * PAGE)


def _used_pages(db: sqlite3.Connection) -> int:
    pages = db.execute("PRAGMA page_count").fetchone()[0]
    return pages - db.execute("PRAGMA freelist_count").fetchone()[0]
