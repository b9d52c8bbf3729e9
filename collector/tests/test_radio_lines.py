# SPDX-License-Identifier: MIT
"""Radio meters through the whole collector: two receivers, a network server, a concentrator."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from push_support import Field, free_port, line, until
from radio_support import KEY, meter
from radio_support import device as radio_device
from stream_rig import Receiver
from test_http_push import TOKEN, request

from actwin_collector.model import DeviceSpec, ParameterSpec
from actwin_collector.protocol.gateway import JsonDriver
from actwin_collector.protocol.lora import LoraDriver
from actwin_collector.protocol.wmbus import WmbusDriver
from actwin_collector.protocol.wmbus.memory import Memory
from actwin_collector.simulate.lora import LoraMeter
from actwin_collector.simulate.runner import ScenarioRunner
from actwin_collector.simulate.scenario import parse_scenario
from actwin_collector.simulate.wmbus import delivered
from actwin_collector.status import device_status

EUI = "70B3D5E710000001"


def field_of(driver_class, lines, devices, tmp_path) -> Field:
    field = Field(lines, devices, tmp_path)

    def now() -> datetime:
        return datetime.fromtimestamp(field.clock.wall(), UTC)

    memory = () if driver_class is JsonDriver else (Memory(tmp_path / "memory.sqlite"),)
    driver = driver_class(*memory, now)
    field.scheduler._driver_factory = lambda name: driver
    field.now = now
    return field


KEEP = {"radio_mode": "keep"}


def lora_device(**settings) -> DeviceSpec:
    parameters = (ParameterSpec("volume", "S/D:volume", "m3"),)
    rules = {"codec": "axioma-qalcosonic-w1", **settings}
    return DeviceSpec("D", "lora", "L1", EUI, rules, schedule="S1", parameters=parameters)


def test_two_receivers_hear_one_telegram_once(tmp_path):
    async def go():
        async with Receiver() as left, Receiver() as right:
            lines = [
                line("tcp", port=left.port, settings={"receiver": "im871a", **KEEP}),
                line("tcp", "L2", port=right.port, settings={"receiver": "cul", **KEEP}),
            ]
            spec = replace(
                radio_device(secret=KEY), line="L1", schedule="S1",
                parameters=(ParameterSpec("volume", "S/D:volume", "m3"),),
            )
            # A line listens for what its devices speak, and hears those of other lines then.
            other = replace(
                spec, key="E", line="L2", address="87654321",
                parameters=(ParameterSpec("volume", "S/E:volume", "m3"),),
            )
            field = field_of(WmbusDriver, lines, [spec, other], tmp_path)
            async with field:
                await until(lambda: left.writers and right.writers)
                radio = meter(7)
                first = radio.telegram(field.now())
                left.say(delivered("im871a", first, field.now()))
                await until(lambda: field.health("L1").heard)
                # Replayed after its counter was taken, damaged, in the clear.
                second = radio.telegram(field.now())
                left.say(delivered("im871a", second, field.now()))
                await until(lambda: field.health("L1").heard == 2)
                left.say(delivered("im871a", meter(0).telegram(field.now()), field.now()))
                await until(lambda: field.errors("D").get("security_downgrade"))
                assert field.state("D").rssi == -70
                right.say(delivered("cul", second, field.now(), rssi=-60))
                await until(lambda: field.health("L2").duplicates)
                left.say(delivered("im871a", second, field.now(), rssi=-90))
                await until(lambda: field.health("L1").duplicates)
                assert device_status(field.state("D"))["rssi"] == -60
                await field.next_slot()
                assert field.stored("D") == [(900, "54.321")]
                field.clock.pass_time(3600)
                left.say(delivered("im871a", second, field.now()))
                await until(lambda: field.errors("D").get("replayed"))

    asyncio.run(go())


def test_a_network_server_posts_uplinks(tmp_path):
    async def go():
        port = free_port()
        lines = [line("http", port=port, secret="s3cret")]
        field = field_of(LoraDriver, lines, [lora_device()], tmp_path)
        async with field:
            await until(lambda: field.scheduler.listeners["L1"].is_open)
            radio = LoraMeter(
                lambda now: {"volume": Decimal("12.345")}, eui=EUI, codec="axioma-qalcosonic-w1"
            )
            old, new = (radio.uplink("chirpstack-v4", field.now())[1] for _ in range(2))

            async def post(body):
                return await asyncio.to_thread(request, port, body, TOKEN, "/push", "POST")

            assert (await post(new))[0] == 200
            assert await post(new) == (200, {"duplicate": 1})
            assert (await post(old))[1]["error"] == "replayed"
            assert (await post(b'{"a": 1}'))[0] != 500
            await field.next_slot()
            assert field.stored("D") == [(900, "12.345")]

    asyncio.run(go())


def test_our_simulated_network_server_posts_to_our_collector(tmp_path):
    async def go():
        port = free_port()
        lines = [line("http", port=port, secret="s3cret")]
        field = field_of(LoraDriver, lines, [lora_device()], tmp_path)
        async with field:
            await until(lambda: field.scheduler.listeners["L1"].is_open)
            row = {
                "key": "W1", "serial": "10000001", "protocol": "lora", "port": 1,
                "profile": "water", "peak": 500, "opening": [1_000_000, 0, 0],
                "settings": {
                    "network": "ttn-v3", "every": 0.2, "secret": "s3cret",
                    "post": f"http://127.0.0.1:{port}/push",
                },
            }  # fmt: skip
            first = (field.now() - timedelta(days=2)).date()
            table = {"site": "S", "seed": 1, "first_day": first, "meter": [row]}
            scene = parse_scenario(table, "test")
            runner = ScenarioRunner(scene, 0, tmp_path, clock=field.clock.wall)
            await runner.start()
            try:
                await until(lambda: field.health("L1").heard)
            finally:
                await runner.stop()
            await field.next_slot()
            ((_, value),) = field.stored("D")
            exact = scene.meter("W1").value("volume", int(field.clock.wall()) - 900)[0]
            assert abs(Decimal(value) - exact) < Decimal("0.5")

    asyncio.run(go())


def test_a_concentrator_posts_many_meters(tmp_path):
    async def go():
        port = free_port()
        settings = {"mapping": "hplc-concentrator"}
        lines = [line("http", port=port, secret="s3cret", settings=settings)]
        parameters = (ParameterSpec("1.8.0", "S/D:1.8.0", "kWh"),)
        spec = DeviceSpec("D", "json", "L1", "80221507", schedule="S1", parameters=parameters)
        field = field_of(JsonDriver, lines, [spec], tmp_path)
        async with field:
            await until(lambda: field.scheduler.listeners["L1"].is_open)
            data = [{"obis": "1.8.0", "value": "123.456", "unit": "kWh"}]
            meters = [{"address": name, "data": data} for name in ("80221507", "80221508")]
            body = json.dumps({"time": field.now().isoformat(), "meters": meters}).encode()
            answer = await asyncio.to_thread(request, port, body, TOKEN, "/push", "POST")
            assert answer == (200, {"taken": 1, "unassigned": 1})
            await field.next_slot()
            assert field.stored("D") == [(900, "123.456")]

    asyncio.run(go())
