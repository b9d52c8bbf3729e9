# SPDX-License-Identifier: MIT
"""Coils and discrete inputs, and Modbus over UDP: stacks of others on either side of ours."""

from __future__ import annotations

import asyncio
import re
import shutil
import struct
import subprocess
from decimal import Decimal

import modbus_tk.defines as tk
import pytest
import serial
from field_rig import Field
from modbus_tk import modbus_rtu, modbus_tcp
from modbus_tk.exceptions import ModbusError
from modbus_tk.modbus import Databank
from protocol_rig import device, read, tcp_link
from push_support import line
from pyModbusTCP.client import ModbusClient
from pyModbusTCP.server import ModbusServer
from test_modbus_peers import free_port, wait_until_listening

from actwin_collector.model import CollectorError
from actwin_collector.protocol.modbus import ModbusDriver
from actwin_collector.protocol.modbus.registermap import parse_map
from actwin_collector.protocol.registry import make_link
from actwin_collector.simulate.modbus import ModbusImage, ModbusRtuSession, ModbusTcpSession

# Ten in a row: one more than a byte holds, so that the order of bytes and bits shows.
COILS = (1, 0, 1, 1, 0, 0, 0, 0, 0, 1)
INPUTS = (0, 1, 1)
MAP = {
    "register": [
        *({"name": f"c{n}", "function": 1, "address": 16 + n, "type": "bit"} for n in range(10)),
        *({"name": f"i{n}", "function": 2, "address": 3 + n, "type": "bit"} for n in range(3)),
    ]
}
SHOWN = {f"c{n}": bit for n, bit in enumerate(COILS)} | {f"i{n}": b for n, b in enumerate(INPUTS)}


needs_mbpoll = pytest.mark.skipif(
    shutil.which("mbpoll") is None, reason="mbpoll is not installed (scripts/packages.sh)"
)


class Contacts:
    """A device whose registers are its contacts."""

    def through(self, register):
        return lambda now: Decimal(SHOWN[register.name]), ""


def image():
    return ModbusImage(Contacts(), parse_map(MAP, "contacts"), lambda: 0.0)


@pytest.fixture
def simulator():
    """Our simulated device on TCP; gives its port."""
    with Field() as field:
        yield field.tcp(lambda: ModbusTcpSession({1: image()}))


def test_modbus_tk_reads_coils_and_inputs_of_our_simulator(simulator):
    master = modbus_tcp.TcpMaster("127.0.0.1", simulator, timeout_in_sec=3)
    try:
        assert master.execute(1, tk.READ_COILS, 16, 10) == COILS
        assert master.execute(1, tk.READ_DISCRETE_INPUTS, 3, 3) == INPUTS
        assert master.execute(1, tk.READ_COILS, 19, 1) == (1,)
        with pytest.raises(ModbusError) as refused:
            master.execute(1, tk.READ_COILS, 17, 10)
        assert refused.value.get_exception_code() == tk.ILLEGAL_DATA_ADDRESS
    finally:
        master.close()


def test_pymodbustcp_reads_coils_and_inputs_of_our_simulator(simulator):
    client = ModbusClient("127.0.0.1", simulator, unit_id=1, timeout=3)
    try:
        assert client.read_coils(16, 10) == [bool(bit) for bit in COILS]
        assert client.read_discrete_inputs(3, 3) == [bool(bit) for bit in INPUTS]
        assert client.read_discrete_inputs(3, 4) is None and client.last_except == 2
    finally:
        client.close()


def test_modbus_tk_reads_coils_of_our_simulator_on_a_serial_line(tmp_path):
    with Field() as field:
        path = field.pty(lambda: ModbusRtuSession({7: image()}), tmp_path / "rtu")
        master = modbus_rtu.RtuMaster(serial.Serial(str(path), 9600))
        master.set_timeout(2)
        try:
            assert master.execute(7, tk.READ_COILS, 16, 10) == COILS
            assert master.execute(7, tk.READ_DISCRETE_INPUTS, 3, 3) == INPUTS
        finally:
            master.close()


def polled(*words: object) -> tuple[int, tuple[int, ...]]:
    """Run libmodbus' mbpoll once; returns exit code and values in the order of addresses."""
    done = subprocess.run(
        ["mbpoll", "-0", "-1", "-q", *map(str, words)],
        capture_output=True, text=True, timeout=20, check=False,
    )
    found = re.findall(r"^\[(\d+)\]:\s+(\S+)", done.stdout, re.MULTILINE)
    return done.returncode, tuple(int(value) for _, value in sorted(found, key=lambda x: int(x[0])))


