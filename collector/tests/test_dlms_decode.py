# SPDX-License-Identifier: MIT
"""DLMS pushes and dialogues: our own cases, real ones, and two independent decoders beside ours."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from dlms_support import (
    BODY,
    ENCRYPTION,
    FRAGMENTS,
    PLAIN_PUSH,
    PUSHES,
    SESSION,
    WITH_KEYS,
    flat,
    general,
    in_hdlc,
    in_wrapper,
)
from mbus_support import needs_data
from protocol_rig import cases, check_case

from actwin_collector.model import CollectorError, FrameError
from actwin_collector.protocol.dlms import DlmsDriver
from actwin_collector.protocol.dlms.apdu import parse_notification
from actwin_collector.protocol.dlms.axdr import decode as decode_value
from actwin_collector.protocol.dlms.cosem import raw_value
from actwin_collector.protocol.dlms.frames import messages_of
from actwin_collector.protocol.dlms.receiver import to_push

decode = DlmsDriver.decode
# Has no information field: a frame, but no telegram.
WITHOUT_CONTENT = {"amshan/test_hdlc/FRAME_EMPTY_INFO"}
BODIES = [case for case in PUSHES if "expected_value" in case]


def given(case: dict) -> dict:
    request = {"frames": case["frames"]} if "frames" in case else {"telegram": case["hex"]}
    return request | ({"encryption_key": case["key"]} if case.get("key") else {})


@pytest.mark.parametrize("folder", cases("dlms"), ids=lambda path: path.name)
def test_case_decodes_as_expected(folder):
    check_case(folder, decode)


@needs_data
@pytest.mark.parametrize("case", BODIES, ids=lambda case: case["id"])
def test_real_push_gives_every_value_it_carries(case):
    """Each value is a record's ``raw``; names and classes of an object list name the records."""
    records = decode(given(case)).records
    raws = list(flat([record.raw for record in records]))
    names = {"hex:" + bytes(map(int, r.obis.split("."))).hex().upper() for r in records if r.obis}
    expected = case["expected_value"]
    named_by_list = isinstance(expected[0], list) and isinstance(expected[0][0], list)
    values = expected[1:] if named_by_list else expected
    structured = not named_by_list and isinstance(expected[0], list)
    leaves = [e for row in values for e in row[:2]] if structured else list(flat(values))
    for leaf in leaves:
        if leaf in names:
            names.discard(leaf)
        else:
            raws.remove(leaf)
    assert len(records) == len(values) or not (named_by_list or structured)


@needs_data
@pytest.mark.parametrize("case", BODIES, ids=lambda case: case["id"])
def test_real_push_has_the_expected_body(case):
    if case.get("key"):
        pytest.skip("the body is ciphered; its values are compared above")
    [message] = messages_of(given(case))
    assert raw_value(parse_notification(message).body) == case["expected_value"]


@needs_data
@pytest.mark.parametrize(
    "case", [c for c in PUSHES if "expected_fields" in c], ids=lambda case: case["id"]
)
def test_kaifa_header_and_positions_are_understood(case):
    names = {
        "meter_datetime": None,
        "meter_id": "0.0.96.1.0.255",
        "active_power_import": "1.0.1.7.0.255",
        "active_power_import_total": "1.0.1.8.0.255",
        "reactive_power_import_total": "1.0.3.8.0.255",
        "reactive_power_export_total": "1.0.4.8.0.255",
    }
    records = {record.obis: record for record in decode(given(case)).records}
    for field, value in case["expected_fields"].items():
        if field == "meter_datetime":
            assert records["1.0.1.7.0.255"].ts == value
        else:
            assert records[names[field]].value == value


@needs_data
@pytest.mark.parametrize(
    "case", [c for c in PUSHES if "expected_fields" not in c], ids=lambda case: case["id"]
)
def test_every_telegram_of_the_set_is_decoded_or_named_here(case):
    if case["id"] in WITHOUT_CONTENT:
        with pytest.raises(FrameError) as caught:
            decode(given(case))
        assert caught.value.code == "empty"
    else:
        assert decode(given(case)).records


@needs_data
@pytest.mark.parametrize("case", FRAGMENTS, ids=lambda case: case["id"])
def test_fragment_gives_records_or_a_named_error(case):
    for request in ({"telegram": case["hex"]}, {"telegram": case["hex"], **WITH_KEYS}):
        try:
            decode(request)
        except CollectorError as error:
            assert error.code and error.message


@needs_data
def test_recorded_session_gives_register_and_profile():
    frames = SESSION["frames"]
    request = {k: SESSION[k] for k in ("encryption_key", "authentication_key")}
    for form in (frames, [pair[1] for pair in frames]):
        telegram = decode({"frames": form, **request})
        register, *rows = telegram.records
        assert (register.obis, register.value, register.unit) == (
            "1.0.1.8.0.255",
            Decimal(SESSION["expected"]["register_1_0_1_8_0"]),
            "Wh",
        )
        assert len(rows) == SESSION["expected"]["profile_rows"]
        assert [rows[0].ts, rows[0].value] == SESSION["expected"]["first_row"]
        assert [rows[-1].ts, rows[-1].value] == SESSION["expected"]["last_row"]
        assert telegram.meter.extra["authentication"] == "verified"


@needs_data
def test_answers_alone_still_give_the_rows():
    frames = [frame for way, frame in SESSION["frames"] if way == "server"]
    telegram = decode({"frames": frames, **{k: SESSION[k] for k in WITH_KEYS}})
    rows = [record for record in telegram.records if record.ts]
    assert [len(rows), rows[-1].value] == [96, Decimal(1665)]


