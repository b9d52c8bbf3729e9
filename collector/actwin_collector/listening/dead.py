# SPDX-License-Identifier: MIT
"""Messages that our own code failed on, kept for whoever mends it, and then heard again."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..files import sync_directory, write_atomic
from ..model import CollectorError, Heard

FOLDER = "dead-messages"
MOST_FILES = 200
MOST_BYTES = 64 * 1024 * 1024
_AGAIN = "again"
_ALL = "*.json"


@dataclass(frozen=True, slots=True)
class DeadMessage:
    """One of them: where and when it came, why it failed, and its bytes.

    ``driver`` and ``heard`` are those of one that a driver's listener had cut already; ``time``:
    epoch seconds.
    """

    line: str
    where: str
    time: int
    error: str
    data: bytes
    driver: str = ""
    heard: Heard | None = None
    name: str = field(default="", compare=False)

    def text(self) -> str:
        """Return it as a file has it."""
        row: dict = {"line": self.line, "where": self.where, "time": self.time}
        row |= {"error": self.error, "telegram": self.data.hex().upper()}
        if self.heard is not None:
            heard = {"sender": self.heard.sender, "telegram": dict(self.heard.telegram)}
            row |= {"driver": self.driver, "heard": heard}
        return json.dumps(row, default=str)


class DeadMessages:
    """A folder with a JSON file a message; those to be heard again lie in a folder below.

    The same bytes again change nothing. Beyond ``MOST_FILES`` or ``MOST_BYTES`` the oldest go.
    Methods block.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, message: DeadMessage) -> Path:
        """Return the file in which a message is on disk now; raises CollectorError."""
        origin = f"{message.line}\n{message.where}\n".encode()
        name = hashlib.sha256(origin + message.data).hexdigest()[:16]
        try:
            for known in self._folder.glob(f"*-{name}.json"):
                return known
            path = self._folder / f"{message.time:012d}-{name}.json"
            write_atomic(path, message.text())
            self._make_room(path)
        except OSError as problem:
            raise self._failure(problem) from problem
        return path

    def count(self) -> int:
        """Return how many there are that nobody had heard again."""
        return len(list(self._folder.glob(_ALL)))

    def listed(self) -> list[DeadMessage]:
        """Return those, the newest first; files that are none are passed over."""
        return self._read(self._folder)[::-1]

    def again(self) -> int:
        """Let all be heard again by the running collector; returns how many."""
        try:
            below = self._folder / _AGAIN
            paths = sorted(self._folder.glob(_ALL))
            if paths:
                below.mkdir(exist_ok=True)
            for path in paths:
                path.replace(below / path.name)
            if paths:
                sync_directory(below)
        except OSError as problem:
            raise self._failure(problem) from problem
        return len(paths)

    def waiting(self) -> list[DeadMessage]:
        """Return those to be heard again, oldest first."""
        return self._read(self._folder / _AGAIN)

    def done(self, message: DeadMessage) -> None:
        """Forget one that was heard again."""
        self._drop(message)

    def failed(self, message: DeadMessage, error: str) -> None:
        """Put one back that failed again; raises CollectorError."""
        self.keep(replace(message, error=error))
        self._drop(message)

    def _drop(self, message: DeadMessage) -> None:
        try:
            (self._folder / _AGAIN / message.name).unlink(missing_ok=True)
        except OSError as problem:
            raise self._failure(problem) from problem

    def _read(self, folder: Path) -> list[DeadMessage]:
        found = []
        for path in sorted(folder.glob(_ALL)):
            with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
                found.append(_parsed(json.loads(path.read_text("utf-8")), path.name))
        return found

    def _make_room(self, newest: Path) -> None:
        files = sorted(self._folder.glob(_ALL), reverse=True)
        used = 0
        for count, path in enumerate(files, 1):
            used += path.stat().st_size
            if path != newest and (count > MOST_FILES or used > MOST_BYTES):
                path.unlink()

    def _failure(self, problem: OSError) -> CollectorError:
        return CollectorError(f"{self._folder}: {problem}", "dead_store")


def _parsed(row: Mapping, name: str) -> DeadMessage:
    heard = row.get("heard")
    return DeadMessage(
        str(row["line"]),
        str(row["where"]),
        int(row["time"]),
        str(row["error"]),
        bytes.fromhex(row["telegram"]),
        str(row.get("driver", "")),
        Heard(str(heard["sender"]), dict(heard["telegram"])) if heard else None,
        name,
    )
