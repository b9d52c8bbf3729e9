# SPDX-License-Identifier: MIT
"""What ``actwin-collector check`` can find out about these modules."""

from __future__ import annotations

from typing import ClassVar

from actwin_collector.diagnose.base import Diagnoser
from actwin_collector.diagnose.case import Case, SerialForm
from actwin_collector.diagnose.finding import Finding
from actwin_collector.model import CollectorError, LineSpec

from . import codec


class PulseDiagnoser(Diagnoser):
    """Finds a module at another address, speed or form."""

    name: ClassVar[str] = "pulse"
    forms: ClassVar = tuple(SerialForm(baudrate) for baudrate in (9600, 19200, 4800, 2400))

    async def greet(self, case: Case, line: LineSpec) -> str:
        """Ask the device's address, or the first one, whether a module is there."""
        mine = case.device.driver == self.name and case.device.address.isdecimal()
        address = int(case.device.address) if mine else 1
        serial = await _serial(case, line, address)
        return f"pulse module {serial}" if serial else ""

    async def search(self, case: Case) -> list[Finding]:
        """Ask the other addresses."""
        for address in range(100):
            if not case.left():
                break
            if serial := await _serial(case, case.quick(), address):
                return [
                    Finding(
                        case.where, "wrong_address",
                        f"module {case.device.address} is silent, {address} is there ({serial})",
                        "The line is right; the module has another address.",
                        f"Set the address to {address}.", "address", str(address),
                    )
                ]
        return []


async def _serial(case: Case, line: LineSpec, address: int) -> str:
    heard = await case.ask(line, codec.request(address))
    try:
        return codec.parse(heard).serial
    except CollectorError:
        return ""