@needs_mbpoll
def test_libmodbus_reads_coils_and_inputs_of_our_simulator(simulator, tmp_path):
    tcp = ("-m", "tcp", "-p", simulator, "-a", 1)
    assert polled(*tcp, "-t", 0, "-r", 16, "-c", 10, "127.0.0.1") == (0, COILS)
    assert polled(*tcp, "-t", 1, "-r", 3, "-c", 3, "127.0.0.1") == (0, INPUTS)
    code, nothing = polled(*tcp, "-t", 1, "-r", 3, "-c", 4, "127.0.0.1")
    assert code and not nothing
    with Field() as field:
        path = field.pty(lambda: ModbusRtuSession({7: image()}), tmp_path / "rtu")
        rtu = ("-m", "rtu", "-b", 9600, "-P", "none", "-a", 7)
        assert polled(*rtu, "-t", 0, "-r", 16, "-c", 10, path) == (0, COILS)


def contacts():
    return device("modbus", *SHOWN, address="1", map=MAP)


def values(result):
    return {name: int(sample.value) for name, sample in result.samples.items()}


def fill(databank) -> None:
    """modbus-tk's own store, with the same contacts and one float."""
    slave = databank.add_slave(1)
    for name, kind, address, bits in (
        ("c", tk.COILS, 16, COILS), ("i", tk.DISCRETE_INPUTS, 3, INPUTS),
    ):
        slave.add_block(name, kind, address, len(bits))
        slave.set_values(name, address, bits)
    slave.add_block("u", tk.HOLDING_REGISTERS, 0, 2)
    slave.set_values("u", 0, struct.unpack(">HH", struct.pack(">f", 230.1)))


def test_our_driver_reads_coils_and_inputs_of_modbus_tk():
    port = free_port()
    server = modbus_tcp.TcpServer(port=port, address="127.0.0.1", timeout_in_sec=1)
    fill(server)
    server.start()
    try:
        wait_until_listening(port)
        assert values(read(ModbusDriver(), tcp_link(f"127.0.0.1:{port}"), contacts())) == SHOWN
    finally:
        server.stop()


def test_our_driver_reads_coils_and_inputs_of_pymodbustcp():
    port = free_port()
    server = ModbusServer("127.0.0.1", port, no_block=True)
    server.start()
    try:
        server.data_bank.set_coils(16, [bool(bit) for bit in COILS])
        server.data_bank.set_discrete_inputs(3, [bool(bit) for bit in INPUTS])
        assert values(read(ModbusDriver(), tcp_link(f"127.0.0.1:{port}"), contacts())) == SHOWN
    finally:
        server.stop()


class Datagrams(asyncio.DatagramProtocol):
    """modbus-tk behind a UDP socket; every other answer comes twice, as on bad networks."""

    def __init__(self) -> None:
        self._databank = Databank()
        fill(self._databank)
        self._count = 0

    def connection_made(self, transport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, sender) -> None:
        query = modbus_tcp.TcpQuery()
        slave_id, pdu = query.parse_request(data)
        answer = self._databank.get_slave(slave_id).handle_request(pdu)
        self._count += 1
        for _ in range(1 + self._count % 2):
            self._transport.sendto(query.build_response(answer), sender)


def test_our_driver_asks_modbus_tk_over_udp():
    registers = [*MAP["register"], {"name": "u", "function": 3, "address": 0, "type": "float32"}]
    spec = device("modbus", *SHOWN, "u", address="1", map={"register": registers})

    async def go():
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(
            Datagrams, local_addr=("127.0.0.1", 0)
        )
        link = make_link(line("udp", port=transport.get_extra_info("sockname")[1]))
        await link.open()
        try:
            first = await ModbusDriver().read(link, spec, 2.0)
            again = await ModbusDriver().read(link, spec, 2.0)
            stranger = device("modbus", "c0", address="1", map={
                "register": [{"name": "c0", "function": 1, "address": 400, "type": "bit"}]
            })
            with pytest.raises(CollectorError) as refused:
                await ModbusDriver().read(link, stranger, 2.0)
            return first, again, refused.value.code
        finally:
            await link.close()
            transport.close()

    first, again, code = asyncio.run(go())
    for result in (first, again):
        assert {name: sample for name, sample in values(result).items() if name != "u"} == SHOWN
        assert result.samples["u"].value == Decimal("230.1")
    assert code == "illegal_data_address"
