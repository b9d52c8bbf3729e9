# SPDX-License-Identifier: MIT
"""How a worker gets its tools."""

from __future__ import annotations

from collections.abc import Callable

from ..channel.base import Link
from ..device import DeviceState
from ..model import LineSpec
from ..worker import Ear, LineWorker
from .base import Tools


def make_worker(
    line: LineSpec,
    states: list[DeviceState],
    tools: Tools,
    make_link: Callable[[LineSpec], Link],
    ear: Ear | None = None,
) -> LineWorker:
    """Return the worker of a line; raises ConfigError."""
    worker = LineWorker(
        line, states, make_link, tools.store, tools.settings, tools.clock, tools.rng, ear
    )
    worker.watch = tools.watch
    return worker
