# SPDX-License-Identifier: MIT
"""Simulated meters of real protocols, carried to a collector by modems and gateways."""
import asyncio
import socket
import time
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from dlms_support import running_meter
from push_support import Field, free_port, line, until
from test_mqtt_push import PASSWORD, Broker

from actwin_collector.model import ConfigError, DeviceSpec, ParameterSpec
from actwin_collector.simulate.runner import ScenarioRunner
from actwin_collector.simulate.scenario import parse_scenario

KEY = "000102030405060708090A0B0C0D0E0F"
METERS = {
    "E": {"protocol": "iec62056-21", "profile": "workshop", "serial": "80000001"},
    "P": {
        "protocol": "iec62056-21-push", "profile": "workshop", "serial": "80000002",
        "settings": {"every": 0.1},
    },
    "W": {
        "protocol": "wmbus", "profile": "water", "serial": "10000001",
        "settings": {"mode": 7, "key": KEY, "every": 0.1, "receiver": "rtl-wmbus"},
    },
}


def scenario(*keys, **more):
    meters = [
        {"key": key, "port": at, "peak": 5000, "opening": [1_000_000, 0, 0], **METERS[key]}
        for at, key in enumerate(keys)
    ]
    top = {"site": "S", "seed": 1, "first_day": date(2026, 1, 1), "meter": meters}
    return parse_scenario(top | more, "test")


def device(key, driver, register, unit, **settings):
    parameters = (ParameterSpec(register, f"S/{key}:x", unit),)
    secret = KEY if driver == "wmbus" else ""
    address = METERS[key]["serial"]
    return DeviceSpec(key, driver, "L1", address, settings, secret, "S1", parameters)


def water(tmp_path):
    return device("W", "wmbus", "volume", "m3", state_dir=str(tmp_path))


ENERGY = device("P", "iec62056-21", "1.8.0", "kWh", poll=False)


def carried(tmp_path, play, spec, device):
    """Run a scenario against one line; the value stored is what the meter shows."""

    async def go():
        runner = ScenarioRunner(play, 0, tmp_path)
        async with Field([spec], [device], tmp_path) as field:
            await runner.start()
            try:
                await until(lambda: field.state(device.key).health.ok)
                await field.next_slot()
            finally:
                await runner.stop()
        return field

    field = asyncio.run(go())
    register = {"volume": "volume"}.get(device.parameters[0].register, "1.8.0")
    shown = [play.index_at(device.key, register, at) for at in (now() - 3600, now())]
    [(_, value), *_] = field.stored(device.key)
    assert shown[0] - 1 <= Decimal(value) <= shown[1] + 1
    assert value != "0"
    return field


def now():
    return int(time.time())


def test_an_electricity_meter_is_asked_through_a_modem_that_dials_in(tmp_path):
    port = free_port()
    modem = {
        "meter": "E", "to": f"127.0.0.1:{port}", "hello": r"IMEI=123\r\n", "heartbeat": "PING",
        "every": 0.1, "redial": 0.1,
    }
    settings = {"hello": r"IMEI=(?P<modem>\d+)\r\n", "heartbeat": "PING"}
    spec = replace(line("dialin", port=port, settings=settings), timeout_s=2.0)
    meter = device("E", "iec62056-21", "1.8.0", "kWh", modem="123")
    field = carried(tmp_path, scenario("E", modem=[modem]), spec, meter)
    assert field.errors("E") == {}
    assert field.health().errors["noise"] == 0


def test_an_electricity_meter_that_only_sends_dials_in_and_is_known_by_its_telegram(tmp_path):
    port = free_port()
    modem = {"meter": "P", "to": f"127.0.0.1:{port}", "redial": 0.1}
    other = device("E", "iec62056-21", "1.8.0", "kWh", poll=False)
    play = scenario("P", modem=[modem])

    async def go():
        runner = ScenarioRunner(play, 0, tmp_path)
        async with Field([line("dialin", port=port)], [ENERGY, other], tmp_path) as field:
            await runner.start()
            await until(lambda: field.state("P").health.ok >= 2)
            assert field.state("E").health.ok == 0
            await runner.stop()

    asyncio.run(go())


