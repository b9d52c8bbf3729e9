# SPDX-License-Identifier: MIT
"""Has what delivers messages on a line made ready: when it was opened, and until it works."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping

from ..channel.base import Link
from ..clock import Clock
from ..model import CollectorError, LinkError
from ..protocol.base import Driver
from .line import LineHealth

_log = logging.getLogger(__name__)

_FIRST_PAUSE = 30.0
_LONGEST_PAUSE = 900.0
# A receiver that lost its power meanwhile has lost its radio mode as well, and is silent.
_SILENCE = 900.0


class Preparing:
    """One line's receiver. ``problem`` tells what is wrong with it, empty while it works."""

    def __init__(self, drivers: Mapping[str, Driver], health: LineHealth, clock: Clock) -> None:
        self.problem = ""
        self._drivers = drivers
        self._health = health
        self._clock = clock
        self._failures = 0
        self._due = -math.inf

    def opened(self) -> None:
        """The line was opened: what was set before may be lost."""
        self._due = -math.inf

    def heard(self) -> None:
        """Something came: what delivers it works."""
        if not self.problem:
            self._due = self._clock.monotonic() + _SILENCE

    async def when_due(self, link: Link) -> None:
        """Make ready what is not; raises LinkError."""
        if self._clock.monotonic() < self._due or link.line.kind == "replay":
            return
        try:
            told = [await driver.prepare(link) for driver in self._drivers.values()]
        except LinkError:
            raise
        except CollectorError as error:
            self._note(link, error)
            return
        self.problem, self._failures = "", 0
        self._health.receiver = "; ".join(filter(None, told))
        self._due = self._clock.monotonic() + _SILENCE if self._health.receiver else math.inf

    def _note(self, link: Link, error: CollectorError) -> None:
        pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(self._failures, 30))
        self._failures += 1
        self._due = self._clock.monotonic() + pause
        self._health.receiver = ""
        self._health.note(error)
        self.problem = self._health.problem
        _log.error("line %s: %s", link.line.key, error.message)
