# SPDX-License-Identifier: MIT
"""Invocation counters that survive everything: none sent is used twice, none received taken twice.

A nonce used twice under one key tells the key stream; so a counter is reserved on disk, synced,
before any message carries it.
"""

from __future__ import annotations

from ...model import ConfigError, ProtocolError
from ..durable import DurableStore
from ..state import state_folder
from ..window import SIZE, TABLE, Window, load, save

RESERVE = 100
LIMIT = 0xFFFF_FFFF
FILE = "dlms-counters.sqlite"
_TABLES = """CREATE TABLE IF NOT EXISTS counter(
    direction TEXT NOT NULL, title TEXT NOT NULL, key TEXT NOT NULL,
    next INTEGER NOT NULL, stale INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (direction, title, key)) WITHOUT ROWID"""
_WAYS = ("received", "pushed")


class CounterStore(DurableStore):
    """Counters by direction, sender's system title and key."""

    SCHEMA = f"{_TABLES}; {TABLE}"
    ERROR = "counter_store"

    def needs_meter(self, title: bytes, key: str) -> bool:
        """Whether the meter should be asked: nothing is known, or it refused our last one."""
        with self._open() as database:
            row = database.execute(
                "SELECT stale FROM counter WHERE direction='sent' AND title=? AND key=?",
                (title.hex(), key),
            ).fetchone()
        return row is None or bool(row[0])

    def reserve(self, title: bytes, key: str, at_least: int = 0, count: int = RESERVE) -> int:
        """Return the first of ``count`` counters that nobody else will ever get."""
        with self._open() as database:
            start = max(self._next(database, "sent", title, key), at_least)
            if start + count > LIMIT:
                text = "the invocation counters are used up: change the key"
                raise ConfigError(text, "exhausted")
            self._set(database, "sent", title, key, start + count)
        return start

    def give_back(self, title: bytes, key: str, reserved_end: int, unused: int) -> None:
        """Free the counters from ``unused`` on, unless someone reserved more meanwhile."""
        with self._open() as database:
            database.execute(
                "UPDATE counter SET next=? WHERE direction='sent' AND title=? AND key=?"
                " AND next=? AND next>?",
                (unused, title.hex(), key, reserved_end, unused),
            )

    def mark_stale(self, title: bytes, key: str) -> None:
        """Remember that the meter refused a counter."""
        with self._open() as database:
            database.execute(
                "UPDATE counter SET stale=1 WHERE direction='sent' AND title=? AND key=?",
                (title.hex(), key),
            )

    def last_received(self, title: bytes, key: str, pushed: bool = False) -> int:
        """Return the highest counter taken from a sender, -1 for none.

        Answers and pushes are watched apart: a push may be opened after later answers.
        """
        with self._open() as database:
            return self._next(database, _WAYS[pushed], title, key) - 1

    def check_push(self, title: bytes, key: str, counter: int) -> bool:
        """Refuse a push's counter that was taken or is too old, as ``replayed``.

        Returns whether a higher one was taken before.
        """
        with self._open() as database:
            window = self._window(database, title, key)
        if not window.takes(counter):
            text = f"invocation counter {counter} of {title.hex().upper()} was heard before"
            raise ProtocolError(f"{text}, or is older than the last {SIZE}", "replayed")
        return counter < window.highest

    def received(self, title: bytes, key: str, counter: int, pushed: bool = False) -> None:
        """Take note of a counter.

        Answers come in the order of their questions, so only the highest is kept of them.
        """
        with self._open() as database:
            if not pushed and counter >= self._next(database, _WAYS[pushed], title, key):
                self._set(database, _WAYS[pushed], title, key, counter + 1)
            if pushed:
                self._take_push(database, title, key, counter)

    def _take_push(self, database, title: bytes, key: str, counter: int) -> None:
        window = self._window(database, title, key)
        if window.takes(counter):
            window = window.moved(counter)
            save(database, f"{title.hex()} {key}", window)
            self._set(database, _WAYS[True], title, key, window.highest + 1)

    def _window(self, database, title: bytes, key: str) -> Window:
        highest = self._next(database, _WAYS[True], title, key) - 1
        return load(database, f"{title.hex()} {key}", highest)

    def _next(self, database, direction: str, title: bytes, key: str) -> int:
        row = database.execute(
            "SELECT next FROM counter WHERE direction=? AND title=? AND key=?",
            (direction, title.hex(), key),
        ).fetchone()
        return row[0] if row else 0

    def _set(self, database, direction: str, title: bytes, key: str, value: int) -> None:
        database.execute(
            "INSERT INTO counter VALUES(?,?,?,?,0) ON CONFLICT DO UPDATE SET next=?, stale=0",
            (direction, title.hex(), key, value, value),
        )


def default_store(setting: str = "") -> CounterStore:
    """Return the store in the collector's state folder; raises ConfigError when there is none.

    See ``protocol.state`` for where that is.
    """
    try:
        return CounterStore(state_folder(setting) / FILE)
    except ConfigError as error:
        text = f"no place for invocation counters: {error.message}"
        raise ConfigError(text, "counter_store") from None
