# SPDX-License-Identifier: MIT
"""What the IEC 62056-21 and Modbus tests share: a scripted link, devices, case folders."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from actwin_collector.channel.base import Link
from actwin_collector.channel.serial import SerialLink
from actwin_collector.channel.tcp import TcpLink
from actwin_collector.model import DeviceSpec, LineSpec, NoAnswer, ParameterSpec
from actwin_collector.units import plain

CASES = Path(__file__).parent / "cases"


class ScriptedLink(Link):
    """A link without a line: each write is answered by the next entry of a script, at once.

    An entry is bytes, or a function from what was written to bytes. A missing one is silence.
    """

    def __init__(self, *script, kind: str = "tcp") -> None:
        super().__init__(LineSpec("line", kind))
        self.sent: list[bytes] = []
        self.serial: list[dict] = []
        self._script = list(script)
        self._waiting = b""

    @property
    def is_open(self) -> bool:
        return True

    async def open(self) -> None:
        """Nothing to open."""

    async def close(self) -> None:
        """Nothing to close."""

    async def set_serial(self, **settings) -> None:
        self.serial.append(settings)

    async def _send(self, data: bytes) -> None:
        self.sent.append(data)
        if self._script:
            entry = self._script.pop(0)
            self._waiting += entry(data) if callable(entry) else entry

    async def _receive(self, max_bytes: int, timeout: float) -> bytes:
        if not self._waiting:
            raise NoAnswer("the script is silent")
        data, self._waiting = self._waiting[:max_bytes], self._waiting[max_bytes:]
        return data


def device(driver: str, *registers: str, address: str = "", **settings) -> DeviceSpec:
    """Return a device whose parameters read the registers as they are."""
    parameters = tuple(ParameterSpec(name, f"S/{name}") for name in registers)
    return DeviceSpec("D", driver, "line", address, settings, parameters=parameters)


def read(driver, link: Link, spec: DeviceSpec, timeout: float = 2.0):
    """Hold one dialogue on a link; returns the result or raises its CollectorError."""
    return hold(link, lambda: driver.read(link, spec, timeout))


def hold(link: Link, work):
    """Open a link, run the coroutine that ``work`` returns, close; returns its result."""

    async def dialogue():
        await link.open()
        try:
            return await work()
        finally:
            await link.close()

    return asyncio.run(dialogue())


def tcp_link(address: str, kind: str = "tcp") -> TcpLink:
    """Return a closed link to ``host:port``."""
    host, _, port = address.rpartition(":")
    return TcpLink(LineSpec("line", kind, host=host, port=int(port)))


def serial_link(path: str, **form) -> SerialLink:
    """Return a closed link to a pty."""
    return SerialLink(LineSpec("line", "serial", device_path=str(path), **form))


def cases(protocol: str) -> list[Path]:
    """Return the case folders of a protocol: ``input.json`` and ``expected.json`` in each."""
    return sorted(path.parent for path in (CASES / protocol).glob("*/input.json"))


def check_case(folder: Path, decode) -> None:
    """Decode a case's input and compare identity and records with what is expected."""
    given = json.loads((folder / "input.json").read_text("utf-8"))
    expected = json.loads((folder / "expected.json").read_text("utf-8"))
    telegram = decode(given)
    for key, value in expected["meter"].items():
        got = telegram.meter.extra.get(key) if key == "check" else getattr(telegram.meter, key)
        assert got == value, key
    assert [_row(record, expected) for record in telegram.records] == expected["records"]


def _row(record, expected: dict) -> dict:
    keys = expected["records"][0].keys()
    row = {key: getattr(record, key) for key in keys}
    if not isinstance(row["value"], str | None):
        row["value"] = plain(row["value"].normalize())
    return row
