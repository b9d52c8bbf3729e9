# SPDX-License-Identifier: MIT
"""What register maps can say: kinds of values, registers that change others, sanity, clock."""

from __future__ import annotations

import struct
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from protocol_rig import ScriptedLink, device, read

from actwin_collector.model import STATUS_OK, STATUS_SUSPECT, ConfigError
from actwin_collector.protocol.modbus import ModbusDriver
from actwin_collector.protocol.modbus.numbers import decode_number, encode_number
from actwin_collector.protocol.modbus.register import TYPES
from actwin_collector.protocol.modbus.registermap import map_of, parse_map
from actwin_collector.protocol.modbus.texts import TIMES


def one(**row):
    return parse_map({"register": [{"name": "a", "address": 0, **row}]}, "m").registers[0]


def words_of(text: str) -> tuple[int, ...]:
    data = bytes.fromhex(text)
    return struct.unpack(f">{len(data) // 2}H", data)


def poll(rows, words, *names, driver=None, settings=(), **head):
    """Read once from a device that answers every request with these words from address 0."""

    def answer(request):
        function, address, count = struct.unpack(">BHH", request[7:])
        part = words[address : address + count]
        pdu = bytes((function, 2 * count)) + struct.pack(f">{count}H", *part)
        return request[:4] + struct.pack(">HB", len(pdu) + 1, request[6]) + pdu

    table = {"register": rows, **head}
    link = ScriptedLink(*[answer] * 9)
    spec = device("modbus", *names, address="1", map=table, **dict(settings))
    return read(driver or ModbusDriver(), link, spec)


@pytest.mark.parametrize(
    ("kind", "digits", "value"),
    [
        ("sm16", "8005", -5),
        ("sm16", "0005", 5),
        ("sm32", "80000001", -1),
        ("bcd16", "1234", 1234),
        ("bcd32", "00987654", 987654),
        ("bcd64", "1234567890123456", 1234567890123456),
        ("m10k32", "270F0001", 99990001),
        ("m10k64", "0001000000000002", 1000000000002),
        ("int48", "FFFFFFFFFFFE", -2),
        ("uint48", "000100000000", 2**32),
    ],
)
def test_rarer_numbers_both_ways(kind, digits, value):
    assert decode_number(bytes.fromhex(digits), kind) == value
    assert encode_number(Decimal(value), kind).hex().upper() == digits


@pytest.mark.parametrize(("kind", "digits"), [("bcd16", "12A4"), ("m10k32", "27100000")])
def test_pattern_that_is_no_number_of_its_kind_is_no_value(kind, digits):
    assert decode_number(bytes.fromhex(digits), kind) is None


@pytest.mark.parametrize("kind", ["sm16", "bcd16", "bcd32", "m10k32", "uint48"])
def test_value_that_does_not_fit_is_refused(kind):
    for value in (Decimal(10) ** 20, Decimal(-(10**20))):
        with pytest.raises(Exception, match="does not fit"):
            encode_number(value, kind)


@pytest.mark.parametrize(
    ("kind", "digits", "text"),
    [
        ("datetime6", "07EA00080018000C001E0005", "2026-08-24T12:30:05"),
        ("datetime6", "001A00080018000C001E0005", "2026-08-24T12:30:05"),
        ("datetime3", "1A08180C1E05", "2026-08-24T12:30:05"),
        ("datetime_iec", "001A08180C1E1388", "2026-08-24T12:30:05"),
        ("datetime_iec", "001A08180C9E1388", None),
        ("epoch32", "6A8C2E8D", "2026-08-24T11:44:13"),
        ("epoch32", "00000000", None),
        ("datetime3", "1A0D180C1E05", None),
        ("datetime6", "FFFFFFFFFFFFFFFFFFFFFFFF", None),
    ],
)
def test_date_and_time(kind, digits, text):
    register = one(type=kind)
    assert register.decode(words_of(digits)) == text


@pytest.mark.parametrize("kind", TIMES)
def test_device_can_hold_a_moment(kind):
    register = one(type=kind)
    moment = Decimal(int(datetime(2026, 8, 24, 12, 30, 5, tzinfo=UTC).timestamp()))
    assert register.decode(register.encode(moment)) == "2026-08-24T12:30:05"


def test_string_ends_at_its_first_nought_in_either_byte_order():
    assert one(type="string", length=4).decode(words_of("4D50522D32530000")) == "MPR-2S"
    swapped = one(type="string", length=2, byte_order="little")
    assert swapped.decode(words_of("504D2D52")) == "MPR-"
    assert one(type="string", length=2).decode((0, 0)) is None


