# SPDX-License-Identifier: MIT
"""Modbus devices: units of a gateway on TCP, of one RTU line on a pty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...model import ConfigError
from ...protocol.modbus.registermap import load_map
from ..meters import SimulatedMeter
from ..modbus import ModbusImage, ModbusRtuSession, ModbusTcpSession
from ..registry import Complain, Opened, SimulatedProtocol, Stage


async def _open(meters: Sequence[SimulatedMeter], stage: Stage) -> Opened:
    units = {
        meter.spec.place.unit: ModbusImage(meter, load_map(meter.spec.map), stage.clock)
        for meter in meters
    }
    kind = ModbusRtuSession if meters[0].spec.place.pty else ModbusTcpSession
    return await stage.serve(meters, lambda: kind(units))


def _check(row: Mapping, complain: Complain) -> None:
    try:
        load_map(row["map"])
    except ConfigError as error:
        complain("map", error.message)


PROTOCOL = SimulatedProtocol("modbus", _open, check=_check)
