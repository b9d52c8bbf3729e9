# SPDX-License-Identifier: MIT
"""A command as Odoo sends it, and its result as Odoo takes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ..model import CollectorError

# What fits on a screen; Odoo cuts at about the same sizes.
MAX_TEXT = 150_000
MAX_ROWS = 2_000
_LONGEST_ID = 100


@dataclass(frozen=True, slots=True)
class Command:
    """One thing to do; ``device`` and ``line`` are keys or empty."""

    id: str
    kind: str
    device: str = ""
    line: str = ""
    args: Mapping[str, object] = field(default_factory=dict)
    seconds_left: float = 300.0

    def text(self, name: str) -> str:
        """Return an argument as text, empty when it is absent."""
        value = self.args.get(name)
        return "" if value is None or value is False else str(value)


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a command; ``data`` holds texts, whole numbers, lists and tables only."""

    ok: bool = True
    code: str = ""
    text: str = ""
    data: Mapping[str, object] = field(default_factory=dict)


def failed(error: CollectorError, text: str = "", data: Mapping | None = None) -> Result:
    """Return the result of a command that ended with an error."""
    told = "\n".join(filter(None, (text, error.message)))
    return Result(False, error.code, told, data or {})


def parse_commands(answer: Iterable) -> list[Command]:
    """Return the commands of an answer; what is none is left out."""
    return [command for entry in answer if (command := _parse(entry)) is not None]


def _parse(entry: object) -> Command | None:
    if not isinstance(entry, Mapping):
        return None
    known = {name: entry.get(name) for name in ("id", "kind", "device", "line")}
    if not all(isinstance(value, str) for value in known.values()):
        return None
    if not 0 < len(known["id"]) <= _LONGEST_ID:
        return None
    args, left = entry.get("args"), entry.get("seconds_left")
    return Command(
        **known,
        args=args if isinstance(args, Mapping) else {},
        seconds_left=float(left) if isinstance(left, int | float) else 300.0,
    )
