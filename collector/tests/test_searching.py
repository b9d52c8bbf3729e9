# SPDX-License-Identifier: MIT
import asyncio

from engine_fakes import FakeClock, FakeDriver, FakeLink

from actwin_collector.model import DeviceSpec, LineSpec, ProtocolError
from actwin_collector.searching import search


def test_modbus_is_searched_without_a_register_map():
    async def go():
        seen = []

        class Modbus(FakeDriver):
            async def read(self, link, device, timeout):
                seen.append((device.address, device.settings["map"]["register"][0]["address"]))
                raise ProtocolError("no such register", "illegal_address")

        async def lend(errand):
            return await errand(FakeLink(LineSpec("L1", "tcp")))

        pattern = DeviceSpec("scan", "modbus", "L1")
        driver = Modbus(FakeClock(), None)
        found = [each async for each in search(lend, driver, pattern, "1-2", 0.1)]
        assert found == [("1", ""), ("2", "")]
        assert seen == [("1", 0), ("2", 0)]

    asyncio.run(go())
