# SPDX-License-Identifier: MIT
"""How far a device's background work is, and how much of it fits into a pause of its line."""

from __future__ import annotations

from dataclasses import dataclass, field

from .meter_log import LogMemory

DAY = 86400.0
_SHORTEST_PIECE = 60.0
_LEAST_COST = 1.0


@dataclass
class Chores:
    """``piece``: seconds of profile asked at once; ``cost``: what that is expected to take.

    ``unsupported``: kinds of work that driver or meter do not offer, until the next start.
    """

    piece: float = DAY
    cost: float = 5.0
    not_before: float = 0.0
    failures: int = 0
    after_gap: bool = False
    clock_set: float | None = None
    unsupported: set[str] = field(default_factory=set)
    log: LogMemory = field(default_factory=LogMemory)

    def log_is_due(self, now: float) -> bool:
        """Whether the meter's log is to be read: daily, and after an outage."""
        asked = self.log.asked
        return self.after_gap or asked is None or not 0 <= now - asked < DAY

    def took(self, seconds: float) -> None:
        """Note what a piece took; quick ones may grow to a day again."""
        self.cost = max(_LEAST_COST, seconds * 1.2)
        if self.piece < DAY and self.cost < 10.0:
            self.piece, self.cost = min(DAY, self.piece * 2), self.cost * 2

    def shrink(self, seconds: float) -> None:
        """Ask for half as much next time: ``seconds`` were not enough."""
        self.cost = max(self.cost, seconds)
        self.piece = max(_SHORTEST_PIECE, self.piece / 2)

    def shrink_to(self, room: float) -> None:
        """Ask for what should fit into ``room`` seconds, as far as it can be told."""
        if self.piece > _SHORTEST_PIECE and room > _LEAST_COST:
            part = 0.8 * room / self.cost
            self.piece, self.cost = max(_SHORTEST_PIECE, self.piece * part), self.cost * part
