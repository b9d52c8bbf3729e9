# SPDX-License-Identifier: MIT
"""Which message counters were taken: a sliding window, as IPsec has it (RFC 4303, 3.4.3).

A counter above all others moves the window; one inside it is taken once, however late; what is
older than the window is refused. Whoever cannot prove a counter never gets here.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

# As many as RFC 4303 recommends.
SIZE = 64
_ALL = (1 << SIZE) - 1
TABLE = """CREATE TABLE IF NOT EXISTS taken(
    owner TEXT PRIMARY KEY, highest INTEGER NOT NULL, seen TEXT NOT NULL) WITHOUT ROWID;"""


@dataclass(frozen=True, slots=True)
class Window:
    """Bit n of ``seen`` tells whether ``highest`` - n was taken; ``highest`` -1: nothing was."""

    highest: int = -1
    seen: int = 0

    def takes(self, counter: int) -> bool:
        """Whether a counter was not taken yet and is not too old to tell."""
        behind = self.highest - counter
        return behind < 0 or (behind < SIZE and not self.seen >> behind & 1)

    def moved(self, counter: int) -> Window:
        """Return the window with a counter taken that it takes."""
        behind = self.highest - counter
        if behind >= 0:
            return Window(self.highest, self.seen | 1 << behind)
        if self.highest < 0:
            # What was sent before we knew the sender may have been recorded then.
            return Window(counter, _ALL)
        return Window(counter, (self.seen << min(-behind, SIZE) | 1) & _ALL)


def load(database: sqlite3.Connection, owner: str, highest: int) -> Window:
    """Return an owner's window; one kept as a highest counter alone has nothing open below it."""
    row = database.execute("SELECT highest, seen FROM taken WHERE owner=?", (owner,)).fetchone()
    if row and row[0] == highest:
        return Window(highest, int(row[1], 16))
    return Window(highest, _ALL if highest >= 0 else 0)


def save(database: sqlite3.Connection, owner: str, window: Window) -> None:
    """Keep an owner's window."""
    database.execute(
        "INSERT OR REPLACE INTO taken VALUES(?,?,?)",
        (owner, window.highest, f"{window.seen:x}"),
    )
