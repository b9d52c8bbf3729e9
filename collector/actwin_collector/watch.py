# SPDX-License-Identifier: MIT
"""What surrounds a poll beside the poll itself: whose it is in the logs, and its trace."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from .channel.base import Link
from .logs import about
from .tracing.files import TraceFolder

if TYPE_CHECKING:
    from .device import DeviceState
    from .model import Heard

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


NoteHeard = Callable[["DeviceState", "Heard", str], None]


def unheard(state: DeviceState, heard: Heard, text: str) -> None:
    """Record nothing of a push."""


def traced_pushes(folder: TraceFolder) -> NoteHeard:
    """Return what records the pushes of devices that are to be traced, and what became of them."""

    def note(state: DeviceState, heard: Heard, text: str) -> None:
        recorder = folder.recorder(state.spec, "push")
        if recorder is not None:
            recorder("rx", bytes_of(heard.telegram))
            recorder.note(text)

    return note


def bytes_of(telegram: Mapping[str, object]) -> bytes:
    """Return a telegram's bytes as they came; what is no hex is shown as text."""
    parts = telegram.get("frames") or [telegram.get("telegram")]
    try:
        return b"".join(bytes.fromhex(str(part)) for part in parts)
    except (TypeError, ValueError):
        return json.dumps(telegram, default=str, ensure_ascii=False).encode()
