# SPDX-License-Identifier: MIT
"""Radio receivers that hear nothing until they are started, as simulated on ptys and sockets."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from push_support import Field, StepClock, line, until
from radio_support import NOW, meter
from radio_support import device as radio_device

from actwin_collector.channel.base import Link
from actwin_collector.channel.serial import SerialLink
from actwin_collector.model import ConfigError, LineSpec, NoAnswer, ParameterSpec
from actwin_collector.protocol.wmbus import WmbusDriver
from actwin_collector.protocol.wmbus.starting import ReceiverError, start
from actwin_collector.protocol.wmbus.starts import start_of
from actwin_collector.simulate.broadcast import BroadcastPort
from actwin_collector.simulate.receivers import RECEIVERS
from actwin_collector.simulate.wmbus import delivered
from actwin_collector.status import line_status

TITLES = {
    "im871a": "IMST iM871A, radio mode c+t",
    "amb8465": "Amber AMB8465, radio mode c+t",
    "rc1180": "Radiocrafts RC1180, radio mode t",
    "cul": "CUL, radio mode c+t",
}
# What each receiver's maker lets it say of a mistake.
WRONG = [
    *((kind, "silent", "receiver_no_answer") for kind in RECEIVERS),
    ("im871a", "refuses", "receiver_no_answer"),
    ("im871a", "forgets", "receiver_refused"),
    ("amb8465", "refuses", "receiver_refused"),
    ("amb8465", "setup", "receiver_setup"),
    ("rc1180", "refuses", "receiver_no_answer"),
    ("rc1180", "setup", "receiver_setup"),
    ("cul", "refuses", "receiver_refused"),
    ("cul", "forgets", "receiver_refused"),
]
PARAMETERS = (ParameterSpec("volume", "S/D:volume", "m3"),)


class Air:
    """A receiver and a meter within its reach, on a pty or a port."""

    def __init__(self, kind, clock, started=False, fault=""):
        self.box = RECEIVERS[kind](started, fault)
        if kind == "im871a" and fault == "forgets":
            self.box.mode = b"\x03"
        radio = meter()

        def messages():
            if not self.box.is_on:
                return []
            now = clock.date()
            return [delivered(kind, radio.telegram(now), now)]

        self.port = BroadcastPort(messages, 0.1, self.box.feed)


class DateClock(StepClock):
    def date(self):
        return datetime.fromtimestamp(self.wall(), UTC)


@contextlib.asynccontextmanager
async def on_pty(kind, tmp_path, clock, **more):
    air = Air(kind, clock, **more)
    air.port.start_pty(tmp_path / "receiver")
    try:
        yield air
    finally:
        await air.port.stop()


def field_on(lines, tmp_path, clock):
    spec = replace(
        radio_device(), line="L1", schedule="S1", parameters=PARAMETERS,
        settings={"state_dir": str(tmp_path)},
    )  # fmt: skip
    field = Field(lines, [spec], tmp_path, clock=clock)
    driver = WmbusDriver(clock=clock.date)
    field.scheduler._driver_factory = lambda name: driver
    return field


def serial_line(tmp_path, kind, **settings):
    path = str(tmp_path / "receiver")
    rules = {"receiver": kind, **settings}
    return line("serial", host="", device_path=path, settings=rules)


def clock_of_today():
    return DateClock(time.time() // 900 * 900 + 100)


@pytest.mark.parametrize("kind", RECEIVERS)
def test_receiver_is_started_before_it_hears_anything(tmp_path, kind):
    clock = clock_of_today()

    async def go():
        async with (
            on_pty(kind, tmp_path, clock) as air,
            field_on([serial_line(tmp_path, kind)], tmp_path, clock) as field,
        ):
            await until(lambda: field.state("D").health.ok >= 2)
            assert line_status(field.health())["receiver"] == TITLES[kind]
            assert field.health().problem == "" and field.health().errors.total() == 0
            assert air.box.is_on

    asyncio.run(go())


def test_one_that_is_to_keep_its_mode_is_told_nothing(tmp_path):
    clock = clock_of_today()

    async def go():
        async with on_pty("im871a", tmp_path, clock, started=True) as air:
            where = serial_line(tmp_path, "im871a", radio_mode="keep")
            async with field_on([where], tmp_path, clock) as field:
                await until(lambda: field.state("D").health.ok)
                assert air.box.asked == [] and field.health().receiver == ""

    asyncio.run(go())


@pytest.mark.parametrize(("kind", "fault", "code"), WRONG)
def test_wrong_answers_are_named_while_the_line_is_listened_to(tmp_path, kind, fault, code):
    clock = clock_of_today()

    async def go():
        async with (
            on_pty(kind, tmp_path, clock, started=True, fault=fault) as air,
            field_on([serial_line(tmp_path, kind)], tmp_path, clock) as field,
        ):
            await until(lambda: field.health().errors[code])
            await until(lambda: field.state("D").health.ok)
            told = line_status(field.health())
            assert told["problem"].startswith(f"{code}: the receiver ({TITLES[kind][:3]}")
            assert told["receiver"] == ""
            # Mended: tried again after a while, and well.
            air.box.fault = ""
            clock.pass_time(31)
            await until(lambda: field.health().receiver == TITLES[kind])
            assert field.health().errors[code] == 1
            await until(lambda: not field.health().problem)

    asyncio.run(go())


@pytest.mark.parametrize("kind", RECEIVERS)
def test_receiver_behind_a_device_server_is_started_again_after_each_reconnect(tmp_path, kind):
    clock = clock_of_today()

    async def go():
        air = Air(kind, clock)
        number = await air.port.start_tcp("127.0.0.1", 0)
        lines = [line("tcp", port=number, settings={"receiver": kind})]
        try:
            async with field_on(lines, tmp_path, clock) as field:
                await until(lambda: field.state("D").health.ok)
                air.box.lose_power()
                assert not air.box.is_on
                for writer in list(air.port._writers):
                    writer.close()
                await until(lambda: field.health().errors["link_failed"])
                before = field.state("D").health.ok
                clock.pass_time(5)
                await until(lambda: field.state("D").health.ok > before)
                assert air.box.is_on
        finally:
            await air.port.stop()

    asyncio.run(go())


def test_receiver_that_fell_silent_without_a_word_is_started_again(tmp_path):
    """Its power failed while the device server before it held the connection."""
    clock = clock_of_today()

    async def go():
        async with (
            on_pty("cul", tmp_path, clock) as air,
            field_on([serial_line(tmp_path, "cul")], tmp_path, clock) as field,
        ):
            await until(lambda: field.state("D").health.ok)
            air.box.lose_power()
            await asyncio.sleep(0.3)
            before = field.state("D").health.ok
            clock.pass_time(901)
            await until(lambda: field.state("D").health.ok > before)
            assert air.box.is_on

    asyncio.run(go())


class Script(Link):
    """A link on which each command is answered with the next bytes given."""

    def __init__(self, kind, *answers, **settings):
        super().__init__(LineSpec("L", "tcp", settings={"receiver": kind, **settings}))
        self.answers, self.sent, self._waiting = list(answers), [], b""
        self.kept = b""
        self.overheard = self._keep

    def _keep(self, data):
        self.kept += data

    is_open = True

    async def open(self):
        pass

    async def close(self):
        pass

    async def _send(self, data):
        self.sent.append(data)
        self._waiting += self.answers.pop(0) if self.answers else b""

    async def _receive(self, max_bytes, timeout):
        if not self._waiting:
            await asyncio.sleep(0)
            if timeout > 0.2:
                await asyncio.sleep(timeout)
            raise NoAnswer("nothing")
        data, self._waiting = self._waiting[:7], self._waiting[7:]
        return data


def tried(link):
    return asyncio.run(start(link, link.line.settings))


def test_telegrams_between_the_answers_are_not_lost():
    wires = [delivered("im871a", meter().telegram(NOW), NOW) for _ in range(3)]
    config = bytes.fromhex("A5 01 06 05 02 0A 30 01 00")
    link = Script(
        "im871a",
        wires[0] + bytes.fromhex("A5 01 02 00"),
        wires[1] + bytes.fromhex("A5 01 04 01 00"),
        config + wires[2] + wires[0][:5],
    )
    assert tried(link) == TITLES["im871a"]
    assert link.kept + link._waiting == wires[0] + wires[1] + wires[2] + wires[0][:5]
    assert link.sent[1] == bytes.fromhex("A5 01 03 06 00 02 0A 30 01 00")


def test_commands_are_those_of_the_makers():
    box = {kind: RECEIVERS[kind]() for kind in RECEIVERS}

    class Talking(Script):
        async def _send(self, data):
            self.sent.append(data)
            self._waiting += box[self.line.settings["receiver"]].feed(data)

    for kind, sent in {
        "im871a": ["A5010100", "A50103060002033001 00", "A5010500"],
        "amb8465": ["FF0B00F4", "FF0A02008077", "FF040108F2"],
        "rc1180": ["00", "30", "47", "01", "58"],
        "cul": [b"V\r\n".hex(), b"brt\r\n".hex(), b"X21\r\n".hex()],
    }.items():
        link = Talking(kind, radio_mode="t")
        assert tried(link).endswith("radio mode t")
        assert link.sent == [bytes.fromhex(each) for each in sent], kind


def test_configuration_is_left_whatever_happens():
    link = Script("rc1180", b">", b"\x00" * 54 + b"\x01" + b"\x00" * 201 + b">")
    with pytest.raises(ReceiverError) as caught:
        tried(link)
    assert caught.value.code == "receiver_setup" and "DATA_INTERFACE" in caught.value.message
    assert link.sent == [b"\x00", b"0", b"X"]
    # One that never entered it is not told to leave: it would take that for data to send.
    link = Script("rc1180")
    with pytest.raises(ReceiverError):
        tried(link)
    assert link.sent == [b"\x00"] * 3


def test_telegram_before_the_prompt_is_no_part_of_the_answer():
    memory = b"\x00" * 256 + b">"
    link = Script("rc1180", b"\x12\x44\x3e\x01>", memory, b">", b">")
    assert tried(link) == TITLES["rc1180"]
    assert link.kept == b"\x12\x44\x3e\x01"


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"receiver": "cul", "radio_mode": "n"}, r"s, t, c\+t, keep"),
        ({"receiver": "rtl-wmbus", "radio_mode": "t"}, "not started"),
    ],
)
def test_mode_a_receiver_does_not_have_is_a_mistake_of_the_configuration(settings, text):
    with pytest.raises(ConfigError, match=text) as caught:
        WmbusDriver().listener(settings)
    assert caught.value.code == "bad_receiver"


@pytest.mark.parametrize(
    "name", ["auto", "rtl-wmbus", "rtl-433", "hex", "raw", "amb8465-transparent"]
)
def test_receivers_without_commands_are_not_written_to(name):
    assert start_of({"receiver": name}) is None
    link = Script(name)
    assert tried(link) == "" and link.sent == []


def test_setup_that_only_the_maker_changes_is_not_asked_for_again_and_again(tmp_path):
    clock = clock_of_today()

    async def go():
        async with on_pty("amb8465", tmp_path, clock, fault="setup") as air:
            link = SerialLink(LineSpec("L", "serial", device_path=str(tmp_path / "receiver")))
            await link.open()
            with pytest.raises(ReceiverError):
                await start(link, {"receiver": "amb8465"})
            await link.close()
            assert len(air.box.asked) == 2

    asyncio.run(go())
