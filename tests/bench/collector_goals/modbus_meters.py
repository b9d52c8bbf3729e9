"""Serves simulated Modbus/TCP meters until it is ended: modbus_meters.py UNITS PORT…"""

import asyncio
import sys
import time
from datetime import date, timedelta

from actwin_collector.protocol.modbus.registermap import load_map
from actwin_collector.simulate.modbus import ModbusImage, ModbusTcpSession
from actwin_collector.simulate.ports import TcpPort
from actwin_collector.simulate.scenario import parse_scenario

MAP = "schneider_iem3000"
KINDS = 10
"""Different loads; meters of one kind share it, so that the simulator starts at once."""


def images():
    rows = [
        {
            "key": f"K{number}",
            "serial": f"{number:08d}",
            "protocol": "modbus",
            "profile": "workshop",
            "peak": 50_000,
            "port": 0,
            "unit": number + 1,
            "map": MAP,
        }
        for number in range(KINDS)
    ]
    first_day = date.today() - timedelta(days=2)
    scenario = parse_scenario(
        {"site": "B", "seed": 1, "first_day": first_day, "meter": rows}, "bench"
    )
    register_map = load_map(MAP)
    return [
        ModbusImage(meter, register_map, time.time) for meter in scenario.meters.values()
    ]


async def main(units, ports):
    kinds = images()
    behind = {unit: kinds[unit % KINDS] for unit in range(1, units + 1)}
    for port in ports:
        await TcpPort(lambda: ModbusTcpSession(behind)).start(port=port)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), [int(port) for port in sys.argv[2:]]))
