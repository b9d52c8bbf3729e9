# SPDX-License-Identifier: MIT
"""What surrounds a poll beside the poll itself: whose it is in the logs, and its trace."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from .channel.base import Link
from .logs import about
from .raw_archive import RawArchive
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


# Answers that come faster than this are too many to be kept.
RAW_SECONDS = 60.0
# What a push that was taken is noted with.
TAKEN = "ok"

NoteHeard = Callable[["DeviceState", "Heard", str], None]


def unheard(state: DeviceState, heard: Heard, text: str) -> None:
    """Record nothing of a push."""


def each_of(*notes: NoteHeard) -> NoteHeard:
    """Return what tells several of a push."""

    def note(state: DeviceState, heard: Heard, text: str) -> None:
        for each in notes:
            each(state, heard, text)

    return note


def traced_pushes(folder: TraceFolder) -> NoteHeard:
    """Return what records the pushes of devices that are to be traced, and what became of them."""

    def note(state: DeviceState, heard: Heard, text: str) -> None:
        recorder = folder.recorder(state.spec, "push")
        if recorder is not None:
            recorder("rx", bytes_of(heard.telegram))
            recorder.note(text)

    return note


def kept_pushes(archive: RawArchive, wall: Callable[[], float] = time.time) -> NoteHeard:
    """Return what keeps the pushes that were taken, for disputes: one a minute of a device."""
    kept: dict[str, float] = {}

    def note(state: DeviceState, heard: Heard, fate: str) -> None:
        now, key = wall(), state.spec.key
        if fate == TAKEN and not 0 <= now - kept.get(key, -RAW_SECONDS) < RAW_SECONDS:
            kept[key] = now
            text = heard.telegram.get("text")
            archive.note(key, now, text if isinstance(text, str) else text_of(heard.telegram))

    return note


def text_of(telegram: Mapping[str, object]) -> str:
    """Return a telegram as hex, a frame a line; what is no hex as the JSON it came in."""
    parts = telegram.get("frames") or [telegram.get("telegram")]
    try:
        return "\n".join(bytes.fromhex(str(part)).hex().upper() for part in parts)
    except (TypeError, ValueError):
        return json.dumps(telegram, default=str, ensure_ascii=False)


def bytes_of(telegram: Mapping[str, object]) -> bytes:
    """Return a telegram's bytes as they came; what is no hex is shown as text."""
    text = text_of(telegram)
    return text.encode() if text.startswith("{") else bytes.fromhex(text)
