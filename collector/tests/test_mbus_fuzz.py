# SPDX-License-Identifier: MIT
"""Noise into the wired decoder: records or a CollectorError, nothing else ever."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from mbus_support import PROTOCOLS, files

from actwin_collector.model import CollectorError, Record
from actwin_collector.protocol.mbus import MbusDriver
from actwin_collector.protocol.mbus.link import long_frame
from actwin_collector.protocol.mbus.records import decode_records
from actwin_collector.units import plain

# Without the data set one telegram with all kinds of records seeds the mutations.
_OWN = long_frame(
    0x08,
    1,
    bytes.fromhex(
        "7278563412 2459010755000000 0413 31D40000 8410FB02 01000000 055B 2B4BAC41"
        "22FC 03485225 74 D411 0DFD0C06353331334D45 066D1E0B0BCD1300 0D13C3563412 1F010203"
    ),
)
SEEDS = [
    bytes.fromhex(path.read_text())
    for path in files(PROTOCOLS / "mbus" / "libmbus" / "test-frames", "*.hex")
] or [_OWN]

bounded = settings(max_examples=400, deadline=None, derandomize=True)


def survives(decode, argument) -> None:
    """Decode; every record that comes out must be complete and printable."""
    try:
        records = decode(argument).records
    except CollectorError as error:
        assert error.code and error.message
        return
    for record in records:
        assert isinstance(record, Record)
        if isinstance(record.value, Decimal):
            assert record.value.is_finite() and "E" not in plain(record.value)
        else:
            assert record.value is None or isinstance(record.value, str)


@st.composite
def mutated_frames(draw):
    """A real telegram with some bytes changed, cut or inserted, and its check sum right again."""
    seed = draw(st.sampled_from(SEEDS))
    body = bytearray(seed[6:-2])
    for _ in range(draw(st.integers(1, 6))):
        position = draw(st.integers(0, max(len(body) - 1, 0)))
        change = draw(st.sampled_from(["set", "cut", "insert"]))
        if change == "set" and body:
            body[position] = draw(st.integers(0, 255))
        elif change == "cut":
            del body[position : position + draw(st.integers(1, 12))]
        else:
            body[position:position] = draw(st.binary(min_size=1, max_size=8))
    return long_frame(0x08, 1, bytes(body[:250]))


@bounded
@given(mutated_frames())
def test_mutated_telegrams(wire):
    survives(MbusDriver.decode, {"telegram": wire.hex()})


@bounded
@given(st.binary(max_size=300))
def test_random_record_bytes(data):
    survives(decode_records, data)


@bounded
@given(st.binary(max_size=40), st.integers(0, 255))
def test_random_application_data(data, ci):
    survives(MbusDriver.decode, {"telegram": long_frame(8, 1, bytes((ci,)) + data).hex()})


@bounded
@given(st.one_of(st.text(max_size=60), st.none(), st.integers(), st.lists(st.integers())))
def test_anything_as_telegram(telegram):
    survives(MbusDriver.decode, {"telegram": telegram})
