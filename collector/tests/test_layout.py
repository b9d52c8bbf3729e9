# SPDX-License-Identifier: MIT
"""The language of payload layouts: types, conditions, repetitions, tags, and its mistakes."""

from __future__ import annotations

import contextlib
import random
import tomllib
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actwin_collector.model import ConfigError
from actwin_collector.protocol.layout import parse_layouts, read_layout
from actwin_collector.protocol.layout.numbers import value_type
from actwin_collector.protocol.wmbus.layouts import known


def layout(text: str):
    (found,) = parse_layouts(tomllib.loads("[[layout]]\nname = 'x'\n" + text), "test")
    return found


def values(text: str, data: str):
    found = read_layout(layout(text), bytes.fromhex(data))
    return found if found is None else [(r.quantity, r.storage, r.value) for r in found]


@pytest.mark.parametrize(
    ("name", "raw", "value"),
    [
        ("u8", "FF", Decimal(255)),
        ("u24", "010203", Decimal(0x030201)),
        ("u16be", "0102", Decimal(0x0102)),
        ("i16", "FEFF", Decimal(-2)),
        ("i32be", "FFFFFFFE", Decimal(-2)),
        ("f32", "0000C03F", Decimal("1.5")),
        ("f64", "000000000000F83F", Decimal("1.5")),
        ("f32", "0000C07F", None),
        ("bcd4", "78563412", Decimal(12345678)),
        ("bcd2be", "1234", Decimal(1234)),
        ("bcd2", "3A12", None),
        ("hex2", "3412", "1234"),
        ("text3", "414200", "AB"),
        ("unix", "00000000", None),
        ("unix", "80510100", "1970-01-02T00:00:00+00:00"),
        ("since2000", "80510100", "2000-01-02T00:00:00"),
        ("date_g", "5F3A", "2026-10-31"),
        ("date_dmy", "9F27", "2019-12-31"),
        ("date_dmy", "0000", None),
        ("clock6", "590410310320", "2020-03-31T10:04:59"),
        ("clock6", "FFFFFFFFFFFF", None),
        ("outer3", "017702", Decimal(3)),
    ],
)
def test_types(name, raw, value):
    size, decode = value_type(name)
    data = bytes.fromhex(raw)
    assert size == len(data)
    assert decode(data) == value


def test_scaling_is_exact():
    text = """field = [
        { quantity = "a", type = "u8", factor = "0.1", offset = "-40" },
        { quantity = "b", type = "u8", divisor = 4 },
        { quantity = "c", type = "u8", bits = [4, 4] },
        { quantity = "d", at = 2, type = "u8", bits = [[0, 4], [4, 4]] },
        { quantity = "e", type = "u8", none = [255] },
        { quantity = "f", at = -1, type = "u8", values = { 7 = "open", 8 = "1.5" } },
    ]"""
    assert values(text, "05 07 A1 FF 08") == [
        ("a", 0, Decimal("-39.5")),
        ("b", 0, Decimal("1.75")),
        ("c", 0, Decimal(10)),
        ("d", 0, Decimal(0x1A)),
        ("e", 0, None),
        ("f", 0, Decimal("1.5")),
    ]


def test_fields_that_are_not_there_move_nothing():
    text = """field = [
        { name = "has", type = "u8" },
        { quantity = "a", type = "u8", when = [{ field = "has", bits = [0, 1], equals = [1] }] },
        { quantity = "b", type = "u8", when = [{ field = "has", bits = [1, 1], equals = [1] }] },
    ]"""
    assert values(text, "02 07") == [("b", 0, Decimal(7))]
    assert values(text, "03 07 08") == [("a", 0, Decimal(7)), ("b", 0, Decimal(8))]
    assert values(text, "03 07") is None


def test_repetitions_sums_and_times():
    text = """field = [
        { name = "s", type = "unix" },
        { name = "b", type = "u8" },
    {quantity = "v", type = "u8", repeat = 3, storage = 1, running = "b", ts = "s", ts_step = 60 },
        { quantity = "total", sum = ["b", "b"] },
    ]"""
    found = read_layout(layout(text), bytes.fromhex("80510100 0A 01 02 03"))
    assert [(r.storage, r.value) for r in found] == [(1, 11), (2, 13), (3, 16), (0, 20)]
    assert [r.ts for r in found[:3]] == [f"1970-01-02T00:0{n}:00+00:00" for n in range(3)]


def test_tagged_items():
    text = """[layout.tlv]
    tag = 2
    end = ["FF"]
    item = [
      { tag = ["..67"], channel = true, field = [{quantity = "t", type = "i16be", factor = ".1" }]},
        { tag = ["0301"], size = 1 },
    ]"""
    found = read_layout(layout(text), bytes.fromhex("0567 0110 0301 FF 0667 FFF6 FF00"))
    assert [(r.subunit, r.value) for r in found] == [(5, Decimal("27.2")), (6, Decimal("-1.0"))]
    # An unknown tag ends what can be read; one at the start means another layout.
    assert len(read_layout(layout(text), bytes.fromhex("0567 0110 0999 00"))) == 1
    assert read_layout(layout(text), bytes.fromhex("0999 00")) is None


def test_records_of_the_standard_inside():
    text = "min = 2\nwhen = [{ at = 0, equals = [3] }]\nrecords_at = 1"
    assert values(text, "03 0413 31D40000") == [("volume", 0, Decimal("54.321"))]
    assert values(text, "04 0413 31D40000") is None
    assert values(text, "03 0413 31D4") is None


@pytest.mark.parametrize(
    "text",
    [
        "field = [{ quantity = 'a' }]",
        "field = [{ quantity = 'a', type = 'u9' }]",
        "field = [{ quantity = 'a', type = 'u8', bits = [1] }]",
        "field = [{ quantity = 'a', type = 'u8', factor = 'x' }]",
        "field = [{ quantity = 'a', type = 'u8', wrong = 1 }]",
        "field = [{ quantity = 'a', type = 'u8', repeat = 9999 }]",
        "field = [{ quantity = 'a', type = 'u8', when = [{ equals = [1] }] }]",
        "field = 3",
        "tlv = { tag = 1, item = [{ tag = ['1'] }] }",
        "colour = 1",
    ],
)
def test_mistakes_are_named(text):
    with pytest.raises(ConfigError):
        layout(text)


def test_every_shipped_layout_survives_any_bytes():
    noise = random.Random(3)
    layouts = {each.name: each for found in known().values() for _, each in found}
    for each in layouts.values():
        for _ in range(200):
            read_layout(each, noise.randbytes(noise.randrange(120)))


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(
                    ["name", "for", "field", "tlv", "type", "at", "when", "bits", "sum"]
                ),
                inner,
                max_size=6,
            )
        ),
        max_leaves=20,
    )
)
def test_any_table_is_a_layout_or_a_named_mistake(table):
    with contextlib.suppress(ConfigError):
        parse_layouts({"layout": [table]}, "noise")
