# SPDX-License-Identifier: MIT
"""What a device sent by itself, between the merge of its values and its driver's confirmation."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from .model import CollectorError, DeviceSpec, Heard
from .protocol.base import Driver

_log = logging.getLogger(__name__)

# A message, and when it came: epoch seconds.
Arrived = tuple[Heard, float]


class Arrivals:
    """Messages taken whose driver was not told yet that their values are on disk.

    They are written with their values, in one transaction: a driver that was killed before it
    made its counter durable is told after the restart. ``recalled`` are those found then.
    """

    def __init__(self, driver: Driver, spec: DeviceSpec) -> None:
        self.recalled: list[Arrived] = []
        self._driver = driver
        self._spec = spec
        self._waiting: list[Arrived] = []

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, heard: Heard, now: float) -> None:
        """Take a message whose values were merged."""
        self._waiting.append((heard, now))

    def confirm(self, count: int) -> None:
        """Tell the driver that the values of the first messages are on disk.

        Raises CollectorError; what could not be confirmed stays for the next time.
        """
        for heard, _ in self._waiting[:count]:
            try:
                self._driver.confirm_heard(heard, self._spec)
            except CollectorError:
                raise
            except Exception:
                # A driver may come from another package; its bug must not hold up the line.
                _log.exception("driver %s failed on %s", self._spec.driver, self._spec.key)
            del self._waiting[0]

    def save(self) -> list:
        """Return the messages as plain values."""
        return [(heard.sender, heard.telegram, at) for heard, at in self._waiting]

    def load(self, saved: Iterable) -> None:
        """Take back what ``save`` returned before a restart."""
        self.recalled = [(Heard(sender, telegram), at) for sender, telegram, at in saved]
        self._open_again(self.recalled)

    def adopt(self, old: Arrivals) -> None:
        """Take over what waits of a device whose settings, and so its driver, are new."""
        self.recalled = old.recalled
        self._open_again(old._waiting)

    def _open_again(self, messages: Iterable[Arrived]) -> None:
        """Let the driver claim the counters of messages whose values are kept; nothing else."""
        for heard, at in messages:
            try:
                self._driver.open_heard(heard, self._spec)
            except Exception as error:
                # Most often the counter was durable already.
                _log.info("%s: %s", self._spec.key, error)
                continue
            self._waiting.append((heard, at))
