# SPDX-License-Identifier: MIT
"""Stored messages beyond pushes: session keys, wrapped keys, lists, what carries no value."""

from __future__ import annotations

from decimal import Decimal

import pytest
from cryptography.hazmat.primitives.keywrap import aes_key_wrap
from dlms_support import (
    CLIENT,
    ENCRYPTION,
    FRAGMENTS,
    KEYS,
    METER,
    PLAIN_PUSH,
    WITH_KEYS,
    general,
    glo,
    got,
    in_wrapper,
    sealed,
)
from mbus_support import needs_data

from actwin_collector.model import CollectorError
from actwin_collector.protocol.dlms import DlmsDriver, encode
from actwin_collector.protocol.dlms.axdr import encode_length
from actwin_collector.protocol.dlms.gcm import PROTECTED, Keys, seal
from actwin_collector.protocol.dlms.listener import PushListener

DEDICATED = bytes(range(0x30, 0x40))
TITLES = {"client_system_title": CLIENT.hex(), "meter_system_title": METER.hex()}
AARE = bytes.fromhex(
    "6129A109060760857405080101A203020100A305A103020100BE10040E0800065F1F040000181D04B00007"
)
SESSION_KEYS = Keys(DEDICATED, KEYS.authentication)


def decode(*messages: bytes, **keys):
    frames = [in_wrapper(message).hex() for message in messages]
    return DlmsDriver.decode({"frames": frames, **keys})


def aarq() -> bytes:
    """A ciphered association request that brings a dedicated key."""
    initiate = b"\x01\x01\x10" + DEDICATED + bytes.fromhex("0000065F1F0400001E1DFFFF")
    user = glo(0x21, initiate, 1, title=CLIENT)
    parts = bytes.fromhex("A109060760857405080103") + b"\xa6\x0a\x04\x08" + CLIENT
    parts += b"\xbe" + encode_length(len(user) + 2) + b"\x04" + encode_length(len(user)) + user
    return b"\x60" + encode_length(len(parts)) + parts


def ded(tag: int, plain: bytes, counter: int, title: bytes = METER) -> bytes:
    return glo(tag, plain, counter, title=title, keys=SESSION_KEYS)


def test_dedicated_key_of_the_association_opens_what_follows():
    wanted = bytes.fromhex("C001C100030100010800FF0200")
    dialogue = (aarq(), ded(0xD0, wanted, 1, CLIENT), ded(0xD4, got("0600BC614E"), 1))
    [record] = decode(*dialogue, **WITH_KEYS, meter_system_title=METER.hex()).records
    assert (record.obis, record.value) == ("1.0.1.8.0.255", Decimal(12345678))
    # The same from the middle of the dialogue, with the key told.
    [record] = decode(*dialogue[1:], **WITH_KEYS, **TITLES, dedicated_key=DEDICATED.hex()).records
    assert record.value == 12345678


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda d: (d[1], d[2]), "key_missing"),
        (lambda d: (*d, d[2]), "replayed"),
        (lambda d: (*d[:2], d[2][:-1] + bytes((d[2][-1] ^ 1,))), "bad_authentication"),
        (lambda d: (*d[:2], glo(0xD4, got("0600BC614E"), 1)), "bad_authentication"),
    ],
    ids=["no key", "twice", "changed", "global key"],
)
def test_dedicated_messages_are_refused_as_others_are(change, code):
    wanted = bytes.fromhex("C001C100030100010800FF0200")
    dialogue = (aarq(), ded(0xD0, wanted, 1, CLIENT), ded(0xD4, got("0600BC614E"), 1))
    with pytest.raises(CollectorError) as caught:
        decode(*change(dialogue), **WITH_KEYS, meter_system_title=METER.hex())
    assert caught.value.code == code


def test_general_ded_ciphering_takes_the_dedicated_key_where_there_is_one():
    body = sealed(PLAIN_PUSH, 5, keys=SESSION_KEYS)
    wire = b"\xdc\x08" + METER + encode_length(len(body)) + body
    assert len(decode(wire, **WITH_KEYS, dedicated_key=DEDICATED.hex()).records) == 2
    with pytest.raises(CollectorError):
        decode(wire, **WITH_KEYS)
    plain = b"\xdc" + general(PLAIN_PUSH, 5)[1:]
    assert len(decode(plain, **WITH_KEYS).records) == 2


MASTER = bytes(range(0x60, 0x70))


