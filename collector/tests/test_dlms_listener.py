# SPDX-License-Identifier: MIT
"""The push listener: frames of every kind in any pieces, among noise, bounded and never raising."""

from __future__ import annotations

import json

import pytest
from dlms_support import (
    KEYS,
    METER,
    PLAIN_PUSH,
    PUSHES,
    general,
    in_hdlc,
    in_wrapper,
)
from mbus_support import needs_data

from actwin_collector.model import ConfigError, DeviceSpec
from actwin_collector.protocol.dlms import DlmsDriver, gateway, hdlc
from actwin_collector.protocol.dlms.assembly import MAX_MESSAGE, MAX_SENDERS
from actwin_collector.protocol.dlms.axdr import encode_length
from actwin_collector.protocol.dlms.listener import PushListener
from actwin_collector.simulate.dlms.push import blocks

NAMED = bytes.fromhex(
    "0F000000010C07EA0801060C1E0000FF4C00" "0204" "09060000600100FF" "0A0838303330303030 31"
    "09060100010800FF" "0612345678".replace(" ", "")
)  # fmt: skip


def listener(**settings) -> PushListener:
    return DlmsDriver().listener(settings)


def fed(data: bytes, step: int = 0, ear: PushListener | None = None):
    ear = ear or listener()
    found = []
    for at in range(0, len(data), step or max(1, len(data))):
        found += ear.feed(data[at : at + (step or len(data))])
    return found, ear.errors


def records(heard, **keys):
    return DlmsDriver.decode({**heard.telegram, **keys}).records


def given(case: dict) -> bytes:
    pieces = case["frames"] if "frames" in case else [case["hex"]]
    return b"".join(map(bytes.fromhex, pieces))


REAL = [case for case in PUSHES if case["kind"] == "hdlc-push"]


@needs_data
@pytest.mark.parametrize("step", [1, 7, 4096])
def test_real_pushes_one_after_the_other_in_pieces(step):
    data = b"".join(map(given, REAL))
    found, errors = fed(data, step)
    assert [heard.telegram for heard in found] and errors == {}
    assert len(found) == len(REAL)
    for case, heard in zip(REAL, found, strict=True):
        keys = {"key": case["key"]} if case.get("key") else {}
        assert records(heard, **keys) == DlmsDriver.decode(
            {"frames": case["frames"], **keys}
        ).records
        expected = DlmsDriver.decode({"frames": case["frames"], **keys}).meter
        assert heard.sender == (expected.id if expected.id else heard.sender) != ""


@needs_data
def test_real_pushes_survive_noise_between_and_a_damaged_one():
    noise = bytes(range(1, 0x7E)) + b"\x00\x7e\xa0"
    for case in REAL:
        whole = given(case)
        damaged = bytearray(whole)
        damaged[30] ^= 1
        found, errors = fed(noise + bytes(damaged) + noise + whole + noise, 13)
        assert records(found[-1], key=case.get("key"))
        assert len(found) == 1 and errors["bad_checksum"] >= 1 and errors["noise"] >= 1


@pytest.mark.parametrize("step", [0, 1, 3])
@pytest.mark.parametrize(
    "wire",
    [
        in_hdlc(PLAIN_PUSH),
        in_hdlc(PLAIN_PUSH, 4),
        in_wrapper(PLAIN_PUSH),
        b"".join(map(in_wrapper, blocks(PLAIN_PUSH, 9))),
        b"".join(in_hdlc(part) for part in blocks(PLAIN_PUSH, 9)),
        in_wrapper(gateway.build(gateway.RESPONSE, 0, b"0815", PLAIN_PUSH)),
        in_wrapper(b"\xe6\xe7\x00" + PLAIN_PUSH),
    ],
)
def test_a_push_in_every_wrapping(wire, step):
    found, errors = fed(wire * 2, step)
    assert len(found) == 2 and errors == {}
    if b"\x04" + b"0815" not in wire:
        for heard in found:
            assert records(heard) == DlmsDriver.decode({"telegram": PLAIN_PUSH.hex()}).records


