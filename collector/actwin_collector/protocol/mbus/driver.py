# SPDX-License-Identifier: MIT
"""Driver for wired M-Bus meters: one dialogue with one meter over any link."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

from ...channel.base import Link
from ...model import (
    STATUS_OK,
    STATUS_SUSPECT,
    AddressError,
    DeviceSpec,
    FrameError,
    MeterIdentity,
    NoAnswer,
    ProtocolError,
    ReadResult,
    Record,
    Telegram,
)
from ..base import Driver
from ..zones import utc_offset
from .address import MbusAddress, parse_address
from .header import is_suspect
from .link import (
    ACK,
    BROADCAST_ANSWERED,
    FCB,
    REQ_UD2,
    SECONDARY,
    SELECT,
    SND_NKE,
    SND_UD,
    long_frame,
    parse_frame,
    receive,
    short_frame,
)
from .registers import take_samples
from .search import FoundMeter, search_secondary
from .telegram import MbusTelegram, decode_answer, decode_telegram

MAX_TELEGRAMS = 16

_logger = logging.getLogger(__name__)


class MbusDriver(Driver):
    """Wired M-Bus (EN 13757-2 and -3), primary and secondary addressing."""

    name: ClassVar[str] = "mbus"
    SETTINGS: ClassVar[Mapping[str, str]] = {
        "reset": "send SND_NKE before reading: yes (default) or no",
        "telegrams": f"how many telegrams of a long answer to fetch, 1..{MAX_TELEGRAMS}",
        "utc_offset": "the meter clock's distance from UTC, such as +03:00",
    }

    async def read(self, link: Link, device: DeviceSpec, timeout: float) -> ReadResult:
        """Select the meter where needed, fetch all its telegrams, and take the registers."""
        address = parse_address(device.address)
        await link.discard_input()
        if str(device.settings.get("reset", "yes")).lower() not in ("no", "false", "0"):
            await _acknowledged(link, short_frame(SND_NKE, address.link), timeout, address)
        if address.secondary:
            select = long_frame(SND_UD, SECONDARY, bytes((SELECT,)) + address.selection)
            await _acknowledged(link, select, timeout, address)
        limit = _limit(device.settings.get("telegrams"))
        meter, records, status, wires = await _fetch_all(link, address, timeout, limit)
        zone = utc_offset(device.settings.get("utc_offset"))
        names = [parameter.register for parameter in device.parameters]
        return ReadResult(meter, take_samples(records, names, status, zone), records, wires)

    async def scan(self, link: Link, timeout: float) -> list[FoundMeter]:
        """Return every meter on the bus by secondary search; raises CollectorError."""
        return [found async for found in search_secondary(link, timeout)]

    @classmethod
    def decode(cls, telegram: Mapping) -> Telegram:
        """Decode ``{"telegram": hex}``: one long frame."""
        try:
            wire = bytes.fromhex(telegram["telegram"])
        except (KeyError, TypeError, ValueError):
            raise FrameError("'telegram' must be hex text", "bad_hex") from None
        found = decode_telegram(wire)
        return Telegram(found.meter, found.records)


def _limit(setting: object) -> int:
    text = str(setting or MAX_TELEGRAMS)
    return min(max(int(text), 1), MAX_TELEGRAMS) if text.isdecimal() else MAX_TELEGRAMS


async def _acknowledged(link: Link, frame: bytes, timeout: float, address: MbusAddress) -> None:
    await link.write(frame)
    try:
        answer = await receive(link, timeout)
    except NoAnswer:
        # Before a selection SND_NKE goes to whichever meters were selected: mostly none.
        if address.secondary and frame[0] == short_frame(SND_NKE, SECONDARY)[0]:
            return
        raise
    except FrameError as error:
        await link.discard_input()
        raise ProtocolError(f"more than one meter answered: {error.message}", "collision") from None
    if answer != ACK:
        raise ProtocolError(f"{answer.hex().upper()} instead of an acknowledgement")


async def _fetch_all(
    link: Link, address: MbusAddress, timeout: float, limit: int
) -> tuple[MeterIdentity, tuple[Record, ...], int, str]:
    """Request until the meter has no more; a meter that never ends is cut off and reported."""
    records: list[Record] = []
    wires: list[str] = []
    seen: set[tuple[Record, ...]] = set()
    control, note, first = REQ_UD2 | FCB, "", None
    while True:
        wire, answer = await _fetch(link, control, address, timeout)
        first = first or answer
        if answer.records in seen:
            note = "repeated"
            break
        seen.add(answer.records)
        records += answer.records
        wires.append(wire.hex().upper())
        if not answer.more:
            break
        if len(wires) >= limit:
            note = "limit"
            break
        control ^= FCB
    meter = first.meter
    if note:
        _logger.warning("meter %s still has more telegrams: %s", meter.id or address.text, note)
        meter = replace(meter, extra={**meter.extra, "more_telegrams": note})
    status = STATUS_SUSPECT if is_suspect(first.status) else STATUS_OK
    return meter, tuple(records), status, "\n".join(wires)


async def _fetch(
    link: Link, control: int, address: MbusAddress, timeout: float
) -> tuple[bytes, MbusTelegram]:
    await link.write(short_frame(control, address.link))
    wire = await receive(link, timeout)
    frame = parse_frame(wire)
    any_address = address.secondary or address.link == BROADCAST_ANSWERED
    if not any_address and frame.address != address.link:
        raise AddressError(f"address {frame.address} answered instead of {address.link}")
    answer = decode_answer(frame)
    if address.secondary and not address.matches(frame.data):
        raise AddressError(f"meter {answer.meter.id} answered instead of {address.text}")
    return wire, answer
