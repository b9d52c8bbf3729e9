# SPDX-License-Identifier: MIT
"""Our Modbus driver against servers of others, and another's client against our simulator."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import struct
import threading
import time
import tty
from datetime import date
from decimal import Decimal

import modbus_tk.defines as tk_defines
import modbus_tk.modbus_rtu as tk_rtu
import modbus_tk.modbus_tcp as tk_tcp
import pytest
import serial
from protocol_rig import device, read, serial_link, tcp_link
from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient
from pymodbus.exceptions import ModbusIOException
from pyModbusTCP.server import ModbusServer

from actwin_collector.model import NoAnswer
from actwin_collector.protocol.modbus import ModbusDriver
from actwin_collector.simulate.runner import ScenarioRunner
from actwin_collector.simulate.scenario import parse_scenario

MAP = {
    "function": 3,
    "register": [
        {"name": "voltage", "address": 0, "type": "float32", "unit": "V"},
        {"name": "energy", "address": 10, "type": "int64", "unit": "Wh"},
        {"name": "far", "address": 300, "type": "int16", "unit": "A", "scale": "0.01"},
    ],
}
VOLTAGE = struct.unpack(">HH", struct.pack(">f", 230.1))
ENERGY = struct.unpack(">HHHH", struct.pack(">q", 9_876_543_210))
BLOCKS = {0: VOLTAGE, 10: ENERGY, 300: (0xFF9C,)}
NOW = 1_790_000_000


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_listening(port: int) -> None:
    """modbus-tk opens its port in its own thread, some time after start()."""
    for _ in range(200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise AssertionError(f"nothing listens on {port}")


def spec(unit="1", **settings):
    return device("modbus", "voltage", "energy", "far", address=unit, map=MAP, **settings)


def check(result):
    assert result.samples["voltage"].value == Decimal("230.1")
    assert result.samples["energy"].value == 9_876_543_210
    assert result.samples["far"].value == -1


def fill_modbus_tk(server) -> None:
    """modbus-tk refuses a read that touches registers outside its blocks."""
    slave = server.add_slave(1)
    for address, words in BLOCKS.items():
        slave.add_block(str(address), tk_defines.HOLDING_REGISTERS, address, len(words))
        slave.set_values(str(address), address, words)


def test_modbus_tk_over_tcp_also_where_it_refuses_a_gap():
    port = free_port()
    server = tk_tcp.TcpServer(port=port, address="127.0.0.1", timeout_in_sec=1)
    fill_modbus_tk(server)
    server.start()
    try:
        wait_until_listening(port)
        check(read(ModbusDriver(), tcp_link(f"127.0.0.1:{port}"), spec()))
    finally:
        server.stop()


def test_modbus_tk_over_rtu_on_a_pty():
    master, slave = os.openpty()
    tty.setraw(master)
    tty.setraw(slave)
    path = os.ttyname(slave)
    port = serial.Serial(path, baudrate=9600, timeout=0.1)
    server = tk_rtu.RtuServer(port)
    fill_modbus_tk(server)
    ours, theirs = os.openpty()
    tty.setraw(ours)
    tty.setraw(theirs)
    stop = threading.Event()
    pumps = [
        threading.Thread(target=pump, args=(master, ours, stop)),
        threading.Thread(target=pump, args=(ours, master, stop)),
    ]
    for thread in pumps:
        thread.start()
    server.start()
    try:
        check(read(ModbusDriver(), serial_link(os.ttyname(theirs)), spec(fill=0)))
    finally:
        server.stop()
        stop.set()
        for thread in pumps:
            thread.join(5)
        for handle in (master, slave, ours, theirs):
            os.close(handle)


def pump(source: int, sink: int, stop: threading.Event) -> None:
    """Join two ptys, as a null modem cable would."""
    os.set_blocking(source, False)
    while not stop.wait(0.005):
        with contextlib.suppress(BlockingIOError):
            os.write(sink, os.read(source, 4096))


def test_pymodbustcp_server():
    port = free_port()
    server = ModbusServer("127.0.0.1", port, no_block=True)
    server.start()
    try:
        for address, words in BLOCKS.items():
            server.data_bank.set_holding_registers(address, list(words))
        check(read(ModbusDriver(), tcp_link(f"127.0.0.1:{port}"), spec()))
    finally:
        server.stop()


def scenario():
    common = {"protocol": "modbus", "profile": "workshop", "peak": 50_000}
    units = [("A", {"port": 0, "unit": 1, "map": "schneider_iem3000"})]
    units += [("B", {"port": 0, "unit": 2, "map": "eastron_sdm630"})]
    units += [("R", {"pty": "rtu", "unit": 3, "map": "carlo_gavazzi_em24"})]
    rows = [
        {"key": key, "serial": f"1{key}", "opening": [4_567_890, 1_000, 2_001], **common, **place}
        for key, place in units
    ]
    return parse_scenario(
        {"site": "S", "seed": 1, "first_day": date(2026, 8, 1), "meter": rows}, "test"
    )


def with_simulator(tmp_path, work):
    """Run ``work(addresses)`` beside the simulated meters; returns what it returns."""

    async def main():
        runner = ScenarioRunner(scenario(), 0, tmp_path, clock=lambda: NOW)
        await runner.start()
        try:
            return await work(runner.addresses)
        finally:
            await runner.stop()

    return asyncio.run(main())


def test_pymodbus_client_reads_our_tcp_simulator(tmp_path):
    async def work(addresses):
        host, _, port = addresses["A"].rpartition(":")
        client = AsyncModbusTcpClient(host, port=int(port), timeout=2, retries=0)
        await client.connect()
        try:
            energy = await client.read_holding_registers(3203, count=4, device_id=1)
            voltage = await client.read_input_registers(0, count=2, device_id=2)
            outside = await client.read_holding_registers(1, count=1, device_id=1)
            nobody = await client.read_holding_registers(3203, count=4, device_id=9)
            return client, energy, voltage, outside, nobody
        finally:
            client.close()

    client, energy, voltage, outside, nobody = with_simulator(tmp_path, work)
    kinds = client.DATATYPE
    known = scenario()
    assert client.convert_from_registers(energy.registers, kinds.INT64) == int(
        known.index_at("A", "1.8.0", NOW) * 1000
    )
    shown = client.convert_from_registers(voltage.registers, kinds.FLOAT32)
    assert round(shown, 2) == float(known.index_at("B", "32.7.0", NOW))
    assert (outside.exception_code, nobody.exception_code) == (2, 0x0B)


def test_pymodbus_client_reads_our_rtu_simulator_where_others_are_silent(tmp_path):
    async def work(addresses):
        client = AsyncModbusSerialClient(addresses["R"], baudrate=9600, timeout=0.5, retries=0)
        await client.connect()
        try:
            with pytest.raises(ModbusIOException):
                await client.read_input_registers(66, count=2, device_id=9)
            return client, await client.read_input_registers(66, count=2, device_id=3)
        finally:
            client.close()

    client, energy = with_simulator(tmp_path, work)
    tenths = client.convert_from_registers(
        energy.registers, client.DATATYPE.INT32, word_order="little"
    )
    exact = scenario().meters["R"].exact("1.8.0")[0](NOW)
    assert tenths == exact // 100
    assert scenario().index_at("R", "1.8.0", NOW) == Decimal(tenths) / 10


def test_our_driver_reads_our_simulators(tmp_path):
    async def work(addresses):
        return await asyncio.to_thread(read_all, addresses)

    def read_all(addresses):
        driver = ModbusDriver()
        found = {}
        for key, unit, name in (
            ("A", "1", "schneider_iem3000"),
            ("B", "2", "eastron_sdm630"),
            ("R", "3", "carlo_gavazzi_em24"),
        ):
            link = tcp_link(addresses[key]) if key != "R" else serial_link(addresses[key])
            spec = device("modbus", "1.8.0", "32.7.0", "14.7.0", address=unit, map=name)
            found[key] = read(driver, link, spec).samples
        silent = device("modbus", "1.8.0", address="9", map="schneider_iem3000")
        for link in (tcp_link(addresses["A"]), serial_link(addresses["R"])):
            with pytest.raises(NoAnswer):
                read(driver, link, silent, timeout=0.3)
        return found

    known = scenario()
    for key, samples in with_simulator(tmp_path, work).items():
        assert samples["1.8.0"].value == known.index_at(key, "1.8.0", NOW) * 1000
        assert samples["32.7.0"].value == known.index_at(key, "32.7.0", NOW)
