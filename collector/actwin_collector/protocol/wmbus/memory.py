# SPDX-License-Identifier: MIT
"""What must outlive a restart: message counters taken, and layouts learned from full frames."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Mapping

from ...model import ProtocolError
from ..durable import DurableStore
from ..state import state_folder
from ..window import TABLE, Window, load, save

FILE = "wmbus-memory.sqlite"
_TABLES = """
CREATE TABLE IF NOT EXISTS counter(
    meter TEXT NOT NULL, key TEXT NOT NULL, last INTEGER NOT NULL,
    PRIMARY KEY (meter, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS layout(
    signature INTEGER PRIMARY KEY, headers BLOB NOT NULL);
"""


class Memory(DurableStore):
    """Synced before a message counts as taken."""

    SCHEMA = _TABLES + TABLE
    ERROR = "counter_store"

    def last(self, meter: bytes, key: bytes) -> int | None:
        """Return the highest counter taken from a meter under a key, None for none."""
        with self._open() as database:
            return _last(database, meter, key)

    def check(self, meter: bytes, key: bytes, counter: int) -> bool:
        """Refuse a counter that was taken or is too old, as ``replayed``.

        Returns whether a higher one was taken before.
        """
        with self._open() as database:
            window = _window(database, meter, key)
        if not window.takes(counter):
            raise ProtocolError(f"message counter {counter} was heard before", "replayed")
        return counter < window.highest

    def keep(self, meter: bytes, key: bytes, counter: int) -> None:
        """Take note of a counter; one that was taken already changes nothing."""
        with self._open() as database:
            window = _window(database, meter, key)
            if not window.takes(counter):
                return
            window = window.moved(counter)
            save(database, _owner(meter, key), window)
            database.execute(
                "INSERT OR REPLACE INTO counter VALUES(?,?,?)",
                (meter.hex(), _print(key), window.highest),
            )

    def layouts(self) -> Mapping[int, bytes]:
        """Return the headers of learned layouts by signature."""
        with self._open() as database:
            return dict(database.execute("SELECT signature, headers FROM layout"))

    def learn(self, layouts: Mapping[int, bytes]) -> None:
        """Keep layouts."""
        with self._open() as database:
            database.executemany("INSERT OR REPLACE INTO layout VALUES(?,?)", layouts.items())


def default_memory(setting: str = "") -> Memory:
    """Return the memory in the collector's state folder; raises ConfigError when there is none."""
    return Memory(state_folder(setting) / FILE)


def _print(key: bytes) -> str:
    # The key itself must not lie in this file.
    return hashlib.sha256(b"wmbus counter" + key).hexdigest()[:16]


def _last(database: sqlite3.Connection, meter: bytes, key: bytes) -> int | None:
    row = database.execute(
        "SELECT last FROM counter WHERE meter=? AND key=?", (meter.hex(), _print(key))
    ).fetchone()
    return None if row is None else row[0]


def _window(database: sqlite3.Connection, meter: bytes, key: bytes) -> Window:
    last = _last(database, meter, key)
    return load(database, _owner(meter, key), -1 if last is None else last)


def _owner(meter: bytes, key: bytes) -> str:
    return f"{meter.hex()} {_print(key)}"
