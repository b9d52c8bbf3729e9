# SPDX-License-Identifier: MIT
"""Every wired telegram of libmbus' test set, against libmbus' own decoding in base units."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from decimal import Decimal
from pathlib import Path

import pytest
from mbus_support import PROTOCOLS, close, files, needs_data

from actwin_collector.model import CollectorError, Record
from actwin_collector.protocol.mbus import MbusDriver
from actwin_collector.units import BASE_UNITS, convert

pytestmark = needs_data

FRAMES = PROTOCOLS / "mbus" / "libmbus"
GOOD = files(FRAMES / "test-frames", "*.hex")
DAMAGED = files(FRAMES / "error-frames", "*.hex") + files(FRAMES / "unsupported-frames", "*.hex")

_UNITS = {"m^3": "m3", "m^3/h": "m3/h", "Units for H.C.A.": "HCA", "-": "", "Reserved": ""}
# libmbus prints the bare unit of the VIF where an extension makes the value a duration or a time.
_OTHER_MEASURE = ("_duration", "_last_end")


def _decode(path: Path):
    return MbusDriver.decode({"telegram": path.read_text()})


def _expected(path: Path) -> list[tuple[str, str]]:
    text = path.with_suffix(".norm.xml").read_text(encoding="utf-8")
    # The files say ISO-8859-1 but are UTF-8.
    root = ElementTree.fromstring(text.split("?>", 1)[1])
    return [
        (row.findtext("Unit") or "", row.findtext("Value") or "")
        for row in root.findall("DataRecord")
    ]


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _in_unit(record: Record, unit: str) -> Decimal:
    if record.quantity.endswith(_OTHER_MEASURE):
        return Decimal(record.value)
    value = Decimal(record.value)
    return convert(value, record.unit, _UNITS.get(unit, unit))


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_every_record_equals_libmbus(path):
    records = _decode(path).records
    expected = _expected(path)
    assert len(records) == len(expected)
    for record, (unit, text) in zip(records, expected, strict=True):
        number = _number(text)
        if number is not None:
            assert close(_in_unit(record, unit), number), record


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_units_are_base_units_and_numbers_exact(path):
    for record in _decode(path).records:
        assert record.unit in BASE_UNITS
        assert record.value is None or isinstance(record.value, (Decimal, str))


@pytest.mark.parametrize("path", DAMAGED, ids=lambda path: path.stem)
def test_damaged_telegrams_give_a_named_error_or_raw_bytes(path):
    try:
        records = _decode(path).records
    except CollectorError as error:
        assert error.code.isidentifier() and error.message
    else:
        assert all(record.raw is not None for record in records)
