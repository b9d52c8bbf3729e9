# SPDX-License-Identifier: MIT
"""Guards a meter's password: one that was refused is never sent again, over restarts too.

Turkish meters lock for six hours after three wrong passwords, so the attempt is on disk before the
password is on the line. A refusal ends all use at once; an attempt that found no verdict (a cut
line, a killed process) may be repeated once. A changed secret or a changed ``password_confirm``
setting is an operator's word and starts anew. Only a salted hash of a password is kept.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3

from ..durable import DurableStore
from ..state import state_folder
from .errors import PasswordDisabled

FILE = "iec-passwords.sqlite"
_UNANSWERED_ALLOWED = 2
_TABLES = """CREATE TABLE IF NOT EXISTS attempt(
    device TEXT PRIMARY KEY, salt BLOB NOT NULL, mark BLOB NOT NULL,
    unanswered INTEGER NOT NULL, refused INTEGER NOT NULL) WITHOUT ROWID"""


class PasswordGuard(DurableStore):
    """What became of passwords, by device key."""

    SCHEMA = _TABLES
    ERROR = "password_store"
    PRIVATE = True

    def begin(self, device: str, secret: str, confirm: str = "") -> None:
        """Note an attempt before it is made; raises PasswordDisabled when it must not be."""
        with self._open() as database:
            salt, mark, unanswered, refused = self._row(database, device)
            if not salt or mark != _mark(salt, secret, confirm):
                salt = os.urandom(16)
                unanswered = refused = 0
            if refused or unanswered >= _UNANSWERED_ALLOWED:
                raise PasswordDisabled(
                    f"the password of {device} "
                    + ("was refused" if refused else f"found no answer {unanswered} times")
                    + ": change the secret or password_confirm"
                )
            database.execute(
                "INSERT INTO attempt VALUES(?,?,?,?,0) ON CONFLICT DO UPDATE SET"
                " salt=excluded.salt, mark=excluded.mark, unanswered=excluded.unanswered,"
                " refused=0",
                (device, salt, _mark(salt, secret, confirm), unanswered + 1),
            )

    def accepted(self, device: str) -> None:
        """The meter took the password."""
        with self._open() as database:
            database.execute("UPDATE attempt SET unanswered=0 WHERE device=?", (device,))

    def refused(self, device: str) -> None:
        """The meter refused the password."""
        with self._open() as database:
            database.execute("UPDATE attempt SET refused=1 WHERE device=?", (device,))

    def _row(self, database: sqlite3.Connection, device: str) -> tuple[bytes, bytes, int, int]:
        row = database.execute(
            "SELECT salt, mark, unanswered, refused FROM attempt WHERE device=?", (device,)
        ).fetchone()
        return row or (b"", b"", 0, 0)


def _mark(salt: bytes, secret: str, confirm: str) -> bytes:
    text = f"{secret}\0{confirm}".encode()
    return hashlib.scrypt(text, salt=salt, n=2**12, r=8, p=1, dklen=32)


def default_guard(setting: str = "") -> PasswordGuard:
    """Return the guard in the collector's state folder; raises ConfigError when there is none."""
    return PasswordGuard(state_folder(setting) / FILE)
