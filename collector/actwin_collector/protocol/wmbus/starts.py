# SPDX-License-Identifier: MIT
"""The makers' start commands of radio receivers, from ``receiver_starts``; see its README."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from ...model import ConfigError
from .receivers import has_rssi_byte, receiver_name

KEEP = "keep"
_FOLDER = "receiver_starts"
_TEXT = "text"
_TOKENS: Mapping[str, str] = {"*": "(?:..)*", "~": "(?P<before>(?:..)*)"}
# Names of optional parts with their lengths, one list a flag byte.
Flags = Sequence[Sequence[tuple[str, int]]]


@dataclass(frozen=True, slots=True)
class Step:
    """One command: what it does, what is sent, and what must come back."""

    does: str
    send: bytes
    reply: re.Pattern[str] | None = None
    answers: tuple[re.Pattern[str], ...] = ()
    where: Mapping[str, int] = field(default_factory=dict)
    flags: Flags = ()
    fields: Mapping[str, bytes] = field(default_factory=dict)
    permanent: bool = False


@dataclass(frozen=True, slots=True)
class Start:
    """What starts one receiver in one radio mode."""

    title: str
    framing: str
    speed: int
    mode: str
    steps: tuple[Step, ...]
    end: bytes = b""


def start_of(settings: Mapping[str, object]) -> Start | None:
    """Return what starts the receiver of a line, None where nothing does; raises ConfigError."""
    name, mode = receiver_name(settings), str(settings.get("radio_mode") or "").lower()
    table = _tables().get(name)
    if table is None:
        if mode not in ("", KEEP):
            raise ConfigError(f"a receiver {name!r} is not started: it keeps its radio mode", _BAD)
        return None
    if mode == KEEP:
        return None
    mode = mode or table["default"]
    if mode not in table["modes"]:
        known = ", ".join([*table["modes"], KEEP])
        raise ConfigError(f"radio_mode of {name} is one of {known}", _BAD)
    return _start(table, mode, {"rssi": "01" if has_rssi_byte(settings) else "00"})


_BAD = "bad_receiver"


@cache
def _tables() -> Mapping[str, Mapping]:
    folder = files(__package__).joinpath(_FOLDER)
    found = [each for each in folder.iterdir() if each.name.endswith(".toml")]
    return {
        each.name.removesuffix(".toml"): tomllib.loads(each.read_text("utf-8")) for each in found
    }


def _start(table: Mapping, mode: str, words: Mapping[str, str]) -> Start:
    words = {**words, **table["modes"][mode]}
    framing = table["framing"]
    steps = tuple(_step(row, framing, words) for row in table["steps"])
    end = _bytes(table.get("end", ""), framing, words)
    return Start(table["title"], framing, table["speed"], mode, steps, end)


def _step(row: Mapping, framing: str, words: Mapping[str, str]) -> Step:
    reply = row.get("reply")
    answers = row.get("answer", reply or [])
    answers = [answers] if isinstance(answers, str) else answers
    return Step(
        row["does"],
        _bytes(row["send"], framing, words),
        _pattern(reply, framing, words) if reply else None,
        tuple(_pattern(each, framing, words) for each in answers),
        row.get("where", {}),
        row.get("flags", ()),
        {name: bytes.fromhex(_filled(v, words)) for name, v in row.get("fields", {}).items()},
        row.get("permanent", False),
    )


def _filled(text: str, words: Mapping[str, str]) -> str:
    for word, value in words.items():
        text = text.replace("{" + word + "}", value)
    return text


def _bytes(text: str, framing: str, words: Mapping[str, str]) -> bytes:
    text = _filled(text, words)
    return text.encode("ascii") if framing == _TEXT else bytes.fromhex(text)


def _pattern(text: str, framing: str, words: Mapping[str, str]) -> re.Pattern[str]:
    """A pattern for a line, or for the hex digits of a message."""
    text = _filled(text, words)
    if framing != _TEXT:
        text = "".join(_TOKENS.get(token, token) for token in text.split())
    return re.compile(text)
