# SPDX-License-Identifier: MIT
"""DLMS messages in wired M-Bus frames, as the customer interfaces of Austrian meters push them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from dlms_support import BODY, ENCRYPTION, PLAIN_PUSH, general

from actwin_collector.model import ChecksumError, CollectorError
from actwin_collector.protocol.dlms import DlmsDriver
from actwin_collector.protocol.dlms.gcm import ENCRYPTED
from actwin_collector.protocol.mbus import MbusDriver
from actwin_collector.protocol.mbus.link import long_frame

KEY = {"key": ENCRYPTION}
SEALED = general(PLAIN_PUSH, 1, control=ENCRYPTED)


def segments(message: bytes, size: int) -> list[bytes]:
    parts = [message[at : at + size] for at in range(0, len(message), size)]
    last = len(parts) - 1
    return [
        long_frame(0x53, 0xFF, bytes((n & 0x0F | (0x10 if n == last else 0), 0x01, 0x67)) + part)
        for n, part in enumerate(parts)
    ]


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
    many = b"\x01\x14" + BODY[2:] * 10
    message = PLAIN_PUSH[:18] + many
    first, rest = message[:252], message[252:]
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