@pytest.mark.parametrize("framing", ["wrapper", "hdlc"])
def test_a_dlms_meter_of_another_make_is_asked_through_socat(tmp_path, framing):
    port = free_port()
    settings = {"framing": framing, "modem": "M"}
    parameters = (ParameterSpec("1.8.0", "S/D:x", "kWh"),)
    meter = DeviceSpec("D", "dlms", "L1", "1", settings, "", "S1", parameters)

    async def go(address):
        async with Field([line("dialin", port=port, timeout_s=2.0)], [meter], tmp_path) as field:
            await until(lambda: field.scheduler.listeners["L1"].is_open)
            socat = await asyncio.create_subprocess_exec(
                "socat", f"TCP:127.0.0.1:{port}", f"TCP:{address}"
            )
            await until(lambda: field.state("D").health.ok)
            await field.next_slot()
            assert field.stored("D") == [(900, "12345.678")]
            socat.kill()
            await socat.wait()

    with running_meter(framing) as (_, address):
        asyncio.run(go(address))


@pytest.mark.parametrize("body", ["raw", "hex", "json", "json-base64"])
def test_radio_telegrams_come_by_http(tmp_path, body):
    port = free_port()
    push = {
        "meter": "W", "to": f"http://127.0.0.1:{port}/push", "secret": "s", "body": body,
        "redial": 0.1,
    }
    wrapped, _, encoding = body.partition("-")
    settings = {"body": wrapped, "encoding": encoding or "hex"}
    spec = line("http", port=port, secret="s", settings=settings)
    play = scenario("W", push=[push])
    carried(tmp_path, play, spec, water(tmp_path))
    assert play.carriers[0].taken and not play.carriers[0].refused


def test_radio_telegrams_come_by_datagram(tmp_path):
    port = free_port(socket.SOCK_DGRAM)
    push = {"meter": "W", "to": f"udp://127.0.0.1:{port}", "redial": 0.1}
    carried(tmp_path, scenario("W", push=[push]), line("udp", host="", port=port), water(tmp_path))


def test_radio_telegrams_come_from_a_receiver_behind_a_device_server(tmp_path):
    port = free_port()
    play = scenario("W")

    async def go():
        runner = ScenarioRunner(play, port, tmp_path)
        await runner.start()
        async with Field([line("tcp", port=port)], [water(tmp_path)], tmp_path) as field:
            await until(lambda: field.state("W").health.ok >= 2)
            assert field.errors("W") == {}
        await runner.stop()

    asyncio.run(go())


def test_radio_telegrams_come_by_a_broker(tmp_path):
    broker = Broker(tmp_path)
    push = {
        "meter": "W", "to": f"mqtt://u@127.0.0.1:{broker.port}/radio/1", "secret": PASSWORD,
        "redial": 0.1,
    }
    settings = {"topics": ["radio/#"], "user": "u"}
    spec = line("mqtt", port=broker.port, secret=PASSWORD, settings=settings)

    async def start():
        await broker.start()

    asyncio.run(start())
    try:
        carried(tmp_path, scenario("W", push=[push]), spec, water(tmp_path))
    finally:
        broker.stop()


def test_a_wrong_key_is_counted_and_never_a_reading(tmp_path):
    port = free_port()
    push = {"meter": "W", "to": f"http://127.0.0.1:{port}/push", "secret": "s", "redial": 0.1}
    play = scenario("W", push=[push])
    wrong = replace(water(tmp_path), secret="F" * 32)

    async def go():
        runner = ScenarioRunner(play, 0, tmp_path)
        async with Field([line("http", port=port, secret="s")], [wrong], tmp_path) as field:
            await runner.start()
            await until(lambda: play.carriers[0].refused)
            await runner.stop()
            assert field.state("W").health.ok == 0
            assert sum(field.errors("W").values()) >= 1
            assert field.store.readings == []

    asyncio.run(go())


@pytest.mark.parametrize(
    ("part", "table", "text"),
    [
        ("modem", {"meter": "X", "to": "h:1"}, "meter 'X': a modem or pusher needs a meter"),
        ("modem", {"meter": "E", "to": "h"}, "modem[0].to: 'h' is not host:port"),
        ("push", {"meter": "E", "to": "ftp://h"}, "push[0].to: 'ftp://h' does not begin with"),
        ("push", {"meter": "E", "to": "mqtt://h"}, "push[0].to: 'mqtt://h' has no topic"),
        ("push", {"meter": "E", "to": "udp://h:1", "body": "x"}, "push[0].body: 'x' is not one"),
    ],
)
def test_mistakes_of_a_scenario_are_named(part, table, text):
    with pytest.raises(ConfigError) as caught:
        scenario("E", **{part: [table]})
    assert text in caught.value.message
