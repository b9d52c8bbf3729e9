# SPDX-License-Identifier: MIT
"""One device under examination: attempts with changed settings, and the time left for them."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from ..channel.base import Link
from ..clock import Clock
from ..model import CollectorError, DeviceSpec, LineSpec, NoAnswer, ReadResult
from ..poller import poll
from ..protocol.registry import get_driver, make_link

QUICK = 0.4
# A pause this long ends an answer of a protocol nobody knows yet.
_GAP = 0.05
_SERIAL_GAP = 0.15


@dataclass(frozen=True, slots=True)
class SerialForm:
    """Speed and form of a serial line."""

    baudrate: int
    bytesize: int = 8
    parity: str = "N"
    stopbits: int = 1

    def __str__(self) -> str:
        return f"{self.baudrate} Bd {self.bytesize}{self.parity}{self.stopbits}"

    @classmethod
    def of(cls, line: LineSpec) -> SerialForm:
        """Return the form a line has."""
        return cls(line.baudrate, line.bytesize, line.parity, line.stopbits)

    def on(self, line: LineSpec) -> LineSpec:
        """Return a line with this form."""
        return replace(
            line,
            baudrate=self.baudrate,
            bytesize=self.bytesize,
            parity=self.parity,
            stopbits=self.stopbits,
        )


@dataclass(frozen=True, slots=True)
class Attempt:
    """One dialogue: its result or its error, and every byte of it."""

    result: ReadResult | None = None
    error: CollectorError | None = None
    line_down: bool = False
    sent: tuple[bytes, ...] = ()
    heard: bytes = b""


@dataclass
class Case:
    """A device on its line, and how long it may be examined (``limit`` seconds in all)."""

    device: DeviceSpec
    line: LineSpec
    limit: float = 30.0
    make_link: Callable[[LineSpec], Link] = make_link
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self._ends = time.monotonic() + self.limit

    def left(self) -> float:
        """Return the seconds left; never below 0."""
        return max(0.0, self._ends - time.monotonic())

    @contextlib.contextmanager
    def within(self, share: float) -> Iterator[None]:
        """Leave only a share of the time left to what is done inside."""
        ends = self._ends
        self._ends = time.monotonic() + share * self.left()
        try:
            yield
        finally:
            self._ends = ends

    @property
    def where(self) -> str:
        """How findings name the device."""
        return f"device {self.device.key}"

    @property
    def on_line(self) -> str:
        """How findings name its line."""
        return f"line {self.line.key}"

    def quick(self, line: LineSpec | None = None) -> LineSpec:
        """Return a line that is waited for only briefly, yet long enough for its speed."""
        line = line or self.line
        shortest = QUICK if line.kind != "serial" else QUICK + 60 * 11 / line.baudrate
        return replace(line, timeout_s=min(line.timeout_s, shortest), retries=0)

    async def attempt(
        self, device: DeviceSpec | None = None, line: LineSpec | None = None, tries: int = 1
    ) -> Attempt:
        """Read the device, or it with changed settings, as the daemon would; never raises."""
        device, line = device or self.device, line or self.line
        sent: list[bytes] = []
        heard = bytearray()
        try:
            link = self.make_link(line)
            driver = get_driver(device.driver)
        except CollectorError as error:
            return Attempt(error=error)
        link.trace = lambda way, data: sent.append(data) if way == "tx" else heard.extend(data)
        limit = max(1.0, self.left())
        try:
            outcome = await poll(link, driver, device, tries, limit, self.clock)
        finally:
            await link.close()
        return Attempt(
            outcome.result, outcome.error, outcome.line_down, tuple(sent), bytes(heard)
        )

    async def ask(self, line: LineSpec, *questions: bytes) -> bytes:
        """Send raw questions until one is answered; return the answer, empty for silence."""
        link = self.make_link(line)
        try:
            await link.open()
            for question in questions:
                if not self.left():
                    break
                if answer := await exchange(link, question, line.timeout_s):
                    return answer
        except CollectorError:
            return b""
        finally:
            await link.close()
        return b""


async def exchange(link: Link, question: bytes, timeout: float) -> bytes:
    """Return what comes after a question up to a pause; raises LinkError."""
    await link.discard_input()
    await link.write(question)
    heard = b""
    wait = timeout
    while True:
        try:
            heard += await link.read(4096, wait)
        except NoAnswer:
            return heard
        wait = min(_SERIAL_GAP if link.line.kind == "serial" else _GAP, timeout)
