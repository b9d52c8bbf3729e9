"""What storing a reading safely costs: the outbox against SQLite with the same durability."""

import sqlite3
import tempfile
import time
from itertools import count
from pathlib import Path

import measure

from actwin_collector.model import Reading
from actwin_collector.outbox import Outbox

DIALOGUE = 12
"""Readings of one meter in one poll: they are stored and synced together."""

COMMITS = 300

SUSTAINED, GATHERED, SENT = 100_000, 100, 5_000
"""Readings of the long run, how many are stored in one commit, and how many go out in a batch."""

_TABLE = """
CREATE TABLE reading (
    id INTEGER PRIMARY KEY, channel TEXT, ts INTEGER, value TEXT, status INTEGER,
    UNIQUE (channel, ts, value))
"""


def main():
    with tempfile.TemporaryDirectory() as folder:
        outbox, bare = Outbox(Path(folder) / "outbox.db"), _bare(Path(folder) / "bare.db")
        clock = count(1_740_000_000, 60)
        times = measure.alternate(
            {
                "outbox": lambda _n: _fill(outbox.append, clock),
                "bare": lambda _n: _fill(lambda rows: _insert(bare, rows), clock),
            }
        )
        rates = measure.rates(times, DIALOGUE * COMMITS)
        outbox.close()
        sustained = [_sustained(Path(folder) / f"long{n}.db") for n in range(3)]
    name = f"outbox, {DIALOGUE} readings a synced commit, vs bare SQLite"
    required = [5_000.0] * len(sustained)
    measure.write(
        [
            measure.at_least("outbox", name, rates["outbox"], rates["bare"], 0.5, "readings/s"),
            measure.at_least(
                "outbox",
                f"{SUSTAINED:,} readings stored, sent and acknowledged, vs 5,000 a second",
                sustained,
                required,
                1,
                "readings/s",
            ),
        ]
    )


def _sustained(path):
    """Readings a second while what was stored goes out at the same time, every commit synced."""
    outbox = Outbox(path)
    started = time.perf_counter()
    for number in range(0, SUSTAINED, GATHERED):
        ts = 1_740_000_000 + number
        outbox.append([Reading(f"B/P:{n}", ts, f"{ts % 9973}.{n:03d}") for n in range(GATHERED)])
        if number % SENT == 0 and (batch := outbox.take(SENT)):
            outbox.ack(batch)
    while batch := outbox.take(SENT):
        outbox.ack(batch)
    rate = SUSTAINED / (time.perf_counter() - started)
    outbox.close()
    return rate


def _bare(path):
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute(_TABLE)
    return db


def _insert(db, rows):
    db.execute("BEGIN IMMEDIATE")
    db.executemany(
        "INSERT OR IGNORE INTO reading (channel, ts, value, status) VALUES (?, ?, ?, ?)",
        ((row.channel, row.ts, row.value, row.status) for row in rows),
    )
    db.execute("COMMIT")


def _fill(store, clock):
    """Work that stores ``COMMITS`` dialogues; the readings are made beforehand."""
    dialogues = []
    for _commit in range(COMMITS):
        ts = next(clock)
        dialogues.append([Reading(f"B/P:{n}", ts, f"{ts % 9973}.{n:03d}") for n in range(DIALOGUE)])

    def work():
        for dialogue in dialogues:
            store(dialogue)

    return work


if __name__ == "__main__":
    main()
