# SPDX-License-Identifier: MIT
"""Asking over UDP, against sockets of the system and pymodbus' UDP server."""
import asyncio
import socket

import pytest
from push_support import free_port, line
from pymodbus.datastore import ModbusDeviceContext, ModbusSequentialDataBlock, ModbusServerContext
from pymodbus.server import ModbusUdpServer

from actwin_collector.model import DeviceSpec, LinkError, NoAnswer, ParameterSpec
from actwin_collector.protocol.modbus import ModbusDriver
from actwin_collector.protocol.registry import make_link


def talk(scenario):
    async def go():
        meter = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        meter.bind(("127.0.0.1", 0))
        meter.settimeout(5)
        link = make_link(line("udp", port=meter.getsockname()[1]))
        await link.open()
        try:
            await scenario(link, meter)
        finally:
            await link.close()
            meter.close()

    asyncio.run(go())


def test_datagrams_go_and_come_and_may_be_read_in_parts():
    async def scenario(link, meter):
        await link.write(b"question")
        question, peer = await asyncio.to_thread(meter.recvfrom, 100)
        assert question == b"question"
        meter.sendto(b"", peer)
        meter.sendto(b"ans", peer)
        meter.sendto(b"wer\n", peer)
        assert await link.read_exactly(2, 1.0) == b"an"
        assert await link.read_until(b"\n", 1.0) == b"swer\n"
        with pytest.raises(NoAnswer):
            await link.read(10, 0.05)

    talk(scenario)


def test_what_others_send_is_not_seen():
    async def scenario(link, meter):
        await link.write(b"question")
        _, peer = await asyncio.to_thread(meter.recvfrom, 100)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.sendto(b"forged", peer)
        with pytest.raises(NoAnswer):
            await link.read(10, 0.1)

    talk(scenario)


def test_late_answers_are_thrown_away_before_the_next_question():
    async def scenario(link, meter):
        await link.write(b"question")
        _, peer = await asyncio.to_thread(meter.recvfrom, 100)
        for _ in range(300):
            meter.sendto(b"late", peer)
        await asyncio.sleep(0.05)
        await link.discard_input()
        with pytest.raises(NoAnswer):
            await link.read(10, 0.05)

    talk(scenario)


def test_nobody_there_is_a_dead_line():
    async def go():
        link = make_link(line("udp", port=free_port(socket.SOCK_DGRAM)))
        await link.open()
        await link.write(b"question")
        with pytest.raises(LinkError):
            await link.read(10, 2.0)
        await link.close()
        assert not link.is_open
        for work in (link.read(1, 0.1), link.write(b"x")):
            with pytest.raises(LinkError):
                await work

    asyncio.run(go())


def test_modbus_is_asked_over_udp():
    async def go():
        port = free_port(socket.SOCK_DGRAM)
        block = ModbusSequentialDataBlock(1, [230, 0, 7])
        context = ModbusServerContext(
            devices={1: ModbusDeviceContext(hr=block)}, single=False
        )
        server = ModbusUdpServer(context, address=("127.0.0.1", port))
        serving = asyncio.create_task(server.serve_forever())
        await asyncio.sleep(0.2)
        registers = [
            {"name": "voltage", "function": 3, "address": 0, "type": "uint16", "unit": "V"}
        ]
        device = DeviceSpec(
            "M", "modbus", "L1", "1", {"map": {"register": registers}},
            parameters=(ParameterSpec("voltage", "S/M:u", "V"),),
        )
        link = make_link(line("udp", port=port))
        await link.open()
        result = await ModbusDriver().read(link, device, 1.0)
        assert result.samples["voltage"].value == 230
        await link.close()
        await server.shutdown()
        serving.cancel()

    asyncio.run(go())
