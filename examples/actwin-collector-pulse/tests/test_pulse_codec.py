# SPDX-License-Identifier: MIT
import pytest
from actwin_collector_pulse import codec
from actwin_collector_pulse.simulator import PulseModule

from actwin_collector.model import ChecksumError, CollectorError, ConfigError, FrameError


def test_a_message_survives_the_wire():
    message = codec.Message(5, "PC000123", (1234, 0, 0, 77), 1, unasked=True)
    assert codec.parse(codec.build(message)) == message


def test_the_documented_answer_is_read():
    message = codec.parse(b">05;PC000123;1234;0;0;77;00*B6\r")
    assert (message.address, message.serial, message.counters) == (5, "PC000123", (1234, 0, 0, 77))


def test_a_request_names_the_module():
    assert codec.request(5) == b"#05\r"
    with pytest.raises(ConfigError):
        codec.request(100)


@pytest.mark.parametrize("data", [b"", b"\r", b">05;x\r", b"\xff" * 40, b">05;A;1;2;3;00*00\r"])
def test_noise_is_no_message(data):
    with pytest.raises(FrameError):
        codec.parse(data)


def test_every_damaged_byte_is_noticed():
    wire = codec.build(PulseModule().message())
    for at in range(len(wire) - 1):
        damaged = bytearray(wire)
        damaged[at] ^= 0x01
        if bytes(damaged).rstrip(b"\r").lower() == wire.rstrip(b"\r").lower():
            continue
        with pytest.raises(CollectorError) as caught:
            codec.parse(bytes(damaged))
        assert isinstance(caught.value, FrameError | ChecksumError)
