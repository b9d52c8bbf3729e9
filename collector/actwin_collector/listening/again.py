# SPDX-License-Identifier: MIT
"""Hears dead messages again after what they failed on was mended, as of when they came."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from ..model import AddressError, CollectorError, LineSpec, ProtocolError
from ..protocol.base import Driver
from ..threads import in_thread
from .body import unwrap
from .dead import DeadMessage
from .ear import Cutter
from .intake import Intake, Source, Verdict
from .line import LineHealth
from .settings import settings_of

_log = logging.getLogger(__name__)

# A line's description and counters, and the drivers in use there.
Place = tuple[LineSpec, LineHealth, Mapping[str, Driver]]


class HearAgain:
    """``place`` gives the line of a key; it raises CollectorError for one that does not listen."""

    def __init__(self, intake: Intake, place: Callable[[str], Place]) -> None:
        self._intake = intake
        self._place = place

    async def once(self) -> None:
        """Hear what waits; raises CollectorError when it cannot be kept, then it waits still."""
        dead = self._intake.dead
        for message in await in_thread(dead.waiting):
            try:
                await self._hear(message)
            except CollectorError as error:
                if error.code in _COMES_AGAIN:
                    raise
                await in_thread(dead.failed, message, f"{error.code}: {error.message}")
                _log.error("line %s: %s failed again: %s", message.line, message.name, error)
            else:
                await in_thread(dead.done, message)
                _log.info("line %s: %s was heard again", message.line, message.name)

    async def _hear(self, message: DeadMessage) -> None:
        line, health, drivers = self._place(message.line)
        source = Source(line, health, message.where)
        if message.heard is not None:
            heard = [(message.driver, message.heard)]
        else:
            cutter = Cutter(source, drivers, self._intake)
            heard = []
            for body in _bodies(line, message.data):
                heard += cutter.message(body, message.where)
                if cutter.failures:
                    failure = cutter.failures[0]
                    raise ProtocolError(f"{type(failure).__name__}: {failure}", "driver_bug")
        verdicts = [
            await self._intake.hear(source, driver, each, message.time) for driver, each in heard
        ]
        _check(verdicts)


# The outbox is full or the clock not set: the message is not at fault.
_COMES_AGAIN = frozenset({"outbox_full", "outbox_failed", "outbox_damaged", "clock_unset"})


def _bodies(line: LineSpec, data: bytes) -> list[bytes]:
    settings = settings_of(line)
    return unwrap(settings, data) if "body" in settings else [data]


def _check(verdicts: list[Verdict]) -> None:
    """Raise why nothing was taken."""
    if not verdicts:
        raise ProtocolError("no message of any driver of this line", "nothing_heard")
    if any(each.fate in ("taken", "duplicate") for each in verdicts):
        return
    refused = [each.error for each in verdicts if each.error is not None]
    raise refused[0] if refused else AddressError("no device stands for its sender", "unassigned")
