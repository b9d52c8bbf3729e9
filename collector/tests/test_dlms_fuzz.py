# SPDX-License-Identifier: MIT
"""Noise into the DLMS decoder: records or a CollectorError, nothing else ever."""

from __future__ import annotations

import json
from datetime import UTC
from decimal import Decimal

from dlms_rig import meters
from dlms_support import (
    BODY,
    CLIENT,
    METER,
    PLAIN_PUSH,
    WITH_KEYS,
    general,
    glo,
    got,
    in_hdlc,
    in_wrapper,
    segments,
)
from hypothesis import example, given, settings
from hypothesis import strategies as st
from protocol_rig import cases

from actwin_collector.model import CollectorError, FrameError, Record
from actwin_collector.protocol.dlms import DlmsDriver, hdlc
from actwin_collector.protocol.dlms.axdr import decode as decode_value
from actwin_collector.protocol.dlms.cosem import parse_name
from actwin_collector.protocol.dlms.layouts import Layout
from actwin_collector.protocol.dlms.listener import PushListener
from actwin_collector.protocol.dlms.profile import Column, by_entry
from actwin_collector.protocol.dlms.rows import event_rows, profile_rows
from actwin_collector.simulate.protocols.dlms import session_of
from actwin_collector.units import plain

_MOST_SWALLOWED = 70_000
bounded = settings(max_examples=400, deadline=None, derandomize=True)
TITLES = {"client_system_title": CLIENT.hex(), "meter_system_title": METER.hex()}
AARE = bytes.fromhex(
    "6129A109060760857405080101A203020100A305A103020100BE10040E0800065F1F040000181D04B00007"
)
ANSWERS = [
    got("0600BC614E"),
    got("0101" "0202" "090C07EA0801060C1E0000FF4C00" "0600000001"),
    bytes.fromhex("C402C101000000010005") + bytes.fromhex("0600BC614E"),
    bytes.fromhex("C001C100030100010800FF0200"),
    bytes.fromhex("C20009060000010000FF0200") + b"\x11\x05",
    bytes.fromhex("D80106"),
    AARE,
]  # fmt: skip
PLAIN = [PLAIN_PUSH, *ANSWERS]
REQUESTS = [
    bytes.fromhex("601DA109060760857405080101BE10040E01000000065F1F0400001E1DFFFF"),
    bytes.fromhex("C001C100030100010800FF0200"),
    bytes.fromhex("C001C100070100630100FF0201") + by_entry(1, 5),
    bytes.fromhex("C101C100080000010000FF0200090C07E50118FF0E303950FFC400"),
    bytes.fromhex("C301C000460000600A0AFF01010F00"),
    bytes.fromhex("6203800100"),
]
SEEDS = [
    *PLAIN,
    general(PLAIN_PUSH, 9),
    glo(0xCC, ANSWERS[0], 9),
    in_hdlc(PLAIN_PUSH, 3),
    in_wrapper(PLAIN_PUSH),
    b"".join(segments(general(PLAIN_PUSH, 9), 40)),
    *(
        bytes.fromhex("".join(given.get("frames", [given.get("telegram", "")])))
        for folder in cases("dlms")
        for given in [json.loads((folder / "input.json").read_text("utf-8"))]
    ),
]
PIECES = st.sampled_from(
    [bytes.fromhex(text) for text in (
        "00", "01", "02", "0101", "0204", "090C", "0906", "0A03", "12FFFF", "06", "0F", "1600",
        "13", "1302", "130203", "0300", "0408FF", "14", "17", "18", "19", "FF", "84FFFFFFFF",
        "0100010800FF", "07EA0801060C1E0000FF4C00", "0202", "0F031620",
    )]
)  # fmt: skip


def survives(given_telegram) -> None:
    """Decode; every record that comes out must be complete and printable."""
    try:
        telegram = DlmsDriver.decode(given_telegram)
    except CollectorError as error:
        assert error.code and error.message
        return
    for record in telegram.records:
        assert isinstance(record, Record) and isinstance(record.value, Decimal | str | None)
        json.dumps(record.raw)
        if isinstance(record.value, Decimal):
            assert record.value.is_finite() and plain(record.value)


@bounded
@given(st.binary(max_size=300))
@example(b"\x7e" * 300)
@example(b"\xa0\x00")
@example(b"\x0f" + bytes(5) + b"\x13\x01\xff\xff\x01\xff\xff\x01\xff\xff\x00\x01\x00")
@example(b"\x0f" + bytes(5) + b"\x02\x01" * 500)
@example(b"\x0f" + bytes(5) + b"\x01\x84\xff\xff\xff\xff")
def test_any_bytes(data):
    survives({"telegram": data.hex(), **WITH_KEYS})


@bounded
@given(st.sampled_from(SEEDS), st.integers(0, 5000), st.binary(min_size=0, max_size=3),
       st.integers(0, 3))  # fmt: skip
def test_changed_cut_and_inserted_bytes(seed, at, inserted, removed):
    at %= len(seed)
    data = seed[:at] + inserted + seed[at + removed :]
    survives({"telegram": data.hex(), **WITH_KEYS, **TITLES})


