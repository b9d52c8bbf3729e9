# SPDX-License-Identifier: MIT
"""Listening to a radio receiver for a while, and what its silence or its noise means."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ..model import CollectorError, Heard, NoAnswer
from ..protocol.wmbus.frame import FORMAT_A, FORMAT_B, RAW
from ..protocol.wmbus.listener import WmbusListener
from ..protocol.wmbus.starting import try_start
from .case import Case
from .finding import MISTAKE, WARNING, Finding

# Enough to tell a receiver by; a noisy line must not fill the memory.
_MOST_KEPT = 65536
_READ = 4096
_SPEEDS = "IMST has 57600 Bd, CUL 38400 Bd, Amber and Radiocrafts 9600 or 19200 Bd"


@dataclass
class Air:
    """What came in ``seconds``: telegrams by their meter's number, errors by name, all bytes.

    ``failure``: why the receiver could not be started.
    """

    heard: dict[str, list[Heard]] = field(default_factory=dict)
    errors: Mapping[str, int] = field(default_factory=dict)
    data: bytearray = field(default_factory=bytearray)
    seconds: float = 0.0
    failure: CollectorError | None = None


async def listen(case: Case, wanted: set[str]) -> Air:
    """Listen until all wanted meters were heard or the time is over; raises CollectorError."""
    air, listener = Air(), WmbusListener(case.line.settings)
    air.errors = listener.errors
    link, begun = case.make_link(case.line), time.monotonic()
    try:
        await link.open()
        data, air.failure = await try_start(link)
        while True:
            air.data += data[: _MOST_KEPT - len(air.data)]
            for heard in listener.feed(data):
                air.heard.setdefault(heard.sender, []).append(heard)
            if not case.left() or (wanted and wanted <= air.heard.keys()):
                break
            try:
                data = await link.read(_READ, min(0.5, case.left()))
            except NoAnswer:
                data = b""
    finally:
        air.seconds = time.monotonic() - begun
        await link.close()
    return air


_NOT_STARTED: Mapping[str, tuple[str, str, str]] = {
    "receiver_no_answer": (
        "What is there is no such receiver, its port has another speed, or nothing reaches it.",
        "Compare the receiver and the port's speed; radio_mode = \"keep\" for one that may only be "
        "listened to.",
        "settings.receiver",
    ),
    "receiver_setup": (
        "The receiver's permanent memory does not fit, and we never write there.",
        "Set it once with the maker's tool, or name another kind of receiver.",
        "settings.receiver",
    ),
}
_REFUSED = (
    "The receiver answers, but not as it should: another kind, or firmware without this mode.",
    "Choose another radio_mode, or update its firmware.",
    "settings.radio_mode",
)


def not_started(case: Case, air: Air) -> list[Finding]:
    """Return why the receiver could not be started; it may hear meters all the same."""
    if air.failure is None:
        return []
    means, change, key = _NOT_STARTED.get(air.failure.code, _REFUSED)
    severity = WARNING if air.heard else MISTAKE
    text, code = air.failure.message, air.failure.code
    return [Finding(case.on_line, code, text, means, change, key, severity=severity)]


def of_receiver(case: Case, air: Air) -> list[Finding]:
    """Return why no telegram was found."""
    found = _of_stream(case, air)
    # One that is of another kind did not understand us, of course.
    return [found] if found.code == "wrong_receiver" else not_started(case, air) or [found]


def _of_stream(case: Case, air: Air) -> Finding:
    if not air.data:
        return Finding(
            case.on_line, "receiver_silent", f"not one byte came in {air.seconds:.0f} s",
            "The receiver hears no meter, is set to another radio mode, or does not pass on what "
            f"it hears; on a serial line it may have another speed ({_SPEEDS}).",
            "Check its antenna and its radio mode, listen longer (--limit).",
        )
    for settings in _others(case.line.settings):
        if WmbusListener({**case.line.settings, **settings}).feed(bytes(air.data)):
            keys = ", ".join(f"settings.{key}" for key in settings)
            value = ", ".join(settings.values())
            return Finding(
                case.on_line, "wrong_receiver",
                f"{len(air.data)} bytes came that are telegrams of the kind {value}",
                "The receiver is of another kind than the line says.",
                f"Set the receiver to {value}.", keys, value,
            )
    named = ", ".join(f"{name} {count}" for name, count in sorted(air.errors.items()))
    return Finding(
        case.on_line, "no_telegram",
        f"{len(air.data)} bytes, no telegram ({named}): {air.data[:16].hex(' ')}",
        "What comes is no form a receiver delivers: another speed of the port "
        f"({_SPEEDS}), a radio mode that damages every telegram, or another device.",
        "Compare the port's speed and the receiver's mode with its manual.", "baudrate",
    )


def _others(settings: Mapping[str, object]) -> Iterator[dict[str, str]]:
    if settings.get("receiver", "auto") != "auto":
        yield {"receiver": "auto"}
    for form in (FORMAT_A, FORMAT_B, RAW):
        yield {"receiver": "raw", "frame_format": form}
