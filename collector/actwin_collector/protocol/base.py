# SPDX-License-Identifier: MIT
"""What a protocol driver is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar, Protocol

from ..channel.base import Link
from ..model import (
    DeviceSpec,
    Heard,
    MeterEvent,
    MeterIdentity,
    ProfileRow,
    Push,
    ReadResult,
    Telegram,
    UnsupportedError,
)


class Found(Protocol):
    """A meter met by a search; ``address`` is what a device's address field takes."""

    address: str
    meter: MeterIdentity


class Listener(ABC):
    """Cuts one stream of unasked bytes into messages; one object a connection, so it may remember.

    Never raises for what comes in: noise is skipped, and counted by its name in ``errors``.
    """

    def __init__(self) -> None:
        self.errors: dict[str, int] = {}

    @abstractmethod
    def feed(self, data: bytes) -> Sequence[Heard]:
        """Take bytes as they arrive; return the messages that are whole now."""

    def message(self, data: bytes, topic: str = "") -> Sequence[Heard]:
        """Take one datagram, MQTT message or HTTP body, which is whole by itself."""
        return self.feed(data)

    def note(self, name: str) -> None:
        """Count one named error."""
        self.errors[name] = self.errors.get(name, 0) + 1


class Driver(ABC):
    """A stateless object: a pure codec plus a dialogue over any link.

    ``SETTINGS`` maps each device setting the driver understands to its help text,
    ``LINE_SETTINGS`` each line setting its listener understands. Meters of a driver that does not
    ``POLL`` can only be heard.
    """

    name: ClassVar[str]
    SETTINGS: ClassVar[Mapping[str, str]] = {}
    LINE_SETTINGS: ClassVar[Mapping[str, str]] = {}
    POLLS: ClassVar[bool] = True

    @abstractmethod
    async def read(self, link: Link, device: DeviceSpec, timeout: float) -> ReadResult:
        """Hold one dialogue on an open link; raises CollectorError, never retries the dialogue."""

    async def scan(self, link: Link, timeout: float) -> Sequence[Found] | None:
        """Search an open link by the protocol's own means; None when it has none."""
        return None

    async def read_profile(
        self, link: Link, device: DeviceSpec, timeout: float, start: datetime, end: datetime
    ) -> Sequence[ProfileRow]:
        """Return the load profile's rows that end in (start, end], oldest first; aware times.

        Columns are named as ``ParameterSpec.profile`` names them. Raises CollectorError;
        UnsupportedError when driver or meter has no profile.
        """
        raise UnsupportedError(f"{self.name} reads no load profile")

    async def read_events(
        self, link: Link, device: DeviceSpec, timeout: float, since: datetime
    ) -> Sequence[MeterEvent]:
        """Return the entries of the meter's log after ``since``, oldest first."""
        raise UnsupportedError(f"{self.name} reads no event log")

    async def set_clock(self, link: Link, device: DeviceSpec, timeout: float) -> None:
        """Set the meter's clock to the machine's time; raises CollectorError."""
        raise UnsupportedError(f"{self.name} sets no clock")

    def listener(self, settings: Mapping[str, object]) -> Listener | None:
        """Return a new listener for one stream of a line with these settings; None: only polled."""
        return None

    async def prepare(self, link: Link) -> str:
        """Make ready what delivers the messages on an open link; returns what is, in words.

        Called each time the link was opened, and after a long silence. Raises CollectorError: the
        line is listened to all the same, and this is tried again.
        """
        return ""

    def sender_of(self, device: DeviceSpec) -> str:
        """Return how ``Heard.sender`` names this device, for drivers that listen."""
        return device.address

    def open_heard(self, heard: Heard, device: DeviceSpec) -> Push:
        """Open a heard message with the device's keys; raises CollectorError, then it is refused.

        Replays and wrong keys are refused by name; nothing of a refused message becomes a reading.
        A counter that only grows is checked here and remembered in memory, but made durable by
        ``confirm_heard``: a process that dies in between must not refuse the sender's repetition.
        """
        raise UnsupportedError(f"{self.name} hears nothing")

    def confirm_heard(self, heard: Heard, device: DeviceSpec) -> None:  # noqa: B027 - few remember
        """Make durable that an opened message came: its values are on disk now.

        Raises CollectorError; it is then called again, and the sender is not answered before.
        """

    def forget_heard(self, heard: Heard, device: DeviceSpec) -> None:  # noqa: B027 - few remember
        """Take back that a message was opened: its values were let go, so it may come again."""

    @classmethod
    @abstractmethod
    def decode(cls, telegram: Mapping) -> Telegram:
        """Decode the JSON object of the ``decode`` command; pure; raises CollectorError."""
