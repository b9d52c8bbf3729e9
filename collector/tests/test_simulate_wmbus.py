# SPDX-License-Identifier: MIT
"""Our simulated radio meters, as other programs and ciphers read them, and on their ports."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from decimal import Decimal

import meterbus
import pytest
from Crypto.Cipher import AES
from Crypto.Hash import CMAC
from radio_support import KEY, NOW, meter

from actwin_collector.channel.serial import SerialLink
from actwin_collector.channel.tcp import TcpLink
from actwin_collector.model import CollectorError, ConfigError, LineSpec
from actwin_collector.protocol.registry import get_driver
from actwin_collector.protocol.wmbus import WmbusDriver
from actwin_collector.protocol.wmbus.listener import WmbusListener
from actwin_collector.simulate.runner import ScenarioRunner
from actwin_collector.simulate.scenario import load_scenario, parse_scenario

DAY = int(datetime(2026, 11, 24, 12, tzinfo=UTC).timestamp())


def scenario(**settings):
    def row(key: str, serial: str) -> dict:
        return {
            "key": key,
            "serial": serial,
            "protocol": "wmbus",
            "profile": "water",
            "peak": 500,
            "opening": [1_234_567, 0, 0],
            "settings": {"every": 0.05, **settings},
        }

    place = {"pty": "radio"} if settings.pop("pty", False) else {"port": 1}
    meters = [row("W1", "10000001") | place, row("W2", "10000002") | place]
    first = datetime(2026, 1, 1).date()
    return parse_scenario({"site": "S", "seed": 1, "first_day": first, "meter": meters}, "test")


def test_pymeterbus_opens_mode_5():
    meterbus.add_wmbus_encryption_key(bytes.fromhex("12345678"), bytes.fromhex(KEY))
    frame = meterbus.load(meter(5).telegram(NOW))
    values = [float(record.value) for record in frame.records if record.unit == "m^3"]
    assert values == [pytest.approx(54.321)]


def test_another_cipher_library_opens_mode_7():
    wire, key = meter(7).telegram(NOW), bytes.fromhex(KEY)
    counter, mac, inner = wire[18:22], wire[22:30], wire[30:]
    number = wire[4:8] + b"\x07" * 7

    def cmac(secret: bytes, message: bytes) -> bytes:
        return CMAC.new(secret, message, ciphermod=AES).digest()

    sealed = cmac(cmac(key, b"\x01" + counter + number), b"\x25" + counter + inner)
    assert sealed[:8] == mac
    cipher = AES.new(cmac(key, b"\x00" + counter + number), AES.MODE_CBC, bytes(16))
    plain = cipher.decrypt(inner[6:])
    assert plain.startswith(bytes.fromhex("2F2F 0C13 21430500"))


async def _first_telegrams(link, receiver: str) -> dict[str, str]:
    await link.open()
    listener, found = WmbusListener({"receiver": receiver}), {}
    try:
        while len(found) < 2:
            for heard in listener.feed(await link.read(4096, 5)):
                found[heard.sender] = heard.telegram["telegram"]
    finally:
        await link.close()
    return found


async def _run(scene, tmp_path, make_link, receiver: str) -> dict[str, str]:
    runner = ScenarioRunner(scene, 0, tmp_path, clock=lambda: DAY)
    await runner.start()
    try:
        return await _first_telegrams(make_link(runner.addresses["W1"]), receiver)
    finally:
        await runner.stop()


def _check(scene, found: dict[str, str], key: str | None) -> None:
    for name, serial in (("W1", "10000001"), ("W2", "10000002")):
        telegram = WmbusDriver.decode({"telegram": found[serial], "key": key})
        value = next(r.value for r in telegram.records if r.quantity == "volume")
        assert value == scene.meter(name).value("volume", DAY)[0].quantize(Decimal("0.001"))


def test_meters_of_a_scenario_on_a_socket(tmp_path):
    scene = scenario(mode=7, key=KEY, receiver="im871a")

    def link(address: str) -> TcpLink:
        host, _, port = address.rpartition(":")
        return TcpLink(LineSpec("air", "tcp", host=host, port=int(port)))

    _check(scene, asyncio.run(_run(scene, tmp_path, link, "im871a")), KEY)


def test_meters_of_a_scenario_on_a_pty(tmp_path):
    scene = scenario(pty=True, receiver="cul")

    def link(address: str) -> SerialLink:
        return SerialLink(LineSpec("air", "serial", device_path=address, baudrate=38400))

    _check(scene, asyncio.run(_run(scene, tmp_path, link, "auto")), None)


def scanned(scene, tmp_path, **rules):
    """Return what a scan of the scene's receiver finds."""

    async def go():
        runner = ScenarioRunner(scene, 0, tmp_path, clock=lambda: DAY)
        await runner.start()
        host, _, port = runner.addresses["W1"].rpartition(":")
        link = TcpLink(LineSpec("air", "tcp", host=host, port=int(port), settings=rules))
        await link.open()
        try:
            return await WmbusDriver().scan(link, 0.2)
        finally:
            await link.close()
            await runner.stop()

    return asyncio.run(go())


@pytest.mark.parametrize("needs_start", [False, True])
def test_a_scan_lists_the_meters_a_receiver_hears(tmp_path, needs_start):
    scene = scenario(mode=7, key=KEY, receiver="im871a", needs_start=needs_start, every=0.2)
    found = scanned(scene, tmp_path, receiver="im871a", scan_seconds=0.4)
    assert [each.address for each in found] == ["BAY10000001", "BAY10000002"]
    assert (found[0].meter.manufacturer, found[0].meter.medium) == ("BAY", "water -70 dBm")


def test_a_scan_says_when_the_receiver_cannot_be_started(tmp_path):
    scene = scenario(receiver="cul", needs_start=True, fault="refuses")
    with pytest.raises(CollectorError) as caught:
        scanned(scene, tmp_path, receiver="cul", scan_seconds=0.1)
    assert caught.value.code == "receiver_refused" and "b is unknown" in caught.value.message


@pytest.mark.parametrize(
    "wrong",
    [{"mode": 5}, {"mode": 6}, {"receiver": "x"}, {"every": 0}, {"mode": 7, "key": "00"},
     {"fault": "x"}],
)  # fmt: skip
def test_a_mistake_in_a_scenario_is_named(wrong):
    with pytest.raises(ConfigError):
        scenario(**wrong)


def test_the_training_scenario_speaks_on_every_port(tmp_path):
    scene = load_scenario("radio-training")
    ports = {"W1": ("wmbus", {}), "W4": ("wmbus", {}), "W5": ("wmbus", {}), "L1": ("lora", {})}

    async def first_words(address: str) -> bytes:
        host, _, port = address.rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        data = await asyncio.wait_for(reader.read(8192), 5)
        while not data.count(b"\n") and len(data) < 60:
            data += await asyncio.wait_for(reader.read(8192), 5)
        writer.close()
        return data

    async def go():
        runner = ScenarioRunner(scene, 0, tmp_path, clock=lambda: DAY)
        await runner.start()
        try:
            return {key: await first_words(runner.addresses[key]) for key in ports}
        finally:
            await runner.stop()

    for key, data in asyncio.run(go()).items():
        driver, rules = ports[key]
        heard = get_driver(driver).listener(rules).feed(data)
        serial = scene.meter(key).spec.serial
        assert heard[0].sender in (serial, f"70B3D5E7{serial}")
