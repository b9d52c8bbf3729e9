# SPDX-License-Identifier: MIT
"""One poll over a real connection: stale answers, closed connections, endless talkers."""

import asyncio
from decimal import Decimal

import pytest
from engine_fakes import make_device

from actwin_collector.channel.tcp import TcpLink
from actwin_collector.clock import Clock
from actwin_collector.model import LineSpec, MeterIdentity, ReadResult, Sample
from actwin_collector.poller import poll
from actwin_collector.protocol.base import Driver


class LineDriver(Driver):
    """Asks with a line, takes the number of the answered line."""

    name = "line"

    async def read(self, link, device, timeout):
        await link.write(b"?\n")
        raw = await link.read_until(b"\n", timeout)
        return ReadResult(MeterIdentity(), {"1.8.0": Sample(Decimal(int(raw)), "Wh")})

    @classmethod
    def decode(cls, telegram):
        raise NotImplementedError


class Gateway:
    """Answers the n-th question with n, as ``behave(n, writer)`` wants it."""

    def __init__(self, behave):
        self.behave = behave
        self.questions = 0
        self.connections = 0

    async def __aenter__(self):
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = self.server.sockets[0].getsockname()[1]
        self.link = TcpLink(LineSpec("L", "tcp", "127.0.0.1", port, timeout_s=0.3))
        return self

    async def __aexit__(self, *_unused):
        await self.link.close()
        self.server.close()

    async def _serve(self, reader, writer):
        self.connections += 1
        while await reader.readline():
            self.questions += 1
            await self.behave(self.questions, writer)
            if writer.is_closing():
                return

    async def ask(self, attempts=1, limit=5.0):
        """Poll once; returns the value, or the code of the error."""
        outcome = await poll(self.link, LineDriver(), make_device(), attempts, limit, Clock())
        if outcome.error is not None:
            return outcome.error.code
        return int(outcome.result.samples["1.8.0"].value)


async def answer(number, writer):
    writer.write(f"{number}\n".encode())


def run(coroutine):
    asyncio.run(coroutine)


def test_an_answer_that_came_too_late_is_not_taken_for_the_next_one():
    async def late_once(number, writer):
        if number == 1:
            await asyncio.sleep(0.5)
        await answer(number, writer)

    async def go():
        async with Gateway(late_once) as gateway:
            assert await gateway.ask() == "no_answer"
            await asyncio.sleep(0.5)
            assert await gateway.ask() == 2

    run(go())


def test_a_gateway_that_closes_idle_connections_costs_no_attempt():
    async def close_after(number, writer):
        await answer(number, writer)
        await writer.drain()
        writer.close()

    async def go():
        async with Gateway(close_after) as gateway:
            for number in (1, 2, 3):
                assert await gateway.ask(attempts=1) == number
                await asyncio.sleep(0.1)
            assert gateway.connections == 3

    run(go())


def test_a_connection_lost_in_the_dialogue_is_opened_again_for_the_next_attempt():
    async def drop_first(number, writer):
        if number == 1:
            writer.close()
        else:
            await answer(number, writer)

    async def go():
        async with Gateway(drop_first) as gateway:
            assert await gateway.ask(attempts=2) == 2

    run(go())


def test_an_endless_talker_is_cut_off_at_the_limit_of_a_dialogue():
    async def babble(number, writer):
        while not writer.is_closing():
            writer.write(b"x")
            await asyncio.sleep(0.05)

    async def go():
        async with Gateway(babble) as gateway:
            assert await gateway.ask(limit=0.6) == "dialogue_timeout"
            assert not gateway.link.is_open

    run(go())


@pytest.mark.parametrize("attempts", [1, 3])
def test_a_silent_device_gets_its_attempts_and_no_more(attempts):
    async def silent(number, writer):
        pass

    async def go():
        async with Gateway(silent) as gateway:
            assert await gateway.ask(attempts=attempts) == "no_answer"
            await asyncio.sleep(0.05)
            assert gateway.questions == attempts
            assert gateway.connections == 1  # the others behind a gateway keep their connection

    run(go())


def test_a_refused_connection_is_a_dead_line():
    async def go():
        async with Gateway(answer) as gateway:
            gateway.server.close()
            await gateway.server.wait_closed()
            link, device = gateway.link, make_device()
            outcome = await poll(link, LineDriver(), device, 5, 5.0, Clock())
            assert (outcome.line_down, outcome.error.code, outcome.attempts) == (
                True, "link_failed", 1
            )

    run(go())
