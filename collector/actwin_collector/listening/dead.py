# SPDX-License-Identifier: MIT
"""Messages that our own code failed on, kept for whoever mends it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from ..files import write_atomic
from ..model import CollectorError

MOST_FILES = 200
MOST_BYTES = 64 * 1024 * 1024


class DeadMessages:
    """A folder with a JSON file a message: line, where from, time, error, the bytes as hex.

    The same bytes again change nothing. Beyond ``MOST_FILES`` or ``MOST_BYTES`` the oldest go.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, line: str, where: str, data: bytes, error: str, now: float) -> Path:
        """Return the file in which a message is on disk now; raises CollectorError. Blocks."""
        name = hashlib.sha256(f"{line}\n{where}\n".encode() + data).hexdigest()[:16]
        try:
            for known in self._folder.glob(f"*-{name}.json"):
                return known
            path = self._folder / f"{int(now):012d}-{name}.json"
            text = {"line": line, "where": where, "time": int(now), "error": error}
            write_atomic(path, json.dumps(text | {"telegram": data.hex().upper()}))
            self._make_room(path)
        except OSError as problem:
            raise CollectorError(f"{self._folder}: {problem}", "dead_store") from problem
        return path

    def _make_room(self, newest: Path) -> None:
        files = sorted(self._folder.glob("*.json"), reverse=True)
        used = 0
        for count, path in enumerate(files, 1):
            used += path.stat().st_size
            if path != newest and (count > MOST_FILES or used > MOST_BYTES):
                path.unlink()
