# SPDX-License-Identifier: MIT
"""Numbers, register maps and the request planner."""

from __future__ import annotations

import struct
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from actwin_collector.model import ConfigError
from actwin_collector.protocol.modbus.numbers import (
    WORDS,
    decode_number,
    encode_number,
    to_bytes,
    to_words,
)
from actwin_collector.protocol.modbus.planner import plan, split
from actwin_collector.protocol.modbus.registermap import load_map, map_names, map_of, parse_map

bounded = settings(max_examples=300, deadline=None, derandomize=True)


def registers(*addresses, size="uint16", function=3):
    rows = [{"name": f"r{at}", "address": at, "type": size} for at in addresses]
    return parse_map({"function": function, "register": rows}, "test").registers


@pytest.mark.parametrize(
    ("kind", "digits", "value"),
    [
        ("int16", "ffff", "-1"),
        ("uint16", "ffff", "65535"),
        ("int32", "80000000", "-2147483648"),
        ("uint32", "80000000", "2147483648"),
        ("int64", "00000000075bcd15", "123456789"),
        ("uint64", "ffffffffffffffff", "18446744073709551615"),
        ("float32", "4366199a", "230.1"),
        ("float32", "7f7fffff", "3.40282347E+38"),
        ("float64", "3fb999999999999a", "0.1"),
    ],
)
def test_number_is_the_exact_or_shortest_decimal(kind, digits, value):
    assert decode_number(bytes.fromhex(digits), kind) == Decimal(value)


@pytest.mark.parametrize("digits", ["7fc00000", "ffc00000", "7f800000", "ff800000"])
def test_float_that_is_no_number_is_no_value(digits):
    assert decode_number(bytes.fromhex(digits), "float32") is None


@bounded
@example(2.0**-149)
@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_float_text_gives_the_same_float_back_and_none_is_shorter(value):
    decimal = decode_number(struct.pack(">f", value), "float32")
    assert struct.pack(">f", float(decimal)) == struct.pack(">f", value)
    digits = len(decimal.normalize().as_tuple().digits)
    if 1 < digits < 9 and 1.2e-38 < abs(value) < 1e38:  # the span of full precision
        shorter = float(format(value, f".{digits - 1}g"))
        assert struct.pack(">f", shorter) != struct.pack(">f", value)


@bounded
@given(st.sampled_from(sorted(WORDS)), st.data())
def test_words_survive_every_order(kind, data):
    words = data.draw(st.lists(st.integers(0, 65535), min_size=WORDS[kind], max_size=WORDS[kind]))
    for word_order in ("big", "little"):
        for byte_order in ("big", "little"):
            packed = to_bytes(words, word_order, byte_order)
            assert to_words(packed, word_order, byte_order) == tuple(words)
            value = decode_number(packed, kind)
            if value is not None:
                assert decode_number(encode_number(value, kind), kind) == value


@pytest.mark.parametrize(
    ("word_order", "byte_order", "words"),
    [
        ("big", "big", (0x0A0B, 0x0C0D)),
        ("little", "big", (0x0C0D, 0x0A0B)),
        ("big", "little", (0x0B0A, 0x0D0C)),
        ("little", "little", (0x0D0C, 0x0B0A)),
    ],
)
def test_all_four_orders_of_a_double_word(word_order, byte_order, words):
    assert to_bytes(words, word_order, byte_order) == bytes.fromhex("0a0b0c0d")


@pytest.mark.parametrize("name", map_names())
def test_delivered_map_is_sound_and_names_its_source(name):
    found = load_map(name)
    assert found.registers and found.name and found.manufacturer
    for register in found.registers:
        assert not register.unit.startswith(("k", "M")) and register.scale > 0
        assert found.find(register.name) is register


def test_register_is_found_by_name_code_short_code_and_alias():
    found = load_map("schneider_iem3000")
    energy = found.find("energy_import")
    assert energy is found.find("1-0:1.8.0") is found.find("1.8.0")
    assert found.find("reactive_import") is found.find("5.8.0")
    assert (energy.address, energy.type, energy.unit, energy.scale) == (3203, "int64", "Wh", 1)
    with pytest.raises(ConfigError, match="energy_import"):
        found.find("9.9.9")


