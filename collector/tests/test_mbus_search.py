# SPDX-License-Identifier: MIT
"""Finding meters on a simulated bus where answers collide."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from actwin_collector.channel.base import Link
from actwin_collector.model import LineSpec, NoAnswer
from actwin_collector.protocol.mbus import MbusDriver
from actwin_collector.protocol.mbus.search import sweep_primary
from actwin_collector.simulate.mbus import MbusMeterServer, SimulatedMeter


class BusLink(Link):
    """The simulated bus without a socket: silence costs no time."""

    is_open = True

    def __init__(self, meters) -> None:
        super().__init__(LineSpec("L", "tcp"))
        self._server = MbusMeterServer(meters)
        self._heard = b""

    async def open(self):
        """Nothing to open."""

    async def close(self):
        """Nothing to close."""

    async def _send(self, data):
        self._heard += self._server.respond(data)

    async def _receive(self, max_bytes, timeout):
        if not self._heard:
            raise NoAnswer("silence")
        data, self._heard = self._heard[:max_bytes], self._heard[max_bytes:]
        return data


def meters(*numbers: str) -> list[SimulatedMeter]:
    return [
        SimulatedMeter(lambda now: {"volume": Decimal(1)}, id=number, address=position)
        for position, number in enumerate(numbers, 1)
    ]


def search(bus):
    return asyncio.run(MbusDriver().scan(BusLink(bus), 1.0))


@pytest.mark.parametrize(
    "numbers",
    [(), ("12345678",), ("12345678", "12345679"), ("00000001", "10000001", "10000002", "99999999")],
)
def test_secondary_search_finds_every_meter_once(numbers):
    found = search(meters(*numbers))
    assert sorted(one.address for one in found) == [f"{number}39080107" for number in numbers]
    assert all(one.meter.id == one.address[:8] for one in found)


def test_meters_with_the_same_number_end_the_search():
    assert search(meters("12345678", "12345678")) == []


def test_primary_sweep():
    async def sweep():
        link = BusLink(meters("11111111", "22222222", "33333333"))
        return [found async for found in sweep_primary(link, 1.0, range(1, 6))]

    found = asyncio.run(sweep())
    assert [(one.address, one.meter.id) for one in found] == [
        ("1", "11111111"),
        ("2", "22222222"),
        ("3", "33333333"),
    ]
