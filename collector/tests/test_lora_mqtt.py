# SPDX-License-Identifier: MIT
"""LoRaWAN uplinks that a network server publishes to a real broker become readings."""

import asyncio
from decimal import Decimal

from push_support import line, until
from test_mqtt_push import PASSWORD, Broker, ready
from test_radio_lines import EUI, field_of, lora_device

from actwin_collector.protocol.lora import LoraDriver
from actwin_collector.simulate.lora import LoraMeter


def test_a_network_server_publishes_uplinks(tmp_path):
    async def go():
        broker = Broker(tmp_path)
        await broker.start()
        lines = [
            line(
                "mqtt", host="127.0.0.1", port=broker.port, secret=PASSWORD,
                settings={"user": "u", "topics": ["application/+/device/+/event/up"]},
            )
        ]
        field = field_of(LoraDriver, lines, [lora_device()], tmp_path)
        radio = LoraMeter(
            lambda now: {"volume": Decimal("12.345")}, eui=EUI, codec="axioma-qalcosonic-w1"
        )
        try:
            async with field:
                await ready(field)
                topic = f"application/7/device/{EUI.lower()}/event/up"
                old, new = (radio.uplink("chirpstack-v4", field.now())[1] for _ in range(2))
                await broker.publish(topic, new)
                await until(lambda: field.state("D").health.ok)
                await broker.publish(topic, old, b'{"a": 1}')
                await until(lambda: field.errors("D").get("replayed"))
                await field.next_slot()
                assert field.stored("D") == [(900, "12.345")]
        finally:
            broker.stop()

    asyncio.run(go())
