# SPDX-License-Identifier: MIT
"""What the driver remembers of a device between two polls; losing it costs a question or two."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from .planner import Gap

_MAX_DEVICES = 10_000
_MAX_GAPS = 1_000


@dataclass(slots=True)
class DeviceMemory:
    """Gaps and seams the device refused, and the last values of its registers that only rise."""

    refused: set[Gap] = field(default_factory=set)
    last: dict[str, Decimal] = field(default_factory=dict)

    def refuse(self, gaps: Iterable[Gap]) -> None:
        """Remember what may not be read in one request any more."""
        if len(self.refused) >= _MAX_GAPS:
            self.refused.clear()
        self.refused.update(gaps)

    def has_fallen(self, register: str, value: Decimal) -> bool:
        """Whether a rising register now shows less than at the poll before."""
        before = self.last.get(register)
        self.last[register] = value
        return before is not None and value < before


class Memory:
    """The memories of all devices, the longest unused forgotten first."""

    def __init__(self) -> None:
        self._devices: OrderedDict[str, DeviceMemory] = OrderedDict()

    def of(self, device: str) -> DeviceMemory:
        """Return what is remembered of a device."""
        found = self._devices.setdefault(device, DeviceMemory())
        self._devices.move_to_end(device)
        if len(self._devices) > _MAX_DEVICES:
            self._devices.popitem(last=False)
        return found