def general_ciphering(wrapped: bytes, key: bytes = DEDICATED) -> bytes:
    header = b"\x08" + bytes(7) + b"\x01" + b"\x08" + METER + b"\x08" + CLIENT + b"\x00\x00"
    body = bytes((PROTECTED,)) + (5).to_bytes(4, "big")
    # The header is authenticated too; seal() has no place for it, so it goes with the key.
    keys = Keys(key, KEYS.authentication + header)
    body += seal(PROTECTED, METER, 5, keys, PLAIN_PUSH)
    info = b"\x01\x01\x00" + encode_length(len(wrapped)) + wrapped
    return b"\xdd" + header + info + encode_length(len(body)) + body


def test_key_that_comes_wrapped_is_opened_with_the_master_key():
    message = general_ciphering(aes_key_wrap(MASTER, DEDICATED))
    found = decode(message, **WITH_KEYS, master_key=MASTER.hex())
    assert len(found.records) == 2 and found.meter.extra["authentication"] == "verified"
    [heard] = PushListener({}).feed(in_wrapper(message))
    assert heard.sender == METER.hex().upper()


@pytest.mark.parametrize(
    ("message", "keys", "code"),
    [
        (general_ciphering(aes_key_wrap(MASTER, DEDICATED)), {}, "key_missing"),
        (general_ciphering(aes_key_wrap(MASTER, DEDICATED)), {"master_key": "11" * 16},
         "bad_authentication"),
        (general_ciphering(b"\x00" * 7), {"master_key": MASTER.hex()}, "bad_authentication"),
        (general_ciphering(aes_key_wrap(MASTER, bytes(24))), {"master_key": MASTER.hex()},
         "unsupported"),
        (general_ciphering(aes_key_wrap(MASTER, bytes(16))), {"master_key": MASTER.hex()},
         "bad_authentication"),
        (general_ciphering(b"")[:-1], {"master_key": "1"}, "bad_key"),
    ],
)  # fmt: skip
def test_wrapped_key_that_cannot_be_used_is_a_named_error(message, keys, code):
    with pytest.raises(CollectorError) as caught:
        decode(message, **WITH_KEYS, **keys)
    assert caught.value.code == code


def test_list_of_attributes_is_matched_with_its_list_of_answers():
    names = ("0100010800FF", "0100020800FF", "0000010000FF")
    request = b"\xc0\x03\xc1\x03" + b"".join(
        bytes.fromhex(f"{kind:04X}{name}0200")
        for kind, name in zip((3, 3, 8), names, strict=True)
    )
    answer = bytes.fromhex("C403C103" "000600000005" "0103" "00090C07EA0801060C1E0000FF4C00")
    records = {record.obis: record for record in decode(request, answer).records}
    assert records["1.0.1.8.0.255"].value == 5
    assert records["1.0.2.8.0.255"].raw == "read-write denied"
    assert records["0.0.1.0.0.255"].value == "2026-08-01T12:30:00+03:00"
    alone = decode(answer).records
    assert [record.value for record in alone if record.obis == ""][0] == 5


@pytest.mark.parametrize(
    "wire", ["C403C1FF", "C403C1020011", "C403C101001105FF", "C403C184FFFFFFFF"]
)
def test_wrong_list_of_answers_is_a_named_error(wire):
    with pytest.raises(CollectorError) as caught:
        decode(bytes.fromhex(wire))
    assert caught.value.code in ("truncated", "bad_frame")


@pytest.mark.parametrize(
    ("wire", "quantity", "value", "obis"),
    [
        (AARE.hex(), "association_response", "none", ""),
        ("6203800100", "release_request", None, ""),
        ("6303800100", "release_response", None, ""),
        ("01000000065F1F0400007E1F04B0", "initiate_request", "007E1F", ""),
        ("0800065F1F040000501F01F40007", "initiate_response", "00501F", ""),
        ("C001C100030100010800FF0200", "get_request", None, "1.0.1.8.0.255"),
        ("C002C100000003", "get_request", None, ""),
        ("C101C100080000010000FF0200090C07E50118FF0E303950FFC400", "set_request",
         "2021-01-24T14:48:57+01:00", "0.0.1.0.0.255"),
        ("C501C100", "set_response", "ok", ""),
        ("C501C103", "set_response", "read-write denied", ""),
        ("C301C0000F0000280000FF0100", "action_request", None, "0.0.40.0.0.255"),
        ("C301C000460000600A0AFF01010F00", "action_request", Decimal(0), "0.0.96.10.10.255"),
        ("C701C00000", "action_response", "ok", ""),
        ("C701C0000101FA", "action_response", "ok", ""),
    ],
)  # fmt: skip
def test_message_without_a_reading_is_told_as_what_it_is(wire, quantity, value, obis):
    record = decode(bytes.fromhex(wire)).records[0]
    if quantity == "set_request":
        assert record.value.startswith("2021-01-24T14:48:57")
    else:
        assert record.value == value
    assert (record.quantity, record.obis) == (quantity, obis)


