# SPDX-License-Identifier: MIT
"""Dead letters: readings that Odoo refused for good, or that were damaged here, with the reason.

Statements inside the caller's transaction, as in ``outbox_rows``.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable
from dataclasses import dataclass

from .model import Reading

# What was damaged here would still be a wrong value.
DAMAGED = "damaged"
_CHOSEN = "(:code = '' OR code = :code) AND (:channel = '' OR channel = :channel)"


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One of them; ``refused_at``: epoch seconds."""

    reading: Reading
    code: str
    text: str
    refused_at: int


@dataclass(frozen=True, slots=True)
class Only:
    """Which dead letters are meant; an empty text stands for any."""

    code: str = ""
    channel: str = ""


ANY = Only()


def bury(db: sqlite3.Connection, refused: Iterable[tuple[Reading, str, str]]) -> None:
    """Keep readings that cannot be delivered as they are, with code and text of the reason."""
    now = int(time.time())
    db.executemany(
        "INSERT INTO dead (channel, ts, value, status, code, text, refused_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        ((r.channel, r.ts, r.value, r.status, code, text, now) for r, code, text in refused),
    )


def letters(db: sqlite3.Connection, only: Only, limit: int) -> list[DeadLetter]:
    """Return the newest."""
    rows = db.execute(
        "SELECT channel, ts, value, status, code, text, refused_at FROM dead"
        f" WHERE {_CHOSEN} ORDER BY id DESC LIMIT :limit",
        {"code": only.code, "channel": only.channel, "limit": limit},
    )
    return [DeadLetter(Reading(*row[:4]), *row[4:]) for row in rows]


def by_code(db: sqlite3.Connection, only: Only) -> dict[str, int]:
    """Return how many there are, by code, the commonest first."""
    rows = db.execute(
        f"SELECT code, count(*) FROM dead WHERE {_CHOSEN} GROUP BY code ORDER BY 2 DESC, 1",
        {"code": only.code, "channel": only.channel},
    )
    return dict(rows.fetchall())


def exhume(db: sqlite3.Connection, only: Only) -> list[Reading]:
    """Take out and return, oldest first, those that may be delivered after all."""
    wanted = {"code": only.code, "channel": only.channel, "damaged": DAMAGED}
    where = f"code <> :damaged AND {_CHOSEN}"
    rows = db.execute(
        f"SELECT channel, ts, value, status FROM dead WHERE {where} ORDER BY id", wanted
    ).fetchall()
    db.execute(f"DELETE FROM dead WHERE {where}", wanted)
    return [Reading(*row) for row in rows]
