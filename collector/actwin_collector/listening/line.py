# SPDX-License-Identifier: MIT
"""How a line fares on which meters speak first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..model import CollectorError


@dataclass
class LineHealth:
    """Counts since the start of the process; ``problem`` is empty while the line works.

    ``receiver``: what was made ready to deliver the messages, in words.
    """

    kind: str
    heard: int = 0
    duplicates: int = 0
    unassigned: int = 0
    connections: int = 0
    last_heard: float | None = None
    problem: str = ""
    receiver: str = ""
    errors: Counter[str] = field(default_factory=Counter)
    peers: dict[str, Mapping[str, object]] = field(default_factory=dict)

    def note(self, error: CollectorError) -> None:
        """Count a named error and show it until the line works again."""
        self.errors[error.code] += 1
        self.problem = f"{error.code}: {error.message}"[:500]
