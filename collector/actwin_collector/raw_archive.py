# SPDX-License-Identifier: MIT
"""Meters' answers as they came, for disputes: compressed, bounded in time and size."""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
import threading
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .model import CollectorError

_log = logging.getLogger(__name__)

_PAGE = 4096
# Answers that wait for the next flush; a disk that refuses must not fill the memory instead.
_MOST_WAITING = 5000
_DAY = 86400
_TABLE = """
CREATE TABLE IF NOT EXISTS answer (
    id INTEGER PRIMARY KEY, device TEXT NOT NULL, at INTEGER NOT NULL, raw BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS answer_device ON answer (device, at);
CREATE INDEX IF NOT EXISTS answer_at ON answer (at);
"""


class RawError(CollectorError):
    """The archive cannot be written or read; readings are not concerned."""

    default_code = "raw_failed"


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """One dialogue's answer; ``at``: epoch seconds of its beginning."""

    device: str
    at: int
    raw: str


class RawArchive:
    """A SQLite file of its own. ``note`` costs nothing; ``flush`` writes and makes room.

    Older than ``days`` or beyond ``megabytes`` the oldest answers go. Unlike readings they are
    not synced one by one: a power cut may cost the last moments. Off with ``days`` 0.
    """

    def __init__(self, path: Path, days: int, megabytes: int) -> None:
        self.path = path
        self.days = days
        self.pages = megabytes * 1024 * 1024 // _PAGE
        self._waiting: list[RawAnswer] = []
        self._lock = threading.Lock()

    def note(self, device: str, at: float, raw: str) -> None:
        """Keep an answer in memory until the next flush."""
        if self.days and raw and len(self._waiting) < _MOST_WAITING:
            self._waiting.append(RawAnswer(device, int(at), raw))

    def flush(self, now: float) -> None:
        """Write what waits and delete what is too old or too much; raises RawError."""
        if not self.days or not self._waiting:
            return
        waiting, self._waiting = self._waiting, []
        rows = [(each.device, each.at, zlib.compress(each.raw.encode(), 6)) for each in waiting]
        with self._open() as db:
            db.execute("BEGIN IMMEDIATE")
            db.executemany("INSERT INTO answer (device, at, raw) VALUES (?, ?, ?)", rows)
            db.execute("DELETE FROM answer WHERE at < ?", (int(now) - self.days * _DAY,))
            db.execute("COMMIT")
            self._shrink(db)

    def find(
        self, device: str, start: float, end: float, last: int | None = None
    ) -> list[RawAnswer]:
        """Return a device's answers begun in [start, end], oldest first; raises RawError.

        ``last``: at most so many, the newest.
        """
        if not self._is_there():
            return []
        with self._open() as db:
            rows = db.execute(
                "SELECT device, at, raw FROM answer WHERE device = ? AND at BETWEEN ? AND ?"
                " ORDER BY at DESC, id DESC LIMIT ?",
                (device, int(start), int(end), -1 if last is None else last),
            ).fetchall()
            rows.reverse()
            return [RawAnswer(key, at, zlib.decompress(raw).decode()) for key, at, raw in rows]

    def _is_there(self) -> bool:
        try:
            os.stat(self.path)
        except FileNotFoundError:
            return False
        except OSError as error:  # a folder this user may not enter, most of all
            raise RawError(f"{self.path}: {error.strerror}") from error
        return True

    def _shrink(self, db: sqlite3.Connection) -> None:
        while _used(db) > self.pages:
            oldest = "SELECT id FROM answer ORDER BY at, id LIMIT 500"
            if not db.execute(f"DELETE FROM answer WHERE id IN ({oldest})").rowcount:
                return
        db.execute("PRAGMA incremental_vacuum").fetchall()

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                with contextlib.closing(self._connect()) as db:
                    yield db
            except (sqlite3.Error, zlib.error, OSError, UnicodeDecodeError) as error:
                self._put_aside(error)
                raise RawError(f"{self.path}: {error}") from error

    def _connect(self) -> sqlite3.Connection:
        is_new = not self.path.exists()
        db = sqlite3.connect(self.path, timeout=10, isolation_level=None)
        db.execute("PRAGMA auto_vacuum=INCREMENTAL")
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=NORMAL")
        db.executescript(_TABLE)
        if is_new:
            os.chmod(self.path, 0o600)
        return db

    def _put_aside(self, error: Exception) -> None:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            # The answers are proofs, not readings: the next ones need a place at once.
            _log.error("%s is damaged and put aside", self.path)
            os.replace(self.path, f"{self.path}.damaged")
            for suffix in ("-wal", "-shm"):
                Path(f"{self.path}{suffix}").unlink(missing_ok=True)


def _used(db: sqlite3.Connection) -> int:
    pages = db.execute("PRAGMA page_count").fetchone()[0]
    return pages - db.execute("PRAGMA freelist_count").fetchone()[0]