@pytest.mark.parametrize(
    ("wire", "sender"),
    [
        (in_wrapper(PLAIN_PUSH, source=7), "7"),
        (in_hdlc(PLAIN_PUSH), "1/17"),
        (hdlc.build(b"\x21", bytes.fromhex("00020023"), 0x13, PLAIN_PUSH), "1/17"),
        (hdlc.build(b"\x21", b"\x23", 0x13, PLAIN_PUSH), "17"),
        (in_wrapper(gateway.build(0xE7, 0, b"0815", PLAIN_PUSH)), "0815"),
        (in_wrapper(gateway.build(0xE7, 0, b"\x01\x02", PLAIN_PUSH)), "hex:0102"),
        (in_wrapper(NAMED), "80300001"),
        (in_wrapper(general(PLAIN_PUSH, 1)), METER.hex().upper()),
        (in_hdlc(general(NAMED, 1), 2), METER.hex().upper()),
    ],
)
def test_sender_is_title_name_or_address(wire, sender):
    [heard], _ = fed(wire)
    assert heard.sender == sender


@pytest.mark.parametrize(
    ("settings", "address", "sender"),
    [
        ({}, "7", "7"),
        ({"serial": "80300001"}, "7", "80300001"),
        ({"meter_title": METER.hex()}, "7", METER.hex().upper()),
        ({"gateway": "0815"}, "1", "0815"),
        ({"sender": "LGZ1", "serial": "2"}, "", "LGZ1"),
        ({}, "", ""),
    ],
)
def test_device_is_named_as_its_pushes_are(settings, address, sender):
    assert DlmsDriver().sender_of(DeviceSpec("D", "dlms", "l", address, settings)) == sender


@pytest.mark.parametrize(
    ("secret", "code"),
    [('{"encryption_key": "12"}', "bad_key"), ("{", "bad_config"),
     (json.dumps({"encryption_key": "12" * 16}), "bad_config"),
     (json.dumps({"broadcast_key": "12" * 16}), "bad_config")],
)  # fmt: skip
def test_mistake_in_a_meter_that_is_only_heard_is_named_when_it_is_set_up(secret, code):
    wrong = DeviceSpec("D", "dlms", "l", "7", {"poll": False}, secret)
    with pytest.raises(ConfigError) as caught:
        DlmsDriver().sender_of(wrong)
    assert caught.value.code == code


def test_two_meters_may_push_in_blocks_at_once():
    first, second = (blocks(push, 16) for push in (PLAIN_PUSH, NAMED))
    wires = []
    for one, other in zip(first, second, strict=False):
        wires += [in_wrapper(one, source=1), in_wrapper(other, source=2)]
    wires += [in_wrapper(part, source=2) for part in second[len(first) :]]
    wires += [in_wrapper(part, source=1) for part in first[len(second) :]]
    found, errors = fed(b"".join(wires), 5)
    assert {heard.sender for heard in found} == {"1", "80300001"} and errors == {}


def test_lost_doubled_and_restarted_blocks_give_no_message():
    parts = list(map(in_wrapper, blocks(PLAIN_PUSH, 9)))
    assert len(parts) > 4
    found, errors = fed(b"".join(parts[:2] + parts[3:]))
    assert not found and errors["bad_block"] >= 1
    found, errors = fed(b"".join(parts[:2] + parts[1:]))
    assert not found and errors["bad_block"] >= 1
    # The next whole transfer is taken.
    found, errors = fed(b"".join(parts[:2] + parts))
    assert len(found) == 1 and errors == {"truncated": 1}


def test_frame_cut_short_does_not_take_the_next_one_with_it():
    for whole in (in_wrapper(PLAIN_PUSH), in_hdlc(PLAIN_PUSH)):
        for cut in (5, 12, 30, len(whole) - 2):
            found, errors = fed(whole[:cut] + whole * 3)
            assert 2 <= len(found) <= 3, (cut, errors)


@pytest.mark.parametrize(
    ("wire", "error"),
    [
        (in_wrapper(b"\xc4\x01\xc1\x00\x11\x05"), "not_a_push"),
        (in_wrapper(b"\x61\x00"), "not_a_push"),
        (in_hdlc(b"\xc4\x01\xc1\x00\x11\x05"), "not_a_push"),
        (in_hdlc(b"\x0f\x00"), "truncated"),
        (in_hdlc(PLAIN_PUSH + b"\x00"), "bad_frame"),
        (in_wrapper(b"\x0f\x00"), "truncated"),
        (in_hdlc(PLAIN_PUSH)[:-3] + b"\x00\x00\x7e", "bad_checksum"),
        (b"hello modem\r\n", "noise"),
        (b"\x7e\xa0\x01\x7e", "noise"),
        (in_wrapper(b"\x99" * 20), "noise"),
    ],
)
def test_what_is_no_push_is_counted_by_name_and_the_next_is_taken(wire, error):
    found, errors = fed(wire + in_hdlc(PLAIN_PUSH))
    assert len(found) == 1 and errors.get(error, 0) >= 1, errors