@bounded
@given(st.sampled_from(PLAIN), st.integers(0, 5000), st.integers(0, 255))
def test_changed_bytes_under_a_sound_seal_and_frame(seed, at, byte):
    """What a meter with a fault sends: every checksum and tag is right."""
    at %= len(seed)
    data = seed[:at] + bytes((byte,)) + seed[at + 1 :]
    for wire in (general(data, 9), in_hdlc(data, 2), in_wrapper(data), data):
        survives({"telegram": wire.hex(), **WITH_KEYS})


@bounded
@given(st.lists(PIECES, max_size=40).map(b"".join))
def test_values_made_of_the_grammar(data):
    survives({"telegram": (b"\x0f" + bytes(5) + data).hex()})
    survives({"telegram": (PLAIN_PUSH[: -len(BODY)] + data).hex()})
    survives({"telegram": (got("") + data).hex()})


@bounded
@given(st.lists(st.sampled_from(SEEDS), max_size=5))
def test_messages_in_any_order(messages):
    survives({"frames": [message.hex() for message in messages], **WITH_KEYS, **TITLES})


@bounded
@given(st.recursive(
    st.none() | st.text(max_size=8) | st.integers() | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
))  # fmt: skip
def test_any_json(value):
    for name in ("frames", "telegram", "key", "authentication_key", "client_system_title"):
        survives({"telegram": PLAIN_PUSH.hex(), name: value})


@bounded
@given(st.binary(max_size=60))
def test_hdlc_splitter(data):
    try:
        hdlc.split(data)
    except CollectorError as error:
        assert isinstance(error, FrameError) or error.code == "bad_checksum"


@bounded
@given(st.binary(max_size=120))
def test_value_decoder(data):
    try:
        decode_value(data)
    except FrameError as error:
        assert error.message


COMPACT = st.lists(PIECES, min_size=1, max_size=12).map(
    lambda parts: b"\x13" + b"".join(parts)
) | st.tuples(st.integers(0, 3), st.integers(0, 0xFFFF), st.binary(max_size=40)).map(
    lambda each: b"\x13"
    + b"".join(b"\x01" + each[1].to_bytes(2, "big") for _ in range(each[0]))
    + b"\x00"
    + bytes((len(each[2]),))
    + each[2]
)


@bounded
@given(COMPACT)
@example(b"\x13\x01\xff\xff\x01\xff\xff\x11\x04\x01\x02\x03\x04")
@example(b"\x13\x02\x03\x11\x12\x0f\x08" + bytes(8))
def test_compact_arrays(data):
    survives({"telegram": (PLAIN_PUSH[: -len(BODY)] + data).hex()})


@bounded
@given(st.lists(st.sampled_from(SEEDS) | st.binary(max_size=40), max_size=8), st.integers(1, 60))
def test_listener_takes_anything_in_any_pieces(parts, step):
    ear = PushListener({"push_confirm": True})
    data = b"".join(parts)
    heard = [h for at in range(0, len(data), step) for h in ear.feed(data[at : at + step])]
    for each in heard:
        survives({**each.telegram, **WITH_KEYS, **TITLES})
    assert len(ear._buffer) <= len(data)
    for part in parts:
        ear.message(part)


@settings(bounded, max_examples=40)
@given(st.sampled_from(SEEDS), st.integers(0, 5000), st.binary(max_size=3), st.integers(0, 3))
def test_listener_finds_a_good_push_after_a_spoilt_one(seed, at, inserted, removed):
    """Frames have a length and most a check: behind whatever came before, a good one is found."""
    at %= len(seed)
    data = seed[:at] + inserted + seed[at + removed :]
    ear = PushListener({})
    good = in_hdlc(PLAIN_PUSH)
    # As many as a frame that promises the most can swallow, and one.
    found = list(ear.feed(data))
    for _ in range(_MOST_SWALLOWED // len(good)):
        found += ear.feed(good)
    assert found


@bounded
@given(st.recursive(
    st.none() | st.integers() | st.binary(max_size=13) | st.booleans() | st.text("01", max_size=9),
    lambda inner: st.lists(inner, max_size=4), max_leaves=12,
), st.booleans())  # fmt: skip
def test_profile_rows_of_anything(buffer, newest_first):
    names = ((8, "0.0.1.0.0.255"), (1, "0.0.96.10.1.255"), (3, "1.8.0"))
    columns = tuple(Column(kind, parse_name(name), 2) for kind, name in names)
    layout = Layout(columns, {columns[2]: (3, 30)}, 900, newest_first)
    for read in (profile_rows, lambda *more: event_rows(*more, bytes(6))):
        try:
            for row in read(buffer, layout, UTC):
                assert row.ts.tzinfo
        except CollectorError as error:
            assert error.message


@bounded
@given(st.sampled_from(["wrapper", "hdlc"]), st.lists(st.sampled_from(REQUESTS), max_size=4),
       st.integers(0, 500), st.integers(0, 255))  # fmt: skip
def test_simulated_meter_survives_changed_requests(framing, messages, at, byte):
    session = session_of(meters({"framing": framing}))
    for message in [REQUESTS[0], *messages]:
        message = message[: at % len(message)] + bytes((byte,)) + message[at % len(message) + 1 :]
        if framing == "wrapper":
            session.feed(in_wrapper(message, 16, 1))
        else:
            session.feed(hdlc.build(b"\x03", b"\x21", hdlc.SNRM))
            session.feed(hdlc.build(b"\x03", b"\x21", 0x10, hdlc.LLC_REQUEST + message))
