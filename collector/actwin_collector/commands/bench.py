# SPDX-License-Identifier: MIT
"""What commands work with: the running collector's parts, seen from outside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..config import CollectorSettings
from ..device import DeviceState
from ..masking import Masker
from ..model import CollectorError, LineSpec
from ..outbox import Outbox
from ..saving import Store
from ..scheduler import Scheduler
from ..site import Site
from .ring import LogRing


@dataclass(frozen=True, slots=True)
class Bench:
    """The parts of one service; ``site`` and ``problems`` are asked each time, they change."""

    settings: CollectorSettings
    scheduler: Scheduler
    outbox: Outbox
    store: Store
    masker: Masker
    log: LogRing
    site: Callable[[], Site]
    problems: Callable[[], dict[str, str]]

    def line(self, key: str) -> LineSpec:
        """Return a line that may be used; raises CollectorError."""
        line = self.site().lines.get(key)
        if line is None:
            raise CollectorError(f"the collector knows no line {key!r}", "unknown_line")
        return line

    def state(self, key: str) -> DeviceState:
        """Return a device at work; raises CollectorError that says why it is not."""
        if key in self.scheduler.broken:
            raise CollectorError(self.scheduler.broken[key], "bad_config")
        state = self.scheduler.states.get(key)
        if state is None:
            raise CollectorError(
                f"the collector knows no device {key!r}: it needs a line and registers",
                "unknown_device",
            )
        return state
