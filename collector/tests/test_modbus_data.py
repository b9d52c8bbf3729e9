# SPDX-License-Identifier: MIT
"""Register maps of the data set: each is taken as it is and reads what its facts say."""

from __future__ import annotations

import json
import struct
from decimal import Decimal

import pytest
from mbus_support import PROTOCOLS, files, needs_data

from actwin_collector.protocol.modbus import ModbusDriver
from actwin_collector.simulate.modbus import crc16
from actwin_collector.units import BASE_UNITS, convert

pytestmark = needs_data
MAPS = files(PROTOCOLS / "modbus" / "maps", "*.json")
_PACKED = {"float32": ">f", "float64": ">d", "int16": ">h", "int32": ">i", "int64": ">q"}
_PACKED |= {f"u{kind}": form.upper() for kind, form in _PACKED.items() if kind[0] == "i"}


@pytest.mark.parametrize("path", MAPS, ids=lambda path: path.stem)
def test_every_register_of_a_map_reads_as_its_facts_say(path):
    table = json.loads(path.read_text("utf-8"))
    for fact in table["registers"]:
        data = struct.pack(_PACKED[fact["type"]], 1234)
        if table["word_order"] == "little":
            data = b"".join(data[at : at + 2] for at in range(len(data) - 2, -1, -2))
        body = bytes((5, table["function"], len(data))) + data
        given = {"telegram": (body + crc16(body)).hex(), "map": table, "address": fact["address"]}
        record = next(
            record
            for record in ModbusDriver.decode(given).records
            if record.quantity == fact["name"]
        )
        assert record.unit in BASE_UNITS
        expected = convert(1234 * Decimal(str(fact["scale"])), fact["unit"], record.unit)
        assert record.value == expected and record.obis == fact.get("obis", "")