def test_bits_are_named():
    register = one(bits={"0": "overload", "3": "door open"})
    assert register.decode((0b1001,)) == "overload,door open"
    assert register.decode((0b0110,)) == ""


def test_ratio_and_exponent_registers_apply():
    rows = [
        {"name": "power", "address": 0, "type": "int32", "unit": "W",
         "multiplier": "ct*vt", "divider": "secondary", "exponent": "power_exponent"},
        {"name": "ct", "address": 2},
        {"name": "vt", "address": 3},
        {"name": "secondary", "address": 4},
        {"name": "power_exponent", "address": 5, "type": "int16"},
    ]  # fmt: skip
    words = (0, 123, 500, 40, 5, 0xFFFE)
    assert poll(rows, words, "power").samples["power"].value == Decimal("4920")
    for spoilt in ((0, 123, 500, 40, 0, 0xFFFE), (0, 123, 500, 40, 5, 0x7FFF)):
        assert "power" not in poll(rows, spoilt, "power").samples


def test_quotient_without_end_is_rounded_once():
    rows = [{"name": "a", "address": 0, "divider": "b"}, {"name": "b", "address": 1}]
    assert poll(rows, (10, 3), "a").samples["a"].value == Decimal("3.333333333333")


def test_value_out_of_bounds_or_an_index_that_fell_is_suspect():
    rows = [
        {"name": "u", "address": 0, "scale": "0.1", "low": 180, "high": 260},
        {"name": "e", "address": 1, "monotonic": True},
    ]
    driver = ModbusDriver()
    for words, voltage, energy in (
        ((2300, 100), STATUS_OK, STATUS_OK),
        ((2601, 99), STATUS_SUSPECT, STATUS_SUSPECT),
        ((1799, 100), STATUS_SUSPECT, STATUS_OK),
    ):
        samples = poll(rows, words, "u", "e", driver=driver).samples
        assert (samples["u"].status, samples["e"].status) == (voltage, energy)


def test_values_carry_the_devices_own_time():
    rows = [{"name": "now", "address": 0, "type": "datetime3"}, {"name": "e", "address": 3}]
    words = (*words_of("1A08180C1E05"), 7)
    result = poll(rows, words, "e", clock="now", settings={"utc_offset": "+03:00"})
    assert result.samples["e"].meter_ts == datetime(2026, 8, 24, 9, 30, 5, tzinfo=UTC)
    assert poll(rows, words, "e", clock="now").samples["e"].meter_ts is None


def test_text_is_a_record_but_never_a_sample():
    rows = [{"name": "model", "address": 0, "type": "string", "length": 2}]
    result = poll(rows, words_of("4B4C4541"), "model")
    assert result.samples == {} and result.records[0].value == "KLEA"


@pytest.mark.parametrize(
    "row",
    [
        {"type": "string"},
        {"length": 3},
        {"type": "bit"},
        {"function": 1},
        {"divider": "a"},
        {"exponent": "zzz"},
        {"multiplier": "b*zzz"},
        {"bits": {"x": "y"}},
        {"bits": {"1": 5}},
        {"low": "much"},
    ],
)
def test_contradiction_in_a_map_is_named(row):
    rows = [{"name": "a", "address": 0, **row}, {"name": "b", "address": 9}]
    with pytest.raises(ConfigError):
        parse_map({"register": rows}, "m")


def test_clock_must_be_a_date_and_time():
    with pytest.raises(ConfigError, match="clock"):
        parse_map({"clock": "a", "register": [{"name": "a", "address": 0}]}, "m")


def test_map_of_a_collection_is_taken_with_its_units():
    table = {
        "device": "Any meter",
        "function": 4,
        "word_order": "unknown (try big first)",
        "addressing": "0-based",
        "registers": [
            {"name": "e", "address": 2, "type": "uint32", "scale": 0.01, "unit": "kWh"},
            {"name": "u", "address": 0, "type": "uint16", "scale": 0.1, "unit": "V"},
        ],
    }
    found = map_of(table)
    assert (found.name, found.find("e").unit, found.find("e").scale) == ("Any meter", "Wh", 10)
    assert found.find("u").decode((2301,)) == Decimal("230.1")
    assert found.find("u").word_order == "big"


def test_every_kind_has_a_size():
    for kind in TYPES:
        row = {"function": 1} if kind == "bit" else {"length": 4} if kind == "string" else {}
        assert one(type=kind, **row).size > 0