@pytest.mark.parametrize("tag", ["C0", "C1", "C3", "C5", "C7", "62", "63"])
@pytest.mark.parametrize("rest", ["", "01", "01C1", "01C10003", "03C1", "03C1FF00"])
def test_message_that_breaks_off_is_a_record_or_a_named_error(tag, rest):
    try:
        assert DlmsDriver.decode({"telegram": tag + rest}).records
    except CollectorError as error:
        assert error.code in ("truncated", "bad_frame")


def test_requests_are_not_told_beside_readings():
    wanted = bytes.fromhex("C001C100030100010800FF0200")
    assert [record.quantity for record in decode(AARE, wanted, got("0600000005")).records] == [
        "active_import"
    ]


def test_password_and_dedicated_key_are_not_told():
    password = bytes.fromhex(
        "6036A1090607608574050801018A0207808B0760857405080201AC0A80083132333435363738"
        "BE10040E01000000065F1F0400001E1DFFFF"
    )
    told = str(decode(password))
    assert "12345678" not in told and "3132333435363738" not in told
    told = str(decode(aarq(), **WITH_KEYS))
    assert DEDICATED.hex().upper() not in told.upper() and ENCRYPTION not in told


@pytest.mark.parametrize(
    ("wire", "values"),
    [
        (encode.uint32(5), ["5"]),
        (encode.octets(b"AB"), ["AB"]),
        (encode.array([encode.uint8(1), encode.uint8(2)]), ["[1, 2]"]),
        (b"\x13\x11\x02\x01\x02", ["[1, 2]"]),
    ],
)
def test_bare_value_is_decoded_by_the_command_only(wire, values):
    found = DlmsDriver.decode({"telegram": wire.hex()})
    assert [str(record.value) for record in found.records] == values
    assert not PushListener({}).message(wire)
    with pytest.raises(CollectorError):
        DlmsDriver.decode({"telegram": wire.hex() + "00"})


@needs_data
def test_fragments_that_are_whole_messages_are_told():
    """About half of the set is: the rest are keys, titles, and pieces of messages."""
    told = 0
    for case in FRAGMENTS:
        try:
            told += bool(DlmsDriver.decode({"telegram": case["hex"]}).records)
        except CollectorError as error:
            assert error.code and error.message
    assert told >= 52


def test_kaifa_list_with_names_is_scaled_as_the_one_without():
    body = encode.structure(
        encode.octets(bytes((1, 0, 31, 7, 0, 255))), encode.uint32(14571),
        encode.octets(bytes((1, 0, 32, 7, 0, 255))), encode.uint32(2193),
        encode.octets(bytes((1, 0, 1, 8, 0, 255))), encode.uint32(79),
    )  # fmt: skip
    header = bytes.fromhex("0F40000000090C07E40119060E000AFF800000")
    records = decode(header + body).records
    assert [(record.value, record.unit) for record in records] == [
        (Decimal("14.571"), "A"), (Decimal("219.3"), "V"), (Decimal(79), "Wh")
    ]  # fmt: skip


def test_signed_message_gives_its_content_without_proof():
    header = b"\xdf\x01\x05\x08" + METER + b"\x00\x00\x00"
    signed = header + encode_length(len(PLAIN_PUSH)) + PLAIN_PUSH + b"\x40" + bytes(64)
    telegram = decode(signed)
    assert telegram.records == decode(PLAIN_PUSH).records
    assert telegram.meter.extra["authentication"] == "unverified"
    for message, keys, code in (
        (signed, WITH_KEYS, "unprotected"),
        (signed[:-1], {}, "truncated"),
        (header + b"\x00\x00", {}, "bad_frame"),
        (header + b"\x01\xdf\x00", {}, "bad_frame"),
    ):
        with pytest.raises(CollectorError) as caught:
            decode(message, **keys)
        assert caught.value.code in (code, "bad_authentication")