def test_push_is_the_same_in_every_wrapping():
    plain = decode({"telegram": PLAIN_PUSH.hex()}).records
    assert [(r.obis, r.value, r.unit) for r in plain] == [
        ("1.0.1.8.0.255", Decimal(1234567), ""),
        ("1.0.32.7.0.255", Decimal("230.1"), "V"),
    ]
    assert plain[0].ts == "2026-08-01T12:30:00+03:00"
    for wire in (
        in_hdlc(PLAIN_PUSH),
        in_hdlc(PLAIN_PUSH, 4),
        in_wrapper(PLAIN_PUSH),
        b"\xe6\xe7\x00" + PLAIN_PUSH,
        in_hdlc(PLAIN_PUSH)[1:-1],
    ):
        assert decode({"telegram": wire.hex()}).records == plain
    pieces = [in_hdlc(PLAIN_PUSH)[at : at + 9].hex() for at in range(0, 80, 9)]
    assert decode({"frames": [piece for piece in pieces if piece]}).records == plain


def test_push_becomes_samples_with_the_makers_scale():
    telegram = decode({"telegram": PLAIN_PUSH.hex()})
    push = to_push(telegram, {"1.8.0": (Decimal(10), "Wh")})
    [row] = push.rows
    assert push.result.samples == {} and len(push.result.records) == 2
    assert row.ts.isoformat() == "2026-08-01T12:30:00+03:00"
    assert (row.samples["1.8.0"].value, row.samples["1.8.0"].unit) == (12345670, "Wh")
    result = to_push(telegram, {"1.8.0": (Decimal(10), "Wh")}, by_meter_time=False).result
    assert (result.samples["1.8.0"].value, result.samples["1.8.0"].unit) == (12345670, "Wh")
    assert result.samples["1.0.32.7.0.255"].value == Decimal("230.1")
    assert result.samples["1.8.0"].meter_ts.isoformat() == "2026-08-01T12:30:00+03:00"


def test_body_agrees_with_an_independent_decoder():
    """dlms-cosem reads the same values from the same bytes, real ones included."""
    from dlms_cosem.utils import parse_as_dlms_data

    wires = [case["hex"] for case in PUSHES if case["kind"] == "llc-apdu"]
    for body in [BODY, *(_body(bytes.fromhex(wire)) for wire in wires)]:
        assert _comparable(decode_value(body)) == _comparable(parse_as_dlms_data(body))


def _body(apdu: bytes) -> bytes:
    """The bytes of a notification's body."""
    at = apdu.index(b"\x0f") + 5
    if apdu[at : at + 2] == b"\x09\x0c":
        at += 1
    return apdu[at + 1 + apdu[at] :]


def _comparable(value):
    if isinstance(value, (list, tuple)):
        return [_comparable(each) for each in value]
    if isinstance(value, (bytes, bytearray)):
        return bytes(value)
    return value.encode() if isinstance(value, str) else value


def test_ciphered_push_without_authentication_key_is_marked():
    wire = general(PLAIN_PUSH, 5).hex()
    assert decode({"telegram": wire, **WITH_KEYS}).meter.extra["authentication"] == "verified"
    found = decode({"telegram": wire, "key": ENCRYPTION})
    assert found.meter.extra["authentication"] == "unverified"
    assert found.meter.manufacturer == "ACT"


@pytest.mark.parametrize(
    ("telegram", "code"),
    [
        ({}, "bad_hex"),
        ({"telegram": ""}, "empty"),
        ({"telegram": "zz"}, "bad_hex"),
        ({"frames": "0F"}, "bad_hex"),
        ({"frames": [5]}, "bad_hex"),
        ({"telegram": "0F00"}, "truncated"),
        ({"telegram": PLAIN_PUSH.hex()[:-2]}, "truncated"),
        ({"telegram": PLAIN_PUSH.hex() + "00"}, "bad_frame"),
        ({"telegram": "0000000000"}, "bad_frame"),
        ({"telegram": in_wrapper(PLAIN_PUSH).hex()[:-4]}, "truncated"),
        (
            {"telegram": in_wrapper(PLAIN_PUSH).hex() + in_wrapper(PLAIN_PUSH, 9).hex()},
            "wrong_address",
        ),
        ({"telegram": "D80106"}, "stale_counter"),
        ({"telegram": general(PLAIN_PUSH, 5).hex()}, "key_missing"),
        ({"telegram": PLAIN_PUSH.hex(), "encryption_key": "12"}, "bad_key"),
    ],
)
def test_what_cannot_be_read_is_a_named_error(telegram, code):
    with pytest.raises(CollectorError) as caught:
        decode(telegram)
    assert caught.value.code == code


def test_frame_without_a_message_is_a_named_error():
    with pytest.raises(CollectorError) as caught:
        decode({"telegram": "7EA80C21022313342CE6E726D27E7EA00B21022313B03D00CCC67E"})
    assert caught.value.code == "empty"


def test_damaged_hdlc_push_is_a_bad_checksum():
    wire = bytearray(in_hdlc(PLAIN_PUSH))
    for at in range(9, len(wire) - 1):
        wire[at] ^= 0x10
        with pytest.raises(CollectorError) as caught:
            decode({"telegram": bytes(wire).hex()})
        assert caught.value.code == "bad_checksum"
        wire[at] ^= 0x10


def test_decode_command_offers_dlms(capsys):
    from actwin_collector.__main__ import main

    request = json.dumps({"frames": [general(PLAIN_PUSH, 5).hex()], **WITH_KEYS})
    assert main(["decode", "--protocol", "dlms", "--json", request]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["ok"] and answer["records"][1]["value"] == "230.1"