def test_signs_of_life_are_no_errors():
    found, errors = fed(bytes.fromhex("0001000100010000") * 3 + b"\x7e" * 9 + in_hdlc(PLAIN_PUSH))
    assert len(found) == 1 and errors == {}


@pytest.mark.parametrize(
    "data",
    [
        in_wrapper(PLAIN_PUSH),
        in_hdlc(PLAIN_PUSH),
        PLAIN_PUSH,
        b"\xe6\xe7\x00" + PLAIN_PUSH,
        PLAIN_PUSH.hex().encode() + b"\r\n",
        in_wrapper(PLAIN_PUSH).hex().upper().encode(),
    ],
)
def test_datagram_or_message_is_whole_by_itself(data):
    ear = listener()
    for _ in range(2):
        [heard] = ear.message(data)
        assert len(records(heard)) == 2
    assert ear.errors == {}


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (in_wrapper(PLAIN_PUSH)[:-4], "truncated"),
        (in_hdlc(PLAIN_PUSH)[:-4], "truncated"),
        (b"", "bad_frame"),
        (b"\x99\x98", "bad_frame"),
        (PLAIN_PUSH[:-4], "truncated"),
    ],
)
def test_datagram_cut_short_does_not_spoil_the_next(data, error):
    ear = listener()
    assert not ear.message(data) and ear.errors == {error: 1}
    assert len(ear.message(in_wrapper(PLAIN_PUSH))) == 1


def test_blocks_in_datagrams_of_their_own():
    ear = listener()
    found = [heard for part in blocks(PLAIN_PUSH, 16) for heard in ear.message(in_wrapper(part))]
    assert len(found) == 1 and len(records(found[0])) == 2


def test_confirmation_only_where_it_is_wanted_and_asked_for():
    asking = PLAIN_PUSH[:1] + b"\x40\x00\x00\x07" + PLAIN_PUSH[5:]
    for wire in (in_wrapper(asking, 5, 9), in_hdlc(asking)):
        [heard] = listener().feed(wire)
        assert heard.reply == b""
    ear = listener(push_confirm=True)
    [heard] = ear.feed(in_wrapper(asking, 5, 9))
    assert heard.reply == in_wrapper(bytes.fromhex("104000000700"), 9, 5)
    [heard] = ear.feed(in_hdlc(asking))
    [frame] = hdlc.split(heard.reply)
    assert (frame.info.hex(), frame.source) == ("e6e600104000000700", 0x10)
    assert frame.target == hdlc.address_number(hdlc.encode_address(1, 17))
    [heard] = ear.feed(in_wrapper(PLAIN_PUSH))
    assert heard.reply == b""


def test_nothing_that_is_begun_and_never_ended_is_kept_for_ever():
    ear = listener()
    for source in range(3 * MAX_SENDERS):
        ear.feed(in_wrapper(blocks(PLAIN_PUSH, 16)[0], source=source))
    assert ear.errors["truncated"] == 2 * MAX_SENDERS
    assert len(ear._assembly._blocks) <= MAX_SENDERS
    part = bytes(60_000)
    for number in range(1, 9):
        head = b"\xe0\x40" + number.to_bytes(2, "big") + b"\x00\x00"
        ear.feed(in_wrapper(head + encode_length(len(part)) + part))
    kept = sum(begun.size for begun in ear._assembly._blocks.values())
    assert kept <= MAX_MESSAGE + 64 * 16 and ear.errors["too_long"] == 1
    ear.feed(b"\x7e\xa7\xff" * 40_000)
    assert len(ear._buffer) < 70_000


def test_heard_telegram_holds_no_key():
    [heard], _ = fed(in_wrapper(general(PLAIN_PUSH, 1)))
    assert set(heard.telegram) == {"frames"}
    assert KEYS.encryption.hex().upper() not in str(heard)
