# SPDX-License-Identifier: MIT
"""Which messages came before: by another receiver, an impatient sender, or over a restart."""

from __future__ import annotations

from ..clock import Clock
from ..device import DeviceState
from ..model import CollectorError

# Two receivers hear one telegram within moments; a sender repeats what was not confirmed.
DUPLICATE_SECONDS = 60.0
_MOST_REMEMBERED = 20_000


class Repeats:
    """Digests of messages whose values are kept or wait for it in memory.

    Within a minute the same bytes are one message. Later they may be a new one that says the
    same, but the repetition of what failed or was kept just before a restart is not: taking it
    once more would stamp an old value as a fresh one, and refusing it would lie to its sender.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._recent: dict[bytes, float] = {}
        # Senders that were told of a failure although the values are not lost.
        self._owed: dict[bytes, None] = {}
        # Kept before a restart, and perhaps not answered.
        self._recalled: dict[bytes, None] = {}

    def remember(self, digest: bytes) -> None:
        """Note that a message was merged now."""
        now = self._clock.monotonic()
        if len(self._recent) >= _MOST_REMEMBERED:
            self._recent = {
                key: at for key, at in self._recent.items() if now - at < DUPLICATE_SECONDS
            }
        self._recent[digest] = now

    def owe(self, digest: bytes) -> None:
        """Note that the sender of what was merged has to repeat it."""
        while len(self._owed) >= _MOST_REMEMBERED:
            del self._owed[next(iter(self._owed))]
        self._owed[digest] = None

    def recall(self, digest: bytes, at: float) -> None:
        """Note that a message of ``at`` (epoch seconds) was kept before a restart."""
        age = max(0.0, self._clock.wall() - at)
        self._recent[digest] = self._clock.monotonic() - age
        self._recalled[digest] = None

    def knows(self, digest: bytes, states: list[DeviceState]) -> bool:
        """Whether a message is the repetition of one whose values are kept."""
        if digest in self._owed:
            del self._owed[digest]
            self.remember(digest)
            return True
        at = self._recent.get(digest)
        if at is None:
            return False
        window = min([DUPLICATE_SECONDS, *(each.schedule.store_seconds / 2 for each in states)])
        recent = self._clock.monotonic() - at < window
        if recent or any(each.is_waiting for each in states):
            self._recalled.pop(digest, None)
            return True
        return False

    def was_kept(self, digest: bytes, refusal: CollectorError) -> bool:
        """Whether a refused message is the one repetition of what was kept before a restart."""
        if refusal.code != "replayed" or digest not in self._recalled:
            return False
        del self._recalled[digest]
        self.remember(digest)
        return True
