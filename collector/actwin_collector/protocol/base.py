# SPDX-License-Identifier: MIT
"""What a protocol driver is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar, Protocol

from ..channel.base import Link
from ..model import DeviceSpec, MeterIdentity, ReadResult, Telegram


class Found(Protocol):
    """A meter met by a search; ``address`` is what a device's address field takes."""

    address: str
    meter: MeterIdentity


class Driver(ABC):
    """A stateless object: a pure codec plus a dialogue over any link.

    ``SETTINGS`` maps each device setting the driver understands to its help text.
    """

    name: ClassVar[str]
    SETTINGS: ClassVar[Mapping[str, str]] = {}

    @abstractmethod
    async def read(self, link: Link, device: DeviceSpec, timeout: float) -> ReadResult:
        """Hold one dialogue on an open link; raises CollectorError, never retries the dialogue."""

    async def scan(self, link: Link, timeout: float) -> Sequence[Found] | None:
        """Search an open link by the protocol's own means; None when it has none."""
        return None

    @classmethod
    @abstractmethod
    def decode(cls, telegram: Mapping) -> Telegram:
        """Decode the JSON object of the ``decode`` command; pure; raises CollectorError."""
