# SPDX-License-Identifier: MIT
"""What must outlive a restart: message counters taken, and layouts learned from full frames."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from ...model import ProtocolError
from ..durable import DurableStore
from ..state import state_folder

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

    SCHEMA = _TABLES
    ERROR = "counter_store"

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


def default_memory(setting: str = "") -> Memory:
    """Return the memory in the collector's state folder; raises ConfigError when there is none."""
    return Memory(state_folder(setting) / FILE)


def _print(key: bytes) -> str:
    # The key itself must not lie in this file.
    return hashlib.sha256(b"wmbus counter" + key).hexdigest()[:16]
