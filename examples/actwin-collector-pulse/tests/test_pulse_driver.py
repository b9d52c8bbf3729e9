# SPDX-License-Identifier: MIT
"""The dialogue on a replayed line, and the driver found by its entry point."""

import asyncio
from decimal import Decimal

import pytest
from actwin_collector_pulse import codec
from actwin_collector_pulse.simulator import PulseModule

from actwin_collector.channel.replay import ReplayLink
from actwin_collector.model import CollectorError, DeviceSpec, LineSpec
from actwin_collector.protocol.registry import get_driver
from actwin_collector.tracing.words import Conversation, explainer

SETTINGS = {"units": {"counter1": "m3"}, "per_pulse": {"counter1": "0.01"}}


def device(address="5", **settings):
    return DeviceSpec("W", "pulse", "L", address, {**SETTINGS, **settings})


@pytest.fixture
def replay(tmp_path):
    """Read a device on a line that gives recorded bytes."""

    def run(spec, sent, *heard):
        lines = [f"2026-01-01T00:00:00.000Z tx {sent.hex(' ')}"]
        lines += [f"2026-01-01T00:00:00.000Z rx {data.hex(' ')}" for data in heard]
        trace = tmp_path / "case.trace"
        trace.write_text("\n".join(lines) + "\n")

        async def work():
            link = ReplayLink(LineSpec("L", "replay", device_path=str(trace)))
            await link.open()
            return await get_driver("pulse").read(link, spec, 1.0)

        return asyncio.run(work())

    return run


def test_counters_become_samples_in_their_units(replay):
    wire = codec.build(PulseModule().message())
    result = replay(device(), b"#05\r", wire[:7], wire[7:])
    assert result.samples["counter1"].value == Decimal("12.34")
    assert result.samples["counter1"].unit == "m3"
    assert (result.meter.id, result.samples["counter4"].value) == ("PC000123", 77)


def test_a_cut_wire_makes_values_suspect(replay):
    wire = codec.build(PulseModule(flags=codec.WIRE_CUT).message())
    assert replay(device(), b"#05\r", wire).samples["counter1"].status == 1


@pytest.mark.parametrize(
    "spec, wire, code",
    [
        (device(), codec.build(PulseModule(6).message()), "wrong_address"),
        (device(serial="PC9"), codec.build(PulseModule().message()), "wrong_address"),
        (device(), b">05;PC000123;1234;0;0;77;00*00\r", "bad_checksum"),
        (device(), b"hello\r", "bad_frame"),
        (device(), b">05;PC", "no_answer"),
        (device(per_pulse={"counter1": "x"}), codec.build(PulseModule().message()), "bad_config"),
    ],
)
def test_what_is_wrong_is_a_named_error(replay, spec, wire, code):
    with pytest.raises(CollectorError) as caught:
        replay(spec, b"#05\r", wire)
    assert caught.value.code == code


def test_unasked_messages_are_heard_between_noise():
    driver = get_driver("pulse")
    listener = driver.listener({})
    wire = codec.build(PulseModule().message(unasked=True))
    heard = [*listener.feed(b"noise\r" + wire[:9]), *listener.feed(wire[9:])]
    assert [each.sender for each in heard] == ["PC000123"] and listener.errors == {"bad_frame": 1}
    spec = device(serial="PC000123")
    assert driver.sender_of(spec) == heard[0].sender
    assert driver.open_heard(heard[0], spec).result.samples["counter1"].value == Decimal("12.34")


def test_frames_are_told_in_words():
    conversation = Conversation(explainer("pulse"))
    conversation.feed("tx", b"#05\r")
    told = conversation.feed("rx", codec.build(PulseModule().message())) + conversation.end()
    assert told == [
        ("tx", "request to module 05"), ("rx", "module 5, serial PC000123: 1234, 0, 0, 77")
    ]
