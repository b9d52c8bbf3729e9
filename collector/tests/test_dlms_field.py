# SPDX-License-Identifier: MIT
"""Simulated DLMS meters at a running collector: pushed by TCP and UDP, asked, and filled up."""

from __future__ import annotations

import asyncio
import socket
from decimal import Decimal

import pytest
from dlms_rig import BOTH_KEYS, KEYED, NOW, meters
from push_support import Field, free_port, line, until

from actwin_collector.model import DeviceSpec, ParameterSpec
from actwin_collector.simulate.dlms.push import send

UNITS = {"1.8.0": "Wh"}


def device(key, meter, secret="", **settings):
    parameters = (ParameterSpec("1.8.0", f"S/{key}:x", "kWh"),)
    settings = {"push_units": UNITS, "push_time": "arrival", "poll": False, **settings}
    address = str(meter.identity.unit)
    return DeviceSpec(key, "dlms", "L1", address, settings, secret, "S1", parameters)


@pytest.mark.parametrize("kind", ["tcp", "udp"])
def test_pushes_of_two_meters_and_a_stranger_become_readings_of_the_two(
    tmp_path, monkeypatch, kind
):
    monkeypatch.setenv("ACTWIN_COLLECTOR_STATE", str(tmp_path))
    habits = [{}, KEYED, {}]
    if kind == "tcp":
        habits = [{**each, "framing": "hdlc"} for each in habits]
    clear, sealed, stranger = meters(*habits)
    title = sealed.identity.title.hex()
    devices = [
        device("A", clear, serial=clear.identity.serial),
        device("B", sealed, BOTH_KEYS, meter_title=title),
    ]
    port = free_port() if kind == "tcp" else free_port(socket.SOCK_DGRAM)
    spec = line("dialin", port=port) if kind == "tcp" else line("udp", host="", port=port)

    async def push(meter):
        if kind == "tcp":
            await send(meter.pusher.frames(), "127.0.0.1", port)
            return
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(meter.pusher.frames(), ("127.0.0.1", port))

    async def go():
        async with Field([spec], devices, tmp_path) as field:
            await until(lambda: field.scheduler.listeners["L1"].is_open)
            old = sealed.pusher.frames()
            for meter in (stranger, clear, sealed):
                await push(meter)
                await asyncio.sleep(0.05)
            await until(lambda: field.state("A").health.ok and field.state("B").health.ok)
            sealed.pusher.frames = lambda: old
            await push(sealed)  # one that was held back and comes after a later one
            await until(lambda: field.errors("B") == {"replayed": 1})
            await field.next_slot()
            return field.stored("A"), field.stored("B"), field.errors("A")

    first, second, errors = asyncio.run(go())
    for stored, meter in ((first, clear), (second, sealed)):
        [(_, value)] = stored
        assert Decimal(value) * 1000 == meter.model.scaled("1.8.0", NOW)
    assert errors == {}

