# SPDX-License-Identifier: MIT
"""Meters set up wrongly on purpose, served from a thread, for commands run in processes."""

from __future__ import annotations

import asyncio
import json
import struct
import threading
from collections.abc import Callable
from pathlib import Path

from line_meter import command

from actwin_collector.simulate.broadcast import BroadcastPort
from actwin_collector.simulate.modbus import ModbusRtuSession, ModbusTcpSession
from actwin_collector.simulate.ports import PtyPort, Session, TcpPort


class Field:
    """A loop in a thread that serves sessions on TCP ports and ptys until left."""

    def __enter__(self) -> Field:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._stops: list[Callable] = []
        return self

    def __exit__(self, *_: object) -> None:
        for stop in self._stops:
            self._call(stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def tcp(self, new_session: Callable[[], Session]) -> int:
        """Serve on a free port; returns it."""
        port = TcpPort(new_session)
        number = self._call(port.start())
        self._stops.append(port.stop)
        return number

    def air(
        self,
        messages: Callable[[], list[bytes]],
        link: Path | None = None,
        answer: Callable[[bytes], bytes] = lambda data: b"",
    ) -> int:
        """Let a radio receiver say these messages again and again, on a free port or a pty."""
        receiver = BroadcastPort(messages, 0.2, answer)

        async def start() -> int:
            if link is None:
                return await receiver.start_tcp("127.0.0.1", 0)
            receiver.start_pty(link)
            return 0

        self._stops.append(receiver.stop)
        return self._call(start())

    def pty(self, new_session: Callable[[], Session], link: Path) -> Path:
        """Serve on a pty; returns the path to open."""
        pty = PtyPort(new_session, link)

        async def start() -> None:
            pty.start()

        async def stop() -> None:
            result = pty.stop()
            if result is not None:
                await result

        self._call(start())
        self._stops.append(stop)
        return link

    def _call(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)


class Words:
    """Registers of one unit: function → address → word."""

    def __init__(self, registers: dict[int, dict[int, int]]) -> None:
        self._registers = registers

    def respond(self, pdu: bytes) -> bytes:
        """Answer a read request."""
        function = pdu[0]
        if function not in self._registers or len(pdu) != 5:
            return bytes([function | 0x80, 1])
        address, count = struct.unpack(">HH", pdu[1:])
        held = self._registers[function]
        if any(at not in held for at in range(address, address + count)):
            return bytes([function | 0x80, 2])
        words = [held[at] for at in range(address, address + count)]
        return bytes([function, 2 * count]) + struct.pack(f">{count}H", *words)


def unit(function: int = 3, start: int = 0, order: str = "big", **floats: float) -> Words:
    """Return a unit with float32 values one after the other from ``start``."""
    held: dict[int, int] = {}
    for at, value in enumerate(floats.values()):
        words = struct.unpack(">2H", struct.pack(">f", value))
        words = words if order == "big" else words[::-1]
        held |= {start + 2 * at: words[0], start + 2 * at + 1: words[1]}
    return Words({function: held})


class Echoing:
    """Two-wire converter: what is sent comes back first."""

    def __init__(self, inner: Session) -> None:
        self._inner = inner

    def feed(self, data: bytes) -> bytes:
        """Return the bytes and then the answer."""
        return data + self._inner.feed(data)


class Silent:
    """Accepts everything and says nothing."""

    def feed(self, data: bytes) -> bytes:
        """Say nothing."""
        return b""


def tcp_units(units) -> Callable[[], Session]:
    """Units behind a Modbus TCP gateway."""
    return lambda: ModbusTcpSession(units)


def rtu_units(units) -> Callable[[], Session]:
    """Units on an RTU line."""
    return lambda: ModbusRtuSession(units)


def site(folder: Path, device: dict, line: dict, **collector) -> Path:
    """Write a file with one line and one device; returns its path."""
    values = {"code": "C1", "state_dir": "state", "config_from": "file", **collector}
    line = {"key": "L1", "kind": "tcp", "host": "127.0.0.1", "timeout_s": 0.3, "retries": 0} | line
    device = {"key": "T", "line": "L1", "schedule": "S"} | device
    device.setdefault(
        "parameters", [{"register": "voltage_l1", "channel": "C1/T:u", "unit": "V"}]
    )
    table = {
        "collector": values,
        "lines": [line],
        "schedules": [{"key": "S", "poll_seconds": 60, "store_seconds": 900}],
        "devices": [device],
    }
    path = folder / "config.toml"
    path.write_text(_toml(table))
    return path


def check(folder: Path, path: Path, *words: str) -> tuple[int, list[dict]]:
    """Run ``check --read --json``; returns exit code and findings."""
    done = command(folder, "check", "--config", path, "--read", "--json", *words, timeout=120)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)["findings"]


def _toml(table: dict) -> str:
    lines = []
    for section, value in table.items():
        for entry in value if isinstance(value, list) else [value]:
            lines.append(f"[[{section}]]" if isinstance(value, list) else f"[{section}]")
            lines += [f"{key} = {_inline(each)}" for key, each in entry.items()]
    return "\n".join(lines) + "\n"


def _inline(value) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_inline(each)}" for key, each in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_inline, value)) + "]"
    return json.dumps(str(value) if isinstance(value, Path) else value)
