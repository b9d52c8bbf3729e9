# SPDX-License-Identifier: MIT
"""DLMS messages in wired M-Bus frames, as the customer interfaces of Austrian meters push them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from dlms_support import BODY, ENCRYPTION, METER, PLAIN_PUSH, general, segments

from actwin_collector.model import ChecksumError, CollectorError
from actwin_collector.protocol.dlms import DlmsDriver
from actwin_collector.protocol.dlms.gcm import ENCRYPTED
from actwin_collector.protocol.dlms.listener import PushListener
from actwin_collector.protocol.mbus import MbusDriver
from actwin_collector.protocol.mbus.link import long_frame

KEY = {"key": ENCRYPTION}
SEALED = general(PLAIN_PUSH, 1, control=ENCRYPTED)
LONG = PLAIN_PUSH[:18] + b"\x01\x14" + BODY[2:] * 10


def overlong(frame_data: bytes) -> bytes:
    """A frame whose length byte has run over, as Sagemcom's first ones."""
    body = b"\x53\xff" + frame_data
    length = len(body) & 0xFF
    return bytes((0x68, length, length, 0x68)) + body + bytes((sum(body) & 0xFF, 0x16))


@pytest.mark.parametrize("driver", [DlmsDriver, MbusDriver], ids=lambda driver: driver.name)
@pytest.mark.parametrize("size", [1000, 40, 3])
def test_segments_make_one_message(driver, size):
    wire = b"".join(segments(SEALED, min(size, 240)))
    telegram = driver.decode({"telegram": wire.hex(), **KEY})
    values = {record.obis: (record.value, record.unit) for record in telegram.records}
    assert values["1.0.32.7.0.255"] == (Decimal("230.1"), "V")
    assert telegram.meter.extra["authentication"] == "unverified"


def test_frames_may_be_given_one_by_one():
    frames = [frame.hex() for frame in segments(SEALED, 40)]
    assert DlmsDriver.decode({"frames": frames, **KEY}).records


def test_length_byte_that_ran_over():
    first, rest = LONG[:252], LONG[252:]
    last = long_frame(0x53, 0xFF, b"\x11\x01\x67" + rest)
    wire = overlong(b"\x00\x01\x67" + first) + last
    assert wire[1] == 1
    assert DlmsDriver.decode({"telegram": wire.hex()}).records
    damaged = wire[:100] + bytes((wire[100] ^ 1,)) + wire[101:]
    with pytest.raises(CollectorError):
        DlmsDriver.decode({"telegram": damaged.hex()})


def test_missing_and_disordered_segments_give_no_reading():
    frames = segments(SEALED, 30)
    for wrong, code in (
        (frames[:-1], "truncated"),
        (frames[1:], "bad_block"),
        ([frames[0], *frames[2:]], "bad_block"),
        ([frames[0], frames[0], *frames[1:]], "bad_block"),
    ):
        with pytest.raises(CollectorError) as caught:
            DlmsDriver.decode({"telegram": b"".join(wrong).hex(), **KEY})
        assert caught.value.code == code
    wire = bytearray(b"".join(frames))
    wire[12] ^= 1
    with pytest.raises(ChecksumError):
        MbusDriver.decode({"telegram": wire.hex(), **KEY})


def test_without_its_key_it_stays_closed():
    with pytest.raises(CollectorError) as caught:
        MbusDriver.decode({"telegram": b"".join(segments(SEALED, 60)).hex()})
    assert caught.value.code == "key_missing"


def fed(data: bytes, step: int = 0, clock=lambda: 0.0):
    ear = PushListener({}, clock)
    step = step or len(data)
    heard = [each for at in range(0, len(data), step) for each in ear.feed(data[at : at + step])]
    return heard, ear.errors


@pytest.mark.parametrize("step", [0, 1, 7])
def test_listener_puts_segments_of_a_stream_together(step):
    frames = b"".join(segments(SEALED, 40))
    reset = bytes.fromhex("1040F03016")
    heard, errors = fed((reset + frames) * 2 + reset, step)
    assert len(heard) == 2 and errors == {}
    for each in heard:
        assert each.sender == METER.hex().upper()
        assert DlmsDriver.decode({**each.telegram, **KEY}).records


@pytest.mark.parametrize("step", [0, 1, 100])
def test_listener_takes_a_frame_whose_length_byte_ran_over(step):
    first, rest = LONG[:252], LONG[252:]
    told_one = overlong(b"\x00\x01\x67" + first)
    # One that tells enough to be a frame of its own.
    longer = overlong(b"\x00\x01\x67" + LONG[:300])
    for head, tail in ((told_one, rest), (longer, LONG[300:])):
        wire = head + long_frame(0x53, 0xFF, b"\x11\x01\x67" + tail)
        heard, errors = fed(wire * 2, step)
        assert len(heard) == 2 and errors == {}, errors


def test_listener_names_what_is_missing_and_takes_the_next():
    frames = segments(SEALED, 30)
    good = b"".join(frames)
    spoilt = bytearray(good)
    spoilt[12] ^= 1
    for wrong, code in (
        (frames[:-1], "truncated"),
        (frames[1:], "bad_block"),
        ([frames[-1]], "bad_block"),
        ([frames[0], *frames[2:]], "bad_block"),
        ([bytes(spoilt)], "bad_checksum"),
    ):
        # More than one, so that bytes enough come to see that a frame is not an overlong one.
        heard, errors = fed(b"".join(wrong) + good * 4, 11)
        assert len(heard) == 4 and errors[code] >= 1, (code, errors)


def test_silence_ends_what_is_unfinished():
    now = [0.0]
    ear = PushListener({}, lambda: now[0])
    damaged = bytearray(long_frame(0x53, 0xFF, b"\x10\x01\x67" + PLAIN_PUSH))
    damaged[20] ^= 1
    for begun, code in ((bytes(damaged), "bad_checksum"), (SEALED[:-5], "truncated")):
        assert not ear.feed(begun) and code not in ear.errors
        now[0] += 6
        assert len(ear.feed(b"".join(segments(SEALED, 40)))) == 1
        assert ear.errors[code] == 1


def test_whole_message_of_frames_that_is_damaged_is_refused_at_once():
    ear = PushListener({})
    frames = b"".join(segments(SEALED, 40))
    [heard] = ear.message(frames)
    assert heard.sender == METER.hex().upper()
    for wrong, code in (
        (frames[:20] + bytes((frames[20] ^ 1,)) + frames[21:], "bad_checksum"),
        (frames[:-2], "truncated"),
    ):
        ear = PushListener({})
        assert not ear.message(wrong) and code in ear.errors
    ear = PushListener({})
    found = [heard for frame in segments(SEALED, 40) for heard in ear.message(frame, "a")]
    assert len(found) == 1 and ear.errors == {}


def test_clear_message_is_known_by_its_addresses():
    [heard], _ = fed(b"".join(segments(PLAIN_PUSH, 40)))
    assert heard.sender == "1"
    assert heard.reply == b""