def test_scale_offset_mask_and_no_value():
    rows = [
        {"name": "t", "address": 0, "type": "int16", "scale": "0.1", "offset": "-40"},
        {"name": "bits", "address": 1, "type": "uint16", "mask": 0x0F00},
        {"name": "gone", "address": 2, "type": "int16", "no_value": [0x7FFF, 0x8000]},
    ]
    bits, gone, t = sorted(parse_map({"register": rows}, "m").registers, key=lambda r: r.name)
    assert t.decode((653,)) == Decimal("25.3")
    assert bits.decode((0x3A5F,)) == 0xA
    assert gone.decode((0x8000,)) is None and gone.decode((0x7FFF,)) is None
    assert gone.decode((0xFFFF,)) == -1


@pytest.mark.parametrize(
    "table",
    [
        {},
        {"register": [{"name": "a", "address": 70000}]},
        {"register": [{"name": "a", "address": 65535, "type": "int32"}]},
        {"register": [{"name": "a", "address": 1, "type": "int12"}]},
        {"register": [{"name": "a", "address": 1, "scale": 0}]},
        {"register": [{"name": "a", "address": 1}, {"name": "a", "address": 2}]},
        {"register": [{"name": "a", "address": 1, "multiplier": "b"}]},
        {"register": [{"name": "a", "address": 1, "multiplier": "a"}]},
        {"register": [{"name": "a", "address": 1, "no_value": ["x"]}]},
        {"register": [{"name": "a", "address": 1, "adress": 2}]},
        {"function": 5, "register": []},
    ],
)
def test_wrong_map_is_refused(table):
    with pytest.raises(ConfigError):
        parse_map(table, "map")


@pytest.mark.parametrize("setting", [None, "", 5, "no_such_map", "../pyproject"])
def test_map_that_cannot_be_found_is_refused(setting):
    with pytest.raises(ConfigError):
        map_of(setting)


def spans(requests):
    return [(request.address, request.count) for request in requests]


def test_neighbours_and_small_gaps_are_one_request():
    assert spans(plan(registers(0, 1, 2, 10), fill=8)) == [(0, 11)]
    assert spans(plan(registers(0, 1, 2, 12), fill=8)) == [(0, 3), (12, 1)]


def test_request_never_exceeds_the_limit_nor_cuts_a_value():
    wide = plan(registers(*range(0, 400, 4), size="int64"), limit=125)
    assert all(request.count <= 125 and request.count % 4 == 0 for request in wide)
    assert sum(len(request.registers) for request in wide) == 100


def test_functions_are_not_mixed():
    mixed = [*registers(0, 1), *registers(2, 3, function=4)]
    assert [(r.function, r.address) for r in plan(mixed)] == [(3, 0), (4, 2)]


def test_refused_gap_is_never_read_again():
    request = plan(registers(0, 3, 6), fill=8)[0]
    assert request.gaps == ((3, 1, 3), (3, 4, 6))
    parts, cuts = split(request)
    assert spans(parts) == [(0, 1), (3, 1), (6, 1)] and cuts == request.gaps
    assert spans(plan(registers(0, 3, 6), fill=8, refused={(3, 1, 3)})) == [(0, 1), (3, 4)]


def test_refused_neighbours_are_cut_in_half_until_one_is_left():
    request = plan(registers(0, 1, 2, 3))[0]
    parts, cuts = split(request)
    assert spans(parts) == [(0, 2), (2, 2)] and cuts == ((3, 2, 2),)
    assert spans(plan(registers(0, 1, 2, 3), refused=set(cuts))) == [(0, 2), (2, 2)]
    assert split(plan(registers(5))[0]) == ((), ())


def test_values_in_the_same_registers_are_never_cut():
    rows = [
        {"name": "a", "address": 4},
        {"name": "b", "address": 4, "type": "uint32"},
    ]
    request = plan(parse_map({"register": rows}, "m").registers, fill=-1)[0]
    assert (request.address, request.count) == (4, 2) and split(request) == ((), ())


def test_every_value_can_have_a_request_of_its_own():
    assert spans(plan(registers(0, 1, 2), fill=-1)) == [(0, 1), (1, 1), (2, 1)]


@bounded
@given(
    st.lists(st.integers(0, 300), min_size=1, max_size=40, unique=True),
    st.integers(1, 125),
    st.integers(0, 20),
)
def test_every_register_is_read_once_within_the_limits(addresses, limit, fill):
    requests = plan(registers(*addresses), limit, fill)
    assert sorted(r.address for q in requests for r in q.registers) == sorted(addresses)
    for request in requests:
        assert request.count <= limit
        assert all(end - first <= fill for _, first, end in request.gaps)
        assert all(request.address <= r.address < request.end for r in request.registers)
