# SPDX-License-Identifier: MIT
"""Which entries of a meter's own log were delivered already."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from .model import Event, MeterEvent

# Of a device met for the first time, so much of its log is asked.
FIRST_DAYS = 31
# An entry dated further ahead was stamped by a wrong clock; it must not hide later ones.
_FUTURE_SECONDS = 86400


class LogMemory:
    """The time of the newest delivered entry, and all delivered ones from then on.

    Several entries may bear one second, and a log may be read while the meter writes it: so
    entries are told apart by time, code and text together.
    """

    def __init__(self) -> None:
        self.until: int | None = None
        self.asked: float | None = None
        self._known: set[str] = set()

    def since(self, now: float) -> datetime:
        """Return from when on the log is to be asked."""
        if self.until is None:
            return datetime.fromtimestamp(now, UTC) - timedelta(days=FIRST_DAYS)
        return datetime.fromtimestamp(self.until - 1, UTC)

    def take(self, device: str, entries: Iterable[MeterEvent], now: float) -> list[Event]:
        """Return the entries that are new, as events; from now on they are known."""
        fresh: dict[str, Event] = {}
        seen: dict[str, int] = {}
        for entry in entries:
            ts = int(entry.ts.timestamp())
            key = _key(entry, ts)
            seen[key] = ts
            if key not in self._known and (self.until is None or ts >= self.until):
                fresh[key] = Event(device, ts, entry.code, entry.text)
        past = [ts for ts in seen.values() if ts <= now + _FUTURE_SECONDS]
        until = max([*past, self.until or 0]) or None
        if until != self.until:
            self._known = set()
        self.until = until
        self._known |= {key for key, ts in seen.items() if until is None or ts >= until}
        self.asked = now
        return list(fresh.values())

    def save(self) -> dict:
        """Return the memory as plain values."""
        if self.asked is None:
            return {}
        return {"until": self.until, "asked": self.asked, "known": sorted(self._known)}

    def load(self, saved: Mapping) -> None:
        """Take back what ``save`` returned."""
        self.until, self.asked = saved.get("until"), saved.get("asked")
        self._known = set(saved.get("known", ()))


def _key(entry: MeterEvent, ts: int) -> str:
    text = f"{ts}|{entry.code}|{entry.text}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]
