# SPDX-License-Identifier: MIT
"""What must outlive a restart: message counters taken, and layouts learned from full frames."""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path

from ...model import CollectorError, ProtocolError
from ..state import state_folder

FILE = "wmbus-memory.sqlite"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS counter(
    meter TEXT NOT NULL, key TEXT NOT NULL, last INTEGER NOT NULL,
    PRIMARY KEY (meter, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS layout(
    signature INTEGER PRIMARY KEY, headers BLOB NOT NULL);
"""


class Memory:
    """One SQLite file, synced before a message counts as taken. Methods block."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def exists(self) -> bool:
        """Whether anything was kept yet: a look at it must not create it."""
        return self._path.exists()

    def last(self, meter: bytes, key: bytes) -> int | None:
        """Return the highest counter taken from a meter under a key, None for none."""
        with self._open() as database:
            row = database.execute(
                "SELECT last FROM counter WHERE meter=? AND key=?", (meter.hex(), _print(key))
            ).fetchone()
        return None if row is None else row[0]

    def check(self, meter: bytes, key: bytes, counter: int) -> None:
        """Refuse a counter that is not higher than all kept; raises ``replayed``."""
        last = self.last(meter, key)
        if last is not None and counter <= last:
            raise ProtocolError(f"message counter {counter} was heard before", "replayed")

    def keep(self, meter: bytes, key: bytes, counter: int) -> None:
        """Take note of a counter; lower ones change nothing."""
        with self._open() as database:
            database.execute(
                "INSERT INTO counter VALUES(?,?,?) ON CONFLICT DO UPDATE SET last=excluded.last"
                " WHERE excluded.last > last",
                (meter.hex(), _print(key), counter),
            )

    def layouts(self) -> Mapping[int, bytes]:
        """Return the headers of learned layouts by signature."""
        with self._open() as database:
            return dict(database.execute("SELECT signature, headers FROM layout"))

    def learn(self, layouts: Mapping[int, bytes]) -> None:
        """Keep layouts."""
        with self._open() as database:
            database.executemany("INSERT OR REPLACE INTO layout VALUES(?,?)", layouts.items())

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            database = sqlite3.connect(self._path, timeout=10, isolation_level=None)
            try:
                database.execute("PRAGMA synchronous=FULL")
                database.executescript(_SCHEMA)
                database.execute("BEGIN IMMEDIATE")
                yield database
                database.execute("COMMIT")
            finally:
                database.close()
        except (sqlite3.Error, OSError) as error:
            raise CollectorError(f"{self._path}: {error}", "counter_store") from error


def default_memory(setting: str = "") -> Memory:
    """Return the memory in the collector's state folder; raises ConfigError when there is none."""
    return Memory(state_folder(setting) / FILE)


def _print(key: bytes) -> str:
    # The key itself must not lie in this file.
    return hashlib.sha256(b"wmbus counter" + key).hexdigest()[:16]
