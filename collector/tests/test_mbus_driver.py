# SPDX-License-Identifier: MIT
"""The wired driver against simulated meters over a real socket, and against scripted answers."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from actwin_collector.channel.base import Link
from actwin_collector.channel.tcp import TcpLink
from actwin_collector.model import (
    AddressError,
    CollectorError,
    ConfigError,
    DeviceSpec,
    LineSpec,
    NoAnswer,
    ParameterSpec,
    ProtocolError,
)
from actwin_collector.protocol.mbus import MbusDriver
from actwin_collector.protocol.mbus.address import parse_address
from actwin_collector.protocol.mbus.link import ACK, long_frame, parse_frame
from actwin_collector.protocol.mbus.registers import parse_register
from actwin_collector.simulate.mbus import MbusMeterServer, SimulatedMeter, heat_meter

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
WATER = {"volume": Decimal("54.321"), "volume_flow": Decimal("0.120")}
HEAT = {
    "energy": Decimal(154000),
    "volume": Decimal("39.49"),
    "power": Decimal(1400),
    "volume_flow": Decimal("1.128"),
    "flow_temperature": Decimal("62.5"),
    "return_temperature": Decimal("41.0"),
    "energy@1": Decimal(120000),
    "volume@1": Decimal("30.10"),
}
TIMEOUT = 0.3


def water(**settings) -> SimulatedMeter:
    return SimulatedMeter(lambda now: WATER, **settings)


def device(address, *registers, **settings) -> DeviceSpec:
    parameters = tuple(ParameterSpec(name, f"S/{name}") for name in registers)
    return DeviceSpec("M", "mbus", "L", address, settings, parameters=parameters)


def read(meters, spec, times=1):
    """Read ``spec`` over a loopback socket; the last result."""

    async def dialogue():
        server = MbusMeterServer(meters, lambda: NOW)
        port = await server.start()
        link = TcpLink(LineSpec("L", "tcp", "127.0.0.1", port))
        try:
            await link.open()
            for _ in range(times):
                result = await MbusDriver().read(link, spec, TIMEOUT)
            return result
        finally:
            await link.close()
            await server.stop()

    return asyncio.run(dialogue())


def test_water_meter_by_primary_address():
    meters = [water(id="10000001", address=1), water(id="10000002", address=2)]
    result = read(meters, device("2", "volume", "volume_flow", "index:0", "nothing"))
    assert result.meter.id == "10000002"
    assert (result.meter.manufacturer, result.meter.medium) == ("BAY", "water")
    sample = result.samples["volume"]
    assert (sample.value, sample.unit, sample.status) == (Decimal("54.321"), "m3", 0)
    assert result.samples["volume_flow"].value == Decimal("0.120")
    # The fabrication number is a text and there is no register "nothing".
    assert set(result.samples) == {"volume", "volume_flow"}
    assert result.raw.startswith("68") and result.raw.endswith("16")


@pytest.mark.parametrize(
    "address", ["10000002", "10000002FFFFFFFF", "F0000002", "100000023908FF07"]
)
def test_secondary_address_selects_one_of_several(address):
    meters = [water(id=f"1000000{n}", address=0) for n in (1, 2, 3)]
    assert read(meters, device(address, "volume")).meter.id == "10000002"


def test_secondary_address_covering_two_meters_is_a_collision():
    meters = [water(id="10000001"), water(id="20000001")]
    with pytest.raises(ProtocolError):
        read(meters, device("F0000001", "volume"))


def test_heat_meter_sends_two_telegrams_each_time():
    spec = device("5", "energy", "energy@1", "power", "flow_temperature", "volume@1")
    result = read([heat_meter(lambda now: HEAT, address=5)], spec, times=3)
    values = {name: sample.value for name, sample in result.samples.items()}
    assert values == {name: HEAT[name] for name in values} and len(values) == 5
    assert len(result.raw.splitlines()) == 2
    assert "more_telegrams" not in result.meter.extra


def test_telegram_limit_setting():
    result = read([heat_meter(lambda now: HEAT)], device("1", "energy", "energy@1", telegrams=1))
    assert set(result.samples) == {"energy"}
    assert result.meter.extra["more_telegrams"] == "limit"


def test_meter_time_needs_the_meters_zone():
    spec = device("1", "volume", utc_offset="+03:00")
    assert read([water()], spec).samples["volume"].meter_ts == NOW
    assert read([water()], device("1", "volume")).samples["volume"].meter_ts is None


@pytest.mark.parametrize(("status", "expected"), [(0, 0), (4, 0), (8, 1), (16, 1), (2, 1)])
def test_error_bits_of_the_meter_make_values_suspect(status, expected):
    assert read([water(status=status)], device("1", "volume")).samples["volume"].status == expected


def test_counter_rolls_over_at_its_digits():
    meter = SimulatedMeter(lambda now: {"volume": Decimal("100000.5")})
    assert read([meter], device("1", "volume")).samples["volume"].value == Decimal("0.5")


def test_nobody_answers():
    for address in ("9", "99999999"):
        with pytest.raises(NoAnswer):
            read([water()], device(address, "volume"))


class ScriptedLink(Link):
    """Answers each request with the next of ``answers``; the last one for ever."""

    is_open = True

    def __init__(self, *answers: bytes) -> None:
        super().__init__(LineSpec("L", "tcp"))
        self.answers = list(answers)
        self.sent: list[bytes] = []
        self.waiting = b""

    async def open(self):
        """Nothing to open."""

    async def close(self):
        """Nothing to close."""

    async def _send(self, data):
        self.sent.append(data)
        self.waiting += self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    async def _receive(self, max_bytes, timeout):
        if not self.waiting:
            raise NoAnswer("silence")
        data, self.waiting = self.waiting[:max_bytes], self.waiting[max_bytes:]
        return data


def scripted(*answers, spec=None):
    link = ScriptedLink(*answers)
    return link, asyncio.run(MbusDriver().read(link, spec or device("1", "volume"), TIMEOUT))


def telegram(number: int, more: bool = True, address: int = 1) -> bytes:
    body = b"\x04\x13" + number.to_bytes(4, "little") + (b"\x1f" if more else b"")
    return long_frame(0x08, address, bytes.fromhex("7201000010245901070000 0000") + body)


def test_frame_count_bit_toggles_with_each_telegram():
    link, result = scripted(ACK, telegram(1), telegram(2), telegram(3, more=False))
    assert [frame[1] for frame in link.sent] == [0x40, 0x7B, 0x5B, 0x7B]
    assert [r.value for r in result.records if r.quantity == "volume"] == [
        Decimal("0.001"),
        Decimal("0.002"),
        Decimal("0.003"),
    ]


def test_meter_that_repeats_more_follows_for_ever_is_reported():
    link, result = scripted(ACK, telegram(1), telegram(2), telegram(2))
    assert result.meter.extra["more_telegrams"] == "repeated"
    assert len(link.sent) == 4
    assert sum(r.quantity == "volume" for r in result.records) == 2


def test_meter_that_always_has_something_new_is_cut_off():
    link, result = scripted(ACK, *(telegram(n) for n in range(40)))
    assert result.meter.extra["more_telegrams"] == "limit"
    assert len(link.sent) == 17


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ((ACK, telegram(1, address=7)), "wrong_address"),
        ((ACK, telegram(1)[:-2] + b"\x00\x16"), "bad_checksum"),
        ((ACK, telegram(1)[:-1]), "no_answer"),
        ((ACK, b"\x00\x01\x02"), "bad_frame"),
        ((ACK, ACK), "bad_frame"),
        ((ACK, long_frame(8, 1, b"\x70\x08")), "meter_error"),
        ((ACK, long_frame(8, 1, b"\x6e\x01\x00\x00\x00\x08")), "meter_error"),
        ((ACK, long_frame(8, 1, b"\x71\x04")), "meter_alarm"),
        ((ACK, long_frame(8, 1, b"\x75" + bytes(12) + b"\x04")), "meter_alarm"),
        ((telegram(1),), "protocol_error"),
        ((b"\x11\xe4",), "collision"),
    ],
)
def test_wrong_answers_have_named_errors(answers, code):
    with pytest.raises(CollectorError) as caught:
        scripted(*answers)
    assert caught.value.code == code


def test_another_meter_after_selection_is_refused():
    with pytest.raises(AddressError):
        scripted(ACK, ACK, telegram(1, more=False), spec=device("99999999", "volume"))


def test_reset_can_be_left_out():
    link, _result = scripted(telegram(1, more=False), spec=device("1", "volume", reset="no"))
    assert [frame[1] for frame in link.sent] == [0x7B]


@pytest.mark.parametrize("address", ["", "251", "252", "1234567", "abc", "12345678901234567"])
def test_impossible_addresses_are_configuration_errors(address):
    with pytest.raises(ConfigError):
        parse_address(address)


def test_secondary_address_bytes():
    assert parse_address("1149037804770e16").selection.hex() == "7803491104770e16"
    assert parse_address("12345678").selection.hex() == "78563412ffffffff"


def test_register_names():
    register = parse_register("energy:max:t2:u1@3")
    assert (register.quantity, register.function) == ("energy", "maximum")
    assert (register.tariff, register.subunit, register.storage) == (2, 1, 3)
    for name in ("", "index:x", "energy:q1", "energy@x", "energy:t"):
        with pytest.raises(ConfigError):
            parse_register(name)


def test_frames_with_something_wrong_are_refused():
    good = telegram(1)
    for bad in (b"", b"\x68", good + b"\x00", good[:-1] + b"\x17", b"\x68\x05\x06\x68" + good[4:]):
        with pytest.raises(ProtocolError):
            parse_frame(bad)
