# SPDX-License-Identifier: MIT
"""Makers' own payloads whose layout is known: data in ``makers_layouts/*.toml``, and the user's own
in ``wmbus-layouts/`` of the collector's state folder, which come first.

A layout stands for a manufacturer, and optionally versions and device types, at a place: the CI
field of the frame (``A2``), ``block`` for what follows a DIF 0F or cannot be read as records,
``payload`` for a whole payload that only looks like records, or ``5F`` for the record with VIF
FF 5F. Whatever is not listed keeps its raw bytes.
"""

from __future__ import annotations

import logging
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files

from ...model import ConfigError, Record
from ..layout import Layout, parse_layouts, read_layout
from ..library import own_folder
from ..mbus.records import MAKER_BLOCK
from . import prios
from .transforms import TRANSFORMS, Origin

FOLDER = "wmbus-layouts"
PAYLOAD, BLOCK = "payload", "block"
_OWN = f"{MAKER_BLOCK}_"
# Apator's CI that puts a block with its length before the CI of the payload itself.
_PREFIXED, _PREFIXING = "B6", ("APA", "APT")
_logger = logging.getLogger(__name__)


@cache
def known() -> Mapping[tuple[str, str], tuple[tuple[Mapping, Layout], ...]]:
    """Return the layouts of all files by (manufacturer, place); read once."""
    found: dict[tuple[str, str], list[tuple[Mapping, Layout]]] = {}
    for layout in (*_own(), *_shipped()):
        for match in layout.matches:
            for key in _keys(match):
                found.setdefault(key, []).append((match, layout))
    return {key: tuple(layouts) for key, layouts in found.items()}


def _shipped() -> Iterator[Layout]:
    for entry in sorted((files(__package__) / "makers_layouts").iterdir(), key=lambda e: e.name):
        if entry.name.endswith(".toml"):
            yield from parse_layouts(tomllib.loads(entry.read_text("utf-8")), entry.name)


def _own() -> Iterator[Layout]:
    folder = own_folder(FOLDER)
    for path in sorted(folder.glob("*.toml")) if folder else ():
        try:
            layouts = parse_layouts(tomllib.loads(path.read_text("utf-8")), str(path))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, ConfigError) as error:
            # One bad file must not cost the meters that need none of it.
            _logger.error("layouts left out: %s: %s", path, error)
            continue
        yield from (each for each in layouts if each.transform in ("", *TRANSFORMS))


def _keys(match: Mapping) -> Iterator[tuple[str, str]]:
    for manufacturer in _listed(match.get("manufacturer")):
        for place in _listed(match.get("place")):
            yield manufacturer, place


def _listed(value: object) -> Sequence[str]:
    return (value,) if isinstance(value, str) else tuple(value or ())


def read_place(origin: Origin, place: str, data: bytes, now: str = "") -> list[Record] | None:
    """Return the records in a maker's bytes, None when no layout reads them.

    ``now`` is the meter's time where another record has told it.
    """
    if place == _PREFIXED and origin.manufacturer in _PREFIXING and data:
        start = 1 + data[0]
        place, data = data[start : start + 1].hex().upper(), data[start + 1 :]
    for match, layout in known().get((origin.manufacturer, place), ()):
        if origin.version not in _listed(match.get("version", origin.version)):
            continue
        if origin.medium not in _listed(match.get("medium", origin.medium)):
            continue
        plain = data
        if layout.transform:
            plain = TRANSFORMS[layout.transform](data, origin)
        found = None if plain is None else read_layout(layout, plain, now)
        if found:
            return found
    return None


def with_makers_blocks(origin: Origin, place: str, records: Sequence[Record]) -> tuple[Record, ...]:
    """Return the records with each known maker's block followed by the numbers in it."""
    if not any(record.quantity.startswith(MAKER_BLOCK) for record in records):
        return tuple(records)
    return tuple(_expanded(origin, place, records))


def _expanded(origin: Origin, place: str, records: Sequence[Record]) -> Iterator[Record]:
    clocks = (r.value for r in records if r.quantity == "datetime" and not r.storage)
    now = str(next(clocks, None) or "")
    for record in records:
        yield record
        if record.quantity == MAKER_BLOCK:
            data = bytes.fromhex(record.raw)
            found = read_place(origin, place, data, now)
            yield from prios.read(origin, place, data) if found is None else found
        elif record.quantity.startswith(_OWN):
            code = record.quantity[len(_OWN) :].upper()
            yield from read_place(origin, code, _value_of(bytes.fromhex(record.raw)), now) or ()


def _value_of(raw: bytes) -> bytes:
    """Return the data bytes of one record: behind DIFs, VIFs and a length byte."""
    at = 0
    for _ in ("DIF", "VIF"):
        while at < len(raw) - 1 and raw[at] & 0x80:
            at += 1
        at += 1
    return raw[at + 1 :] if raw[0] & 0x0F == 0x0D else raw[at:]
