# SPDX-License-Identifier: MIT
"""Payload codecs: layouts as TOML, delivered in ``codecs/`` or the user's own.

A file holds ``[[layout]]`` tables (see ``../layout/README.md``); the first whose port and
conditions fit reads a payload. Own files lie in ``codecs/`` of the collector's state folder.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path

from ...model import ConfigError, FrameError, Record
from ..layout import Layout, parse_layouts, read_layout
from ..library import is_name, own_file

FOLDER = "codecs"

Codec = tuple[Layout, ...]


def codec_names() -> list[str]:
    """Return the names of the codecs delivered with the collector."""
    found = (files(__package__) / "codecs").iterdir()
    return sorted(entry.name[:-5] for entry in found if entry.name.endswith(".toml"))


def codec_of(setting: object) -> Codec:
    """Return the codec that a device's setting names or holds inline; raises ConfigError."""
    if isinstance(setting, Mapping):
        return parse_layouts(setting, "codec")
    if isinstance(setting, str) and setting.endswith(".toml"):
        return _from_file(Path(setting))
    if is_name(setting):
        own = own_file(FOLDER, setting)
        return _from_file(own) if own else _shipped(setting)
    raise ConfigError(f"no codec given (setting codec: object, {', '.join(codec_names())})")


def read_payload(codec: Codec, port: int, data: bytes) -> list[Record]:
    """Return the records of a payload; raises FrameError when no layout of the codec fits."""
    for layout in codec:
        ports = [each.get("port") for each in layout.matches]
        if ports and not any(port == each or port in _listed(each) for each in ports):
            continue
        found = read_layout(layout, data)
        if found:
            return found
    raise FrameError(f"the codec has no layout for these {len(data)} bytes", "unknown_payload")


def _listed(value: object) -> tuple:
    return tuple(value) if isinstance(value, (list, tuple)) else ()


@cache
def _shipped(name: str) -> Codec:
    try:
        text = (files(__package__) / "codecs" / f"{name}.toml").read_text("utf-8")
    except FileNotFoundError:
        known = ", ".join(codec_names())
        raise ConfigError(f"no codec {name!r} (known: {known}, or a path to .toml)") from None
    return parse_layouts(tomllib.loads(text), name)


def _from_file(path: Path) -> Codec:
    try:
        stamp = path.stat().st_mtime_ns
    except OSError as error:
        raise ConfigError(f"codec {path}: {error.strerror}") from None
    return _read(path, stamp)


@cache
def _read(path: Path, stamp: int) -> Codec:
    try:
        return parse_layouts(tomllib.loads(path.read_text("utf-8")), str(path))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"codec {path}: {error}") from None
