# SPDX-License-Identifier: MIT
"""The outbox file: its tables, how it is opened, and what happens when it is damaged."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import sqlite3
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

from .files import sync_directory
from .model import CollectorError, Reading
from .outbox_log import is_broken

_log = logging.getLogger(__name__)

PAGE = 4096
# Acknowledging must always work, so the hard limit lies above the one for taking readings.
HEADROOM_PAGES = 512

_TABLES = """
CREATE TABLE IF NOT EXISTS channel (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS reading (
    id INTEGER PRIMARY KEY AUTOINCREMENT,  -- never reused: a batch is a range of ids
    channel INTEGER NOT NULL, ts INTEGER NOT NULL, value TEXT NOT NULL, status INTEGER NOT NULL,
    sum INTEGER,  -- checksum(): SQLite's own pages have none
    UNIQUE (channel, ts, value));
CREATE TABLE IF NOT EXISTS event (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    device TEXT NOT NULL, ts INTEGER NOT NULL, code TEXT NOT NULL, text TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS comm (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    device TEXT NOT NULL, started REAL NOT NULL, ended REAL NOT NULL, ok INTEGER NOT NULL,
    attempts INTEGER NOT NULL, error TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS batch (
    batch_id TEXT PRIMARY KEY,
    reading_first INTEGER, reading_last INTEGER, event_first INTEGER, event_last INTEGER,
    comm_first INTEGER, comm_last INTEGER);
CREATE TABLE IF NOT EXISTS dead (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel TEXT NOT NULL, ts INTEGER NOT NULL, value TEXT NOT NULL, status INTEGER NOT NULL,
    code TEXT NOT NULL, text TEXT NOT NULL, refused_at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS mark (device TEXT PRIMARY KEY, ts INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS gap (
    device TEXT NOT NULL, start INTEGER NOT NULL, until INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS note (
    device TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (device, name));
"""
# Notes of the outbox itself have no device. Channels' names lie twice in the file: without its
# name a reading that is otherwise whole could not be salvaged.
CHANNEL_NOTE = "channel"
SENT_NOTE = "sent"
SALVAGE_NOTE = "salvage"
MEMORY_NOTE = "memory"
_LOOKS, _LOOK_SECONDS = 4, 0.1
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


class OutboxError(CollectorError):
    """The outbox cannot take or give anything now; what was not taken stays due."""

    default_code = "outbox_failed"


class OutboxFull(OutboxError):
    """The quota is reached or the disk is full; nothing is thrown away, nothing new is taken."""

    default_code = "outbox_full"


class OutboxDamaged(OutboxError):
    """The file is not a whole database any more."""

    default_code = "outbox_damaged"


def connect(path: Path, quota_bytes: int) -> sqlite3.Connection:
    """Open or create the file, synced on every commit; raises OutboxError."""
    is_new = not path.exists()
    try:
        if not is_new and _stays_broken(path):
            raise OutboxDamaged(f"{path} or its log is damaged")
    except OSError as error:
        raise OutboxError(f"{path}: {error}") from error
    with translated(path):
        db = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
    try:
        with translated(path):
            _prepare(db, quota_bytes)
    except OutboxError:
        db.close()
        raise
    if is_new:
        os.chmod(path, 0o600)
        sync_directory(path.parent)
    return db


def _stays_broken(path: Path) -> bool:
    # A log to which another process is just writing may look torn for a moment.
    for _ in range(_LOOKS):
        if not is_broken(path):
            return False
        time.sleep(_LOOK_SECONDS)
    return True


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[None]:
    """Keep other processes from replacing the file at the same time."""
    with open(f"{path}.lock", "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _prepare(db: sqlite3.Connection, quota_bytes: int) -> None:
    db.execute(f"PRAGMA page_size={PAGE}")
    db.execute("PRAGMA auto_vacuum=INCREMENTAL")
    db.execute("PRAGMA journal_mode=WAL")
    # In WAL mode only FULL syncs each commit: a reading counts as taken when the disk has it.
    db.execute("PRAGMA synchronous=FULL")
    db.execute("PRAGMA journal_size_limit=16777216")
    db.execute(f"PRAGMA max_page_count={quota_bytes // PAGE + HEADROOM_PAGES}")
    db.executescript(_TABLES)
    _migrate(db)


def _migrate(db: sqlite3.Connection) -> None:
    columns = {row[1] for row in db.execute("PRAGMA table_info(reading)")}
    if "sum" not in columns:
        db.execute("ALTER TABLE reading ADD COLUMN sum INTEGER")
    db.execute(
        "INSERT OR IGNORE INTO note SELECT '', ? || ':' || id, key FROM channel", (CHANNEL_NOTE,)
    )


def checksum(reading: Reading) -> int:
    """Return what a stored reading is checked with: a flipped bit must not become a value."""
    text = f"{reading.channel}|{reading.ts}|{reading.value}|{reading.status}"
    return zlib.crc32(text.encode())


@contextlib.contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into ours, by their codes."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code == sqlite3.SQLITE_FULL:
            raise OutboxFull(f"no room for new readings in {path}: {error}") from error
        if code in _DAMAGED:
            raise OutboxDamaged(f"{path} is damaged: {error}") from error
        raise OutboxError(f"{path}: {error}") from error


def move_aside(path: Path) -> Path:
    """Rename a damaged file and its companions for later salvage; returns the new name."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    target = path.with_name(f"{path.name}.damaged-{stamp}")
    number = 1
    while target.exists():
        number += 1
        target = path.with_name(f"{path.name}.damaged-{stamp}-{number}")
    for suffix in ("", "-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            os.replace(f"{path}{suffix}", f"{target}{suffix}")
    sync_directory(path.parent)
    _log.critical("the outbox %s was damaged; it lies at %s now, a new one begins", path, target)
    return target
