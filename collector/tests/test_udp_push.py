# SPDX-License-Identifier: MIT
"""Datagrams that come unasked, with and without asking over the same line."""
import asyncio
import socket

from push_support import Field, device, free_port, line, until


def on_udp(tmp_path, scenario, devices, **settings):
    async def go():
        port = free_port(socket.SOCK_DGRAM)
        lines = [line("udp", host="", port=port, settings=settings)]
        async with Field(lines, devices, tmp_path) as field:
            await until(lambda: field.scheduler.listeners["L1"].is_open)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                sock.connect(("127.0.0.1", port))
                sock.settimeout(5)
                await scenario(field, sock)

    asyncio.run(go())


def test_a_datagram_is_a_message_and_is_answered(tmp_path):
    async def scenario(field, sock):
        sock.send(b"\xff\xfe")
        sock.send(b"@M1 5 ack")
        assert await asyncio.to_thread(sock.recv, 100) == b"!M1\n"
        assert field.state("M1").health.ok == 1
        assert field.health().errors["nothing_heard"] == 1
        await field.next_slot()
        assert field.stored("M1") == [(900, "5")]

    on_udp(tmp_path, scenario, [device("M1")])


def test_a_flood_of_senders_is_survived(tmp_path):
    async def scenario(field, sock):
        for number in range(700):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
                other.sendto(f"@F{number} 1".encode(), sock.getpeername())
            await asyncio.sleep(0)
        sock.send(b"@M1 5")
        await until(lambda: field.state("M1").health.ok)
        assert len(field.scheduler.listeners["L1"]._cutters) <= 500
        assert len(field.scheduler.unassigned.listed()) == 60
        assert field.scheduler.unassigned.beyond["L1"] >= 600

    on_udp(tmp_path, scenario, [device("M1")])


def test_datagrams_from_elsewhere_are_refused(tmp_path):
    async def scenario(field, sock):
        sock.send(b"@M1 5")
        await until(lambda: field.health().errors["not_allowed"])
        assert field.state("M1").health.ok == 0

    on_udp(tmp_path, scenario, [device("M1")], allow=["10.0.0.0/8"])


def test_a_udp_meter_is_asked_and_heard(tmp_path):
    async def go():
        meter = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        meter.bind(("127.0.0.1", 0))
        meter.settimeout(8)
        port = free_port(socket.SOCK_DGRAM)
        lines = [line("udp", port=meter.getsockname()[1], settings={"bind_port": port})]
        async with Field(lines, [device("M1")], tmp_path) as field:
            await until(lambda: field.scheduler.listeners["L1"].is_open)
            field.clock.pass_time(800)
            question, peer = await asyncio.to_thread(meter.recvfrom, 100)
            assert question == b"?M1\n"
            meter.sendto(b"=M1 8\n", peer)
            await until(lambda: field.store.readings)
            assert field.stored("M1") == [(900, "8")]
            meter.sendto(b"@M1 9", ("127.0.0.1", port))
            await until(lambda: field.state("M1").health.ok == 2)
        meter.close()

    asyncio.run(go())
