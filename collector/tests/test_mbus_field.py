# SPDX-License-Identifier: MIT
"""Wired M-Bus as it is in buildings: pages, lost telegrams, speeds, converters, keys, clocks."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from protocol_rig import ScriptedLink, serial_link, tcp_link

from actwin_collector.model import (
    CollectorError,
    ConfigError,
    DeviceSpec,
    NoAnswer,
    ParameterSpec,
    UnsupportedError,
)
from actwin_collector.protocol.mbus import MbusDriver
from actwin_collector.protocol.mbus.link import ACK, answer_seconds, long_frame
from actwin_collector.simulate.mbus import HEAT, WATER, MbusBus, SimulatedMeter, heat_meter
from actwin_collector.simulate.ports import PtyPort, TcpPort

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
VALUES = {
    "volume": Decimal("54.321"),
    "volume_flow": Decimal("0.120"),
    "energy": Decimal(154000),
    "energy@1": Decimal(120000),
    "volume@1": Decimal("30.10"),
}
KEY = bytes(range(16))


def meter(**settings) -> SimulatedMeter:
    return SimulatedMeter(lambda now: VALUES, **settings)


def device(address, *registers, secret="", **settings) -> DeviceSpec:
    parameters = tuple(ParameterSpec(name, f"S/{name}") for name in registers)
    return DeviceSpec("M", "mbus", "L", address, settings, secret, parameters=parameters)


def bus(*meters):
    return MbusBus(meters, lambda: NOW)


def on(link, work):
    async def dialogue():
        await link.open()
        return await work(MbusDriver(), link)

    return asyncio.run(dialogue())


def read(on_bus, spec, kind="tcp"):
    link = ScriptedLink(*[on_bus.session().feed] * 400, kind=kind)
    return on(link, lambda driver, link: driver.read(link, spec, 0.3)), link


def test_pages_are_chosen_by_application_reset_and_joined():
    pages = {b"\x10": WATER, b"\x40": HEAT}
    result, link = read(bus(meter(applications=pages)), device("1", application="10, 40"))
    assert [len(found.splitlines()) for found in (result.raw,)] == [3]
    quantities = [record.quantity for record in result.records]
    assert quantities.count("energy") == 2 and "volume_flow" in quantities
    assert [data[6:-2].hex() for data in link.sent if data[0] == 0x68] == ["5010", "5040"]


def test_application_reset_without_a_page():
    result, link = read(bus(meter()), device("1", "volume", application="reset"))
    assert result.samples["volume"].value == Decimal("54.321")
    assert long_frame(0x53, 1, b"\x50") in link.sent


@pytest.mark.parametrize("settings", [{"application": "xx"}, {"baudrate": "1234"}])
def test_setting_that_cannot_be_is_named(settings):
    with pytest.raises(ConfigError):
        read(bus(meter()), device("1", **settings))


@pytest.mark.parametrize("damage", [lambda wire: b"", lambda wire: wire[:-2] + b"\0\x16"])
def test_second_telegram_lost_on_the_way_is_asked_for_again(damage):
    session = bus(heat_meter(lambda now: VALUES)).session()
    feed = session.feed
    script = [feed, feed, lambda data: damage(feed(data)), feed]
    link = ScriptedLink(*script)
    spec = device("1", "energy@1")
    result = on(link, lambda driver, link: driver.read(link, spec, 0.1))
    assert result.samples["energy@1"].value == 120000
    assert len(result.raw.splitlines()) == 2
    # The same frame count bit again: the meter repeats the telegram instead of going on.
    assert [data[1] for data in link.sent] == [0x40, 0x7B, 0x5B, 0x5B]


def test_first_telegram_that_is_lost_is_the_workers_business():
    link = ScriptedLink(ACK, b"")
    with pytest.raises(NoAnswer):
        on(link, lambda driver, link: driver.read(link, device("1"), 0.1))
    assert len(link.sent) == 2


def test_meter_slower_than_its_line_is_read_at_its_own_speed():
    result, link = read(bus(meter()), device("1", "volume", baudrate=300), kind="serial")
    assert result.samples and link.serial == [{"baudrate": 300}, {"baudrate": 9600}]


def test_time_to_answer_is_never_shorter_than_the_standard_gives():
    assert answer_seconds(300) == pytest.approx(1.15)
    assert answer_seconds(2400) == pytest.approx(0.1875)
    waited = []

    class Slow(ScriptedLink):
        async def _receive(self, max_bytes, timeout):
            waited.append(timeout)
            return await super()._receive(max_bytes, timeout)

    link = Slow(kind="serial")
    with pytest.raises(NoAnswer):
        on(link, lambda driver, link: driver.read(link, device("1", baudrate=300), 0.1))
    assert max(waited) == pytest.approx(1.15, abs=0.05)


def test_same_meter_through_a_serial_converter_and_through_a_gateway(tmp_path):
    spec = device("10000002", "energy", "energy@1", "volume")

    def heat():
        return bus(meter(id="00000001"), heat_meter(lambda now: VALUES, id="10000002"))

    async def both():
        port, pty = TcpPort(heat().session), PtyPort(heat().session, tmp_path / "bus")
        gateway = tcp_link(f"127.0.0.1:{await port.start()}")
        pty.start()
        converter = serial_link(tmp_path / "bus", baudrate=2400)
        found = []
        for link in (gateway, converter):
            await link.open()
            found.append(await MbusDriver().read(link, spec, 1.0))
            met = await MbusDriver().scan(link, 0.05)
            assert [each.meter.id for each in met] == ["00000001", "10000002"]
            await link.close()
        await pty.stop()
        await port.stop()
        return found

    gateway, converter = asyncio.run(both())
    assert gateway == converter and len(gateway.samples) == 3


class OtherSpeed(ScriptedLink):
    """A bus whose meters listen at one speed only."""

    def __init__(self, on_bus, baudrate):
        super().__init__(*[on_bus.session().feed] * 999, kind="serial")
        self._right, self._now = baudrate, self.line.baudrate

    async def set_serial(self, **settings):
        await super().set_serial(**settings)
        self._now = settings["baudrate"]

    async def _send(self, data):
        if self._now == self._right:
            await super()._send(data)


def test_meters_at_another_speed_are_found_by_a_sweep():
    link = OtherSpeed(bus(meter(id="10000001")), 2400)
    found = on(link, lambda driver, link: driver.scan(link, 0.5))
    assert [(each.address[:8], each.meter.extra["baudrate"]) for each in found] == [
        ("10000001", "2400")
    ]
    assert link.serial[-1] == {"baudrate": 9600}


def test_sealed_telegram_opens_with_the_devices_key():
    sealed = bus(heat_meter(lambda now: VALUES, key=KEY))
    result, _ = read(sealed, device("1", "energy", "energy@1", secret=KEY.hex()))
    assert {name: int(sample.value) for name, sample in result.samples.items()} == {
        "energy": 154000,
        "energy@1": 120000,
    }
    assert result.meter.manufacturer == "BAY" and result.meter.extra["address"] == "1"
    wire = result.raw.splitlines()[0]
    assert MbusDriver.decode({"telegram": wire, "key": KEY.hex()}).records[1].quantity == "energy"


@pytest.mark.parametrize(("secret", "code"), [(KEY[::-1].hex(), "wrong_key"), ("00", "bad_key")])
def test_wrong_key_is_named_and_gives_no_reading(secret, code):
    with pytest.raises(CollectorError) as caught:
        read(bus(meter(key=KEY)), device("1", secret=secret))
    assert caught.value.code == code and secret not in caught.value.message


def test_sealed_telegram_without_its_key_gives_no_number_of_the_meter():
    sealed = bus(meter(key=KEY))
    try:
        result, _ = read(sealed, device("1", "volume"))
    except CollectorError as error:
        assert error.code
    else:
        assert result.samples.get("volume") is None


def test_short_header_without_the_whole_address_cannot_be_opened():
    wire = long_frame(8, 1, bytes.fromhex("7A 55 00 1005") + bytes(16))
    with pytest.raises(CollectorError) as caught:
        MbusDriver.decode({"telegram": wire.hex(), "key": KEY.hex()})
    assert caught.value.code == "unsupported_security"


@pytest.mark.parametrize("body", ["A2 80A1", "90 02 0000 7A 55 00 1005", "90 02 0000 A2 01"])
def test_what_no_wired_meter_sends_is_a_named_error_with_a_key_too(body):
    wire = long_frame(8, 1, bytes.fromhex(body))
    with pytest.raises(CollectorError) as caught:
        MbusDriver.decode({"telegram": wire.hex(), "key": KEY.hex()})
    assert caught.value.code


def test_plain_telegrams_of_a_meter_with_a_key_still_count():
    result, _ = read(bus(meter()), device("1", "volume", secret=KEY.hex()))
    assert result.samples["volume"].value == Decimal("54.321")


def set_clock(on_bus, spec):
    link = ScriptedLink(*[on_bus.session().feed] * 9)
    on(link, lambda driver, link: driver.set_clock(link, spec, 0.1))
    return link


@pytest.mark.parametrize("address", ["1", "12345678"])
def test_clock_is_set_to_the_machines_time_in_the_meters_zone(address):
    slow = meter(clock_shift=timedelta(minutes=-9))
    set_clock(bus(slow), device(address, utc_offset="+03:00"))
    assert abs(NOW + slow.clock_shift - datetime.now(UTC)) < timedelta(minutes=2)


def test_clock_of_all_meters_is_set_by_one_broadcast_nobody_answers():
    meters = [meter(address=n, clock_shift=timedelta(hours=-1)) for n in (1, 2)]
    link = set_clock(bus(*meters), device("255", utc_offset="+03:00"))
    assert len(link.sent) == 1
    shifts = {each.clock_shift for each in meters}
    assert len(shifts) == 1 and shifts != {timedelta(hours=-1)}


def test_broadcast_cannot_be_read_and_a_clock_needs_a_zone():
    with pytest.raises(ConfigError):
        read(bus(meter()), device("255"))
    with pytest.raises(ConfigError):
        set_clock(bus(meter()), device("1"))


def profile(records, start, end, **settings):
    header = bytes.fromhex("785634120724010755000000")
    wire = long_frame(8, 1, b"\x72" + header + bytes.fromhex(records))
    link = ScriptedLink(ACK, wire)
    spec = device("1", **settings)
    return on(link, lambda driver, link: driver.read_profile(link, spec, 0.1, start, end))


def test_values_kept_for_due_dates_are_profile_rows():
    records = "0C13 00000900 426C 5F3C 4C13 00000500 82016C 5F31 8C0113 00000200 8C1113 11000000"
    zone = timezone(timedelta(hours=3))
    start, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    rows = profile(records, start, end, utc_offset="+03:00")
    assert [row.ts.astimezone(zone).isoformat() for row in rows] == [
        "2026-02-01T00:00:00+03:00",
        "2027-01-01T00:00:00+03:00",
    ]
    assert rows[0].samples["volume"].value == 20 and rows[1].samples["volume"].value == 50
    assert rows[0].samples["volume:t1"].value == Decimal("0.011")
    assert profile(records, rows[0].ts, rows[0].ts, utc_offset="+03:00") == []


def test_stored_values_need_the_meters_zone():
    with pytest.raises(UnsupportedError):
        profile("0C1300000900", NOW, NOW)
