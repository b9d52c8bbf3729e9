# SPDX-License-Identifier: MIT
"""Message counters of what was opened, until its values are on disk."""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping

from ..model import Heard, ProtocolError


class Claims:
    """Counters that messages of this process took but that are not durable yet.

    A driver claims a message's counters as its last step of opening it, writes them down when it
    is confirmed, and drops them when it is forgotten: a process that dies before has not used
    them up, so the sender's repetition is taken.
    """

    def __init__(self) -> None:
        self._open: dict[str, dict[Hashable, int]] = {}

    def claim(self, heard: Heard, counters: Mapping[Hashable, int]) -> bool:
        """Take counters for a message; raises ``replayed`` when one is claimed already.

        Returns whether a higher one is.
        """
        for owner, counter in counters.items():
            if any(each.get(owner) == counter for each in self._open.values()):
                raise ProtocolError(f"message counter {counter} was heard before", "replayed")
        late = any(counter < self.highest(owner) for owner, counter in counters.items())
        if counters:
            self._open[_name_of(heard)] = dict(counters)
        return late

    def highest(self, owner: Hashable) -> int:
        """Return the highest counter claimed for a sender and key, -1 for none."""
        return max((each.get(owner, -1) for each in self._open.values()), default=-1)

    def of(self, heard: Heard) -> Mapping[Hashable, int]:
        """Return what a message claimed."""
        return self._open.get(_name_of(heard), {})

    def drop(self, heard: Heard) -> None:
        """Give up what a message claimed: it is durable now, or was let go."""
        self._open.pop(_name_of(heard), None)


def _name_of(heard: Heard) -> str:
    return json.dumps([heard.sender, heard.telegram], sort_keys=True, default=str)
