# SPDX-License-Identifier: MIT
"""Small stores of drivers: what must be on disk, synced, before anything else happens."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from ..model import CollectorError

_PATIENCE_SECONDS = 10


class DurableStore:
    """One SQLite file, safe between processes (``read`` beside ``run``). Methods block.

    Subclasses give the tables, and the code of the CollectorError that says that the file cannot
    be read or written. ``PRIVATE``: only its owner may read it.
    """

    SCHEMA: ClassVar[str]
    ERROR: ClassVar[str]
    PRIVATE: ClassVar[bool] = False

    def __init__(self, path: Path) -> None:
        self._path = path

    def exists(self) -> bool:
        """Whether anything was kept yet: a look at it must not create it."""
        return self._path.exists()

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """Surround one transaction; nothing of it is kept when the block raises."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            database = sqlite3.connect(
                self._path, timeout=_PATIENCE_SECONDS, isolation_level=None
            )
            try:
                if self.PRIVATE:
                    self._path.chmod(0o600)
                database.execute("PRAGMA synchronous=FULL")
                database.executescript(self.SCHEMA)
                database.execute("BEGIN IMMEDIATE")
                yield database
                database.execute("COMMIT")
            finally:
                database.close()
        except (sqlite3.Error, OSError) as error:
            raise CollectorError(f"{self._path}: {error}", self.ERROR) from error
