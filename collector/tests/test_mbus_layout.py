# SPDX-License-Identifier: MIT
"""A telegram read by its layout is the telegram read step by step."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mbus_support import own_telegrams, real_telegrams

from actwin_collector.model import CollectorError
from actwin_collector.protocol.mbus import layout
from actwin_collector.protocol.mbus.link import parse_frame
from actwin_collector.protocol.mbus.records import decode_records

bounded = settings(max_examples=600, deadline=None, derandomize=True)
_TELEGRAMS = [parse_frame(wire) for wire in (*own_telegrams(), *real_telegrams())]
BODIES = [frame.data[13:] for frame in _TELEGRAMS if frame.data[0] == 0x72]


def outcome(data: bytes, tail: int = 0):
    try:
        return decode_records(data, tail)
    except CollectorError as error:
        return error.code


def step_by_step(data: bytes, tail: int = 0):
    layout.forget()
    return outcome(data, tail)


def test_second_telegram_of_a_meter_goes_by_its_layout():
    data = bytes.fromhex("2F2F 0C13 27048502 0B3B 271000 046D 0F0A 5A2B 0F 010203")
    later = bytes.fromhex("2F2F 0C13 28048502 0B3B 0701F0 046D 1F0A 5A2B 0F 040506")
    layout.forget()
    assert layout.find(data) is None
    first = decode_records(data)
    assert layout.find(later) is not None
    second = decode_records(later)
    assert second == step_by_step(later) and second != first
    assert [str(record.value) for record in second.records[:2]] == ["2850.428", "-0.107"]
    assert second.records[-1].raw == "040506" and not second.more


@bounded
@given(st.data())
def test_changed_bytes_give_the_same_either_way(data):
    body = data.draw(st.sampled_from(BODIES))
    changed = bytearray(body)
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    tail = data.draw(st.sampled_from((0, 2)))
    expected = step_by_step(bytes(changed), tail)
    layout.forget()
    outcome(body)
    assert outcome(bytes(changed), tail) == expected


@pytest.mark.parametrize("cut", range(1, 6))
def test_shorter_telegram_is_never_read_by_a_longer_ones_layout(cut):
    for body in BODIES:
        expected = step_by_step(body[:-cut])
        layout.forget()
        outcome(body)
        assert outcome(body[:-cut]) == expected


def test_noise_cannot_make_the_table_grow():
    layout.forget()
    for number in range(5_000):
        outcome(b"\x0d\x78" + bytes((number % 190,)) + bytes(number % 190) + bytes((1, 0x13, 9)))
        outcome(bytes((0x81, 0x40, 0x10 + number % 8, 7)))
        outcome(b"\x84" + bytes((number >> 4 & 0x7F, 0x13)) + bytes(4))
    assert layout.size() <= 1024 * 8
