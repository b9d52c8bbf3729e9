# SPDX-License-Identifier: MIT
"""What surrounds a poll beside the poll itself: whose it is in the logs, and its trace."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from .channel.base import Link
from .logs import about
from .tracing.files import TraceFolder

if TYPE_CHECKING:
    from .device import DeviceState

Watch = Callable[[Link, "DeviceState"], contextlib.AbstractContextManager[None]]


@contextlib.contextmanager
def in_logs(link: Link, state: DeviceState) -> Iterator[None]:
    """Name line and device in everything that is logged meanwhile."""
    with about(line=link.line.key, device=state.spec.key):
        yield


def traced(folder: TraceFolder) -> Watch:
    """Return a watch that also records the bytes of devices that are to be traced."""

    @contextlib.contextmanager
    def watch(link: Link, state: DeviceState) -> Iterator[None]:
        recorder = folder.recorder(state.spec, link.line.kind)
        good = state.health.ok
        link.trace = recorder
        try:
            with in_logs(link, state):
                yield
        finally:
            link.trace = None
            if recorder is not None:
                recorder.note("ok" if state.health.ok > good else state.health.last_error)

    return watch
