# SPDX-License-Identifier: MIT
"""Where the M-Bus tests find real telegrams, and how they compare numbers."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

import pytest

from actwin_collector.model import Record
from actwin_collector.units import convert

_CASES = Path(__file__).parent / "cases" / "mbus"
_REPOSITORY = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("ACTWIN_TEST_DATA") or _REPOSITORY.parent / "shared" / "data")
PROTOCOLS = DATA / "protocols"
needs_data = pytest.mark.skipif(
    not PROTOCOLS.is_dir(), reason="real telegrams are not here: set ACTWIN_TEST_DATA"
)

# Ending of a field name in the expected results: unit, and what one of it is in that unit.
_ENDINGS = {
    "m3": ("m3", 1),
    "m3h": ("m3/h", 1),
    "kwh": ("Wh", 1000),
    "kvarh": ("varh", 1000),
    "kvah": ("VAh", 1000),
    "kw": ("W", 1000),
    "kvar": ("var", 1000),
    "kva": ("VA", 1000),
    "c": ("°C", 1),
    "v": ("V", 1),
    "a": ("A", 1),
    "hz": ("Hz", 1),
    "bar": ("bar", 1),
    "hca": ("HCA", 1),
    "s": ("s", 1),
    "min": ("s", 60),
    "h": ("s", 3600),
    "d": ("s", 86400),
}


def own_telegrams() -> list[bytes]:
    """The telegrams of the case folders beside these tests, but for the damaged ones."""
    texts = [path.read_text("utf-8") for path in sorted(_CASES.glob("[!d]*/frames.txt"))]
    found = [line for text in texts for line in text.splitlines() if line[:2] == "68"]
    return [bytes.fromhex(line) for line in found]


def real_telegrams() -> list[bytes]:
    """libmbus' telegrams, none when the data set is not here."""
    folder = PROTOCOLS / "mbus" / "libmbus" / "test-frames"
    return [bytes.fromhex(path.read_text()) for path in files(folder, "*.hex")]


def lines(path: Path) -> list[dict]:
    """The JSON objects of a file, none when it is not here."""
    if not path.is_file():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def files(folder: Path, pattern: str) -> list[Path]:
    """Matching files in order, none when the folder is not here."""
    return sorted(folder.glob(pattern)) if folder.is_dir() else []


def close(value: Decimal, expected: float) -> bool:
    """Within 1e-5 relative, or within the rounding of the six decimals results are printed with."""
    return abs(float(value) - expected) <= max(1e-5 * abs(expected), 5e-7)


def missing_numbers(expected: dict, records: Iterable[Record]) -> dict[str, float]:
    """Expected numeric fields that no record has."""
    numbers = [record for record in records if isinstance(record.value, Decimal)]
    wanted = {
        name: value
        for name, value in expected.items()
        if isinstance(value, (int, float)) and not isinstance(value, bool)
    }
    return {
        name: value
        for name, value in wanted.items()
        if not any(_same(name, value, record) for record in numbers)
    }


def _same(name: str, value: float, record: Record) -> bool:
    unit, times = _ENDINGS.get(name.rsplit("_", 1)[-1], ("", 1))
    number = record.value
    if record.unit == "J" and unit == "Wh":
        number = convert(number, "J", "Wh")
    return close(number / times, value)
