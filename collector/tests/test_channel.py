# SPDX-License-Identifier: MIT
import asyncio
import os
import pty
import tty

import pytest

from actwin_collector.channel.serial import SerialLink
from actwin_collector.channel.tcp import TcpLink
from actwin_collector.model import FrameError, LineSpec, LinkError, NoAnswer


class TcpPeer:
    """A server on loopback and the link that is connected to it."""

    def __init__(self, **line):
        self.line = line

    async def __aenter__(self):
        self.accepted = asyncio.Queue()
        self.server = await asyncio.start_server(
            lambda reader, writer: self.accepted.put_nowait((reader, writer)), "127.0.0.1", 0
        )
        port = self.server.sockets[0].getsockname()[1]
        self.link = TcpLink(LineSpec("L", "tcp", "127.0.0.1", port, timeout_s=1.0, **self.line))
        await self.link.open()
        self.reader, self.writer = await self.accepted.get()
        return self

    async def __aexit__(self, *_unused):
        await self.link.close()
        self.writer.close()
        self.server.close()

    async def received(self, n):
        return await self.reader.readexactly(n)

    async def send(self, data):
        self.writer.write(data)
        await self.writer.drain()


class PtyPeer:
    """A pseudo terminal: the link on its slave, the test on its master."""

    def __init__(self, **line):
        self.line = line

    async def __aenter__(self):
        self.master, slave = pty.openpty()
        tty.setraw(slave)
        self.path = os.ttyname(slave)
        self.link = SerialLink(LineSpec("L", "serial", device_path=self.path, **self.line))
        await self.link.open()
        os.close(slave)
        return self

    async def __aexit__(self, *_unused):
        await self.link.close()
        if self.master is not None:
            os.close(self.master)

    async def received(self, n):
        data = b""
        while len(data) < n:
            data += await asyncio.to_thread(os.read, self.master, n - len(data))
        return data

    async def send(self, data):
        os.write(self.master, data)


@pytest.fixture(params=[TcpPeer, PtyPeer])
def peer(request):
    return request.param


def run(coroutine):
    return asyncio.run(coroutine)


def test_bytes_go_both_ways_and_are_traced(peer):
    async def go():
        traced = []
        async with peer() as p:
            p.link.trace = lambda direction, data: traced.append((direction, data))
            await p.link.write(b"\x00\xff?")
            assert await p.received(3) == b"\x00\xff?"
            await p.send(b"abc\x80")
            assert await p.link.read_exactly(4, 2) == b"abc\x80"
        assert traced[0] == ("tx", b"\x00\xff?")
        assert b"".join(data for direction, data in traced if direction == "rx") == b"abc\x80"

    run(go())


def test_reads_are_exact_and_keep_the_rest(peer):
    async def go():
        async with peer() as p:
            await p.send(b"12345\r\n67\r\n8")
            assert await p.link.read_exactly(2, 2) == b"12"
            assert await p.link.read_until(b"\r\n", 2) == b"345\r\n"
            assert await p.link.read_until(b"\r\n", 2) == b"67\r\n"
            assert await p.link.read(100, 2) == b"8"

    run(go())


def test_a_terminator_may_arrive_in_two_parts(peer):
    async def go():
        async with peer() as p:
            task = asyncio.create_task(p.link.read_until(b"\r\n", 5))
            await p.send(b"x\r")
            await asyncio.sleep(0.1)
            await p.send(b"\ny")
            assert await task == b"x\r\n"

    run(go())


def test_silence_and_half_an_answer_are_no_answer(peer):
    async def go():
        async with peer() as p:
            with pytest.raises(NoAnswer):
                await p.link.read(10, 0.05)
            await p.send(b"ab")
            with pytest.raises(NoAnswer):
                await p.link.read_exactly(3, 0.2)

    run(go())


def test_endless_noise_is_no_message(peer):
    async def go():
        async with peer() as p:
            await p.send(b"x" * 300)
            with pytest.raises(FrameError):
                await p.link.read_until(b"\n", 1, limit=200)

    run(go())


def test_stale_input_can_be_discarded(peer):
    async def go():
        async with peer() as p:
            await p.send(b"stale")
            await p.link.read(1, 2)
            await asyncio.sleep(0.1)
            await p.link.discard_input()
            await p.send(b"fresh")
            assert await p.link.read_exactly(5, 2) == b"fresh"

    run(go())


def test_seven_bits_with_even_parity_are_done_in_software(peer):
    async def go():
        async with peer(software_7e1=True) as p:
            await p.link.write(b"/?!\r\n")
            assert await p.received(5) == bytes.fromhex("af 3f 21 8d 0a")
            await p.send(bytes.fromhex("af 3f 21 8d 0a"))
            assert await p.link.read_exactly(5, 2) == b"/?!\r\n"

    run(go())


def test_a_closed_peer_is_a_link_error():
    async def go():
        async with TcpPeer() as p:
            p.writer.close()
            with pytest.raises(LinkError):
                await p.link.read(1, 2)
            assert not p.link.is_open
            with pytest.raises(LinkError):
                await p.link.write(b"x")
            await p.link.open()
            assert p.link.is_open
        async with PtyPeer() as p:
            os.close(p.master)
            p.master = None
            with pytest.raises(LinkError):
                await p.link.read(1, 2)

    run(go())


@pytest.mark.parametrize(
    "link",
    [
        TcpLink(LineSpec("L", "tcp", "127.0.0.1", 1)),
        TcpLink(LineSpec("L", "tcp", "no.such.host.invalid", 1)),
        SerialLink(LineSpec("L", "serial", device_path="/dev/nonexistent")),
    ],
)
def test_what_cannot_be_opened_is_a_link_error_that_names_it(link):
    async def go():
        with pytest.raises(LinkError) as caught:
            await link.open()
        assert link.line.host in caught.value.message
        assert link.line.device_path in caught.value.message
        assert not link.is_open
        await link.close()

    run(go())


def test_a_pty_takes_seven_bits_and_another_speed_though_its_kernel_drops_them():
    async def go():
        async with PtyPeer(bytesize=7, parity="E", baudrate=300) as p:
            assert p.link.software_7e1
            await p.link.set_serial(baudrate=9600)
            await p.link.set_serial(bytesize=8, parity="N")
            await p.link.write(b"/")
            assert await p.received(1) == b"/"
            await p.link.set_serial(bytesize=7, parity="E")
            await p.link.write(b"/")
            assert await p.received(1) == b"\xaf"

    run(go())


def test_a_port_is_not_shared():
    async def go():
        async with PtyPeer() as p:
            second = SerialLink(p.link.line)
            with pytest.raises(LinkError):
                await second.open()
            await second.close()

    run(go())


def test_a_tcp_line_has_nothing_to_set():
    async def go():
        async with TcpPeer() as p:
            await p.link.set_serial(baudrate=300, bytesize=7, parity="E")
            assert not p.link.software_7e1

    run(go())
