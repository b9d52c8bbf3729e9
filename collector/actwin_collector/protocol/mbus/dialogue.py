# SPDX-License-Identifier: MIT
"""One master's conversation with one meter: reset, selection, pages, telegrams."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from ...channel.base import Link
from ...model import (
    STATUS_OK,
    STATUS_SUSPECT,
    AddressError,
    FrameError,
    MeterIdentity,
    NoAnswer,
    ProtocolError,
    Record,
)
from .address import MbusAddress
from .header import is_suspect
from .link import (
    ACK,
    APPLICATION_RESET,
    BROADCAST,
    BROADCAST_ANSWERED,
    FCB,
    REQ_UD2,
    SECONDARY,
    SELECT,
    SND_NKE,
    SND_UD,
    answer_seconds,
    long_frame,
    parse_frame,
    receive,
    short_frame,
)
from .options import Options
from .telegram import MbusTelegram, decode_answer

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Readout:
    """All telegrams of a meter."""

    meter: MeterIdentity
    records: tuple[Record, ...]
    status: int
    raw: str


@asynccontextmanager
async def at_speed(link: Link, baudrate: int | None) -> AsyncIterator[None]:
    """Use another speed than the line's for one dialogue."""
    if baudrate is None or baudrate == link.line.baudrate:
        yield
        return
    await link.set_serial(baudrate=baudrate)
    try:
        yield
    finally:
        await link.set_serial(baudrate=link.line.baudrate)


class Dialogue:
    """Questions to one meter, which has at least the time to answer that the standard gives it."""

    def __init__(
        self, link: Link, address: MbusAddress, options: Options, timeout: float
    ) -> None:
        self._link = link
        self._address = address
        self._options = options
        self._baudrate = options.baudrate or link.line.baudrate
        self._timeout = max(timeout, answer_seconds(self._baudrate))
        self._control = REQ_UD2 | FCB

    async def open(self) -> None:
        """Bring the meter into a known state, and select it where it has no address of its own."""
        await self._link.discard_input()
        if self._options.reset and self._address.link != BROADCAST:
            await self._reset()
        if self._address.secondary:
            await self.send(bytes((SELECT,)) + self._address.selection)

    async def send(self, data: bytes) -> None:
        """Send user data; the meter acknowledges them, nobody does after a broadcast."""
        await self._link.write(long_frame(SND_UD, self._address.link, data))
        if self._address.link == BROADCAST:
            return
        answer = await self._short_answer()
        if answer != ACK:
            raise ProtocolError(f"{answer.hex().upper()} instead of an acknowledgement")

    async def read(self) -> Readout:
        """Return the records of every page, of every telegram."""
        if not self._options.pages:
            return await self._read_page()
        found = []
        for page in self._options.pages:
            await self.send(bytes((APPLICATION_RESET,)) + page)
            found.append(await self._read_page())
        return Readout(
            found[0].meter,
            tuple(record for page in found for record in page.records),
            max(page.status for page in found),
            "\n".join(page.raw for page in found),
        )

    async def _reset(self) -> None:
        await self._link.write(short_frame(SND_NKE, self._address.link))
        try:
            answer = await self._short_answer()
        except NoAnswer:
            # Before a selection SND_NKE goes to whichever meters were selected: mostly none.
            if self._address.secondary:
                return
            raise
        if answer != ACK:
            raise ProtocolError(f"{answer.hex().upper()} instead of an acknowledgement")

    async def _short_answer(self) -> bytes:
        try:
            return await receive(self._link, self._timeout, self._baudrate)
        except FrameError as error:
            await self._link.discard_input()
            text = f"more than one meter answered: {error.message}"
            raise ProtocolError(text, "collision") from None

    async def _read_page(self) -> Readout:
        """Request until the meter has no more; one that never ends is cut off and reported."""
        records: list[Record] = []
        wires: list[str] = []
        seen: set[tuple[Record, ...]] = set()
        note, first = "", None
        while True:
            wire, answer = await self._fetch(repeat=bool(wires))
            first = first or answer
            if answer.records in seen:
                note = "repeated"
                break
            seen.add(answer.records)
            records += answer.records
            wires.append(wire.hex().upper())
            if not answer.more:
                break
            if len(wires) >= self._options.telegrams:
                note = "limit"
                break
        meter = _noted(first.meter, self._address, note)
        status = STATUS_SUSPECT if is_suspect(first.status) else STATUS_OK
        return Readout(meter, tuple(records), status, "\n".join(wires))

    async def _fetch(self, repeat: bool) -> tuple[bytes, MbusTelegram]:
        """Return the next telegram; the frame count bit then turns.

        A later telegram that is damaged or lost on the way is asked for again with the same bit,
        which makes the meter send the same one: the telegrams before need not be read again.
        """
        try:
            found = await self._request()
        except (NoAnswer, ProtocolError) as error:
            if not repeat or isinstance(error, AddressError):
                raise
            await self._link.discard_input()
            found = await self._request()
        self._control ^= FCB
        return found

    async def _request(self) -> tuple[bytes, MbusTelegram]:
        address = self._address
        await self._link.write(short_frame(self._control, address.link))
        wire = await receive(self._link, self._timeout, self._baudrate)
        frame = parse_frame(wire)
        any_address = address.link in (SECONDARY, BROADCAST_ANSWERED)
        if not any_address and frame.address != address.link:
            raise AddressError(f"address {frame.address} answered instead of {address.link}")
        answer = decode_answer(frame, self._options.key, address.selection)
        if address.secondary and not address.matches(frame.data):
            raise AddressError(f"meter {answer.meter.id} answered instead of {address.text}")
        return wire, answer


def _noted(meter: MeterIdentity, address: MbusAddress, note: str) -> MeterIdentity:
    if not note:
        return meter
    _logger.warning("meter %s still has more telegrams: %s", meter.id or address.text, note)
    return replace(meter, extra={**meter.extra, "more_telegrams": note})
