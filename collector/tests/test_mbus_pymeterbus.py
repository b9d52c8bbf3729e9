# SPDX-License-Identifier: MIT
"""pymeterbus as independent peer: as decoder beside ours, and as master of our simulated meter."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import contextmanager
from decimal import Decimal

import meterbus
import pytest
from mbus_support import PROTOCOLS, close, files

from actwin_collector.protocol.mbus import MbusDriver
from actwin_collector.simulate.mbus import MbusMeterServer, SimulatedMeter

FRAMES = files(PROTOCOLS / "mbus" / "libmbus" / "test-frames", "*.hex")
# pymeterbus does not read the fixed structure.
_REFUSED = {"sen_pollusonic_2"}
# The measures that are billed; the names of its other units differ from ours.
_UNITS = ("Wh", "m^3", "W", "m^3/h")


@pytest.mark.skipif(not FRAMES, reason="real telegrams are not here: set ACTWIN_TEST_DATA")
@pytest.mark.parametrize("path", FRAMES, ids=lambda path: path.stem)
def test_energies_volumes_and_powers_agree(path):
    if path.stem in _REFUSED:
        pytest.skip("pymeterbus does not read the fixed structure")
    wire = bytes.fromhex(path.read_text())
    ours = [
        record.value
        for record in MbusDriver.decode({"telegram": wire.hex()}).records
        if isinstance(record.value, Decimal)
    ]
    frame = meterbus.load(wire)
    theirs = [record.value for record in frame.records if record.unit in _UNITS]
    for value in theirs:
        if isinstance(value, (int, float, Decimal)):
            assert any(close(own, float(value)) for own in ours), value


class SocketPort:
    """The part of pyserial's Serial that pymeterbus uses, over a socket."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=2)

    def write(self, data) -> int:
        """Send all bytes."""
        self._socket.sendall(bytes(data))
        return len(data)

    def read(self, size: int = 1) -> bytes:
        """Return at most ``size`` bytes."""
        return self._socket.recv(size)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


@contextmanager
def serving(meters):
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = MbusMeterServer(meters)
    port = asyncio.run_coroutine_threadsafe(server.start(), loop).result(5)
    peer = SocketPort(port)
    try:
        yield peer
    finally:
        peer.close()
        asyncio.run_coroutine_threadsafe(server.stop(), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


def meter(number: str, address: int) -> SimulatedMeter:
    return SimulatedMeter(lambda now: {"volume": Decimal("54.321")}, id=number, address=address)


def _volume(frame) -> float:
    return next(float(r.value) for r in frame.records if r.unit == "m^3")


def test_pymeterbus_reads_our_meter_by_primary_address():
    with serving([meter("10000001", 1), meter("10000002", 2)]) as peer:
        meterbus.send_ping_frame(peer, 2)
        assert isinstance(meterbus.load(meterbus.recv_frame(peer, 1)), meterbus.TelegramACK)
        meterbus.send_request_frame(peer, 2)
        frame = meterbus.load(meterbus.recv_frame(peer, meterbus.FRAME_DATA_LENGTH))
    assert frame.body.bodyHeader.id_nr == [0x10, 0x00, 0x00, 0x02]
    assert _volume(frame) == pytest.approx(54.321)


def test_pymeterbus_reads_our_meter_by_secondary_address():
    with serving([meter("10000001", 0), meter("10000002", 0)]) as peer:
        meterbus.send_select_frame(peer, "10000002FFFFFFFF")
        assert isinstance(meterbus.load(meterbus.recv_frame(peer, 1)), meterbus.TelegramACK)
        meterbus.send_request_frame(peer, meterbus.ADDRESS_NETWORK_LAYER)
        frame = meterbus.load(meterbus.recv_frame(peer, meterbus.FRAME_DATA_LENGTH))
    assert frame.body.bodyHeader.id_nr == [0x10, 0x00, 0x00, 0x02]
    assert _volume(frame) == pytest.approx(54.321)
