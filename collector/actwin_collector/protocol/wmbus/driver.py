# SPDX-License-Identifier: MIT
"""Driver for Wireless M-Bus: opens telegrams that a receiver delivers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import ClassVar

from ...channel.base import Link
from ...model import (
    ConfigError,
    DeviceSpec,
    FrameError,
    Heard,
    Push,
    ReadResult,
    Record,
    Telegram,
)
from ..base import Driver
from ..mbus.header import NONE
from ..mbus.makers import name_makers_codes
from ..mbus.records import decode_records, maker_block
from . import compact
from .frame import RadioFrame, parse_frame
from .hearing import (
    Clock,
    LayoutKeeper,
    check_security,
    check_sender,
    make_push,
    meter_id,
    open_telegram,
)
from .layers import COMPACT, Payload, open_payload
from .layouts import BLOCK, PAYLOAD, read_place, with_makers_blocks
from .listener import WmbusListener
from .memory import Memory, default_memory
from .receivers import NAMES
from .security import PLAIN_START, parse_key
from .transforms import Origin

_CRC_LENGTH = 2
_layouts = LayoutKeeper()


class WmbusDriver(Driver):
    """Wireless M-Bus (EN 13757-4, OMS): modes T, C, S as receivers hand them over."""

    name: ClassVar[str] = "wmbus"
    POLLS: ClassVar[bool] = False
    SETTINGS: ClassVar[Mapping[str, str]] = {
        "allow_unencrypted": "take unencrypted telegrams although a key is set: no (default)",
        "utc_offset": "the meter clock's distance from UTC, +03:00 by default",
        "state_dir": "folder of the message counters, by default the collector's own",
    }
    LINE_SETTINGS: ClassVar[Mapping[str, str]] = {
        "receiver": f"what delivers the telegrams: {', '.join(NAMES)}",
        "format": "for raw telegrams: raw (CRCs removed), a or b; empty finds out",
        "rssi_byte": "whether a byte of signal strength follows a raw telegram: no (default)",
    }

    def __init__(self, memory: Memory | None = None, clock: Clock | None = None) -> None:
        self._memory = memory
        self._clock = clock or (lambda: datetime.now(UTC))

    async def read(self, link: Link, device: DeviceSpec, timeout: float) -> ReadResult:
        """Meters send by themselves: there is nothing to ask, so this is not a polling driver."""
        raise ConfigError("Wireless M-Bus meters cannot be polled: use a listening line")

    def listener(self, settings: Mapping[str, object]) -> WmbusListener:
        """Return a listener for one receiver's stream; raises ConfigError for an unknown one."""
        return WmbusListener(settings)

    def sender_of(self, device: DeviceSpec) -> str:
        """Return the meter's identification number; its maker is checked when it is opened."""
        return meter_id(device.address)

    def open_heard(self, heard: Heard, device: DeviceSpec) -> Push:
        """Open a telegram with the device's keys; raises CollectorError, then it is refused."""

        def memory() -> Memory:
            return self._memory or default_memory(str(device.settings.get("state_dir") or ""))

        _layouts.restore(memory)
        frame, payload, key = open_telegram(heard, device)
        check_sender(payload, device)
        telegram = decode_payload(frame, payload, key)
        _layouts.save(memory)
        check_security(payload, key, device, memory)
        meter = telegram.meter
        if heard.rssi is not None:
            meter = replace(meter, extra={**meter.extra, "rssi": str(heard.rssi)})
        raw = str(heard.telegram["telegram"])
        return make_push(meter, telegram.records, payload.status, device, self._clock(), raw)

    @classmethod
    def decode(cls, telegram: Mapping) -> Telegram:
        """Decode ``{"telegram": hex, "key": hex, "format": "raw"|"a"|"b"}``."""
        try:
            wire = bytes.fromhex(telegram["telegram"])
        except (KeyError, TypeError, ValueError):
            raise FrameError("'telegram' must be hex text", "bad_hex") from None
        form = telegram.get("format") or None
        if form is not None and not isinstance(form, str):
            raise ConfigError("'format' must be raw, a or b")
        return decode_radio(wire, parse_key(telegram.get("key")), form)


def decode_radio(wire: bytes, key: bytes | None = None, form: str | None = None) -> Telegram:
    """Decode one radio telegram; raises CollectorError and nothing else."""
    frame = parse_frame(wire, form)
    return decode_payload(frame, open_payload(frame, key), key)


def decode_payload(frame: RadioFrame, payload: Payload, key: bytes | None) -> Telegram:
    """Return the records of an opened payload; raises CollectorError."""
    meter = replace(payload.meter, extra={**payload.meter.extra, "ci": f"{payload.form:02X}"})
    link = bytes((len(frame.data) + 9, frame.control)) + frame.manufacturer + frame.address
    origin = Origin(meter.manufacturer, payload.address, frame.data, link + frame.data[:1], key)
    return Telegram(meter, _records(payload, origin))


def _records(payload: Payload, origin: Origin) -> tuple[Record, ...]:
    """Return the records; what no standard decoder can read is kept as one block of bytes.

    The frame's length, check value and CRCs were right, so this is no damage but a layout that
    only the maker knows (yet); its bytes stay readable once the layout is added as data.
    """
    block = (maker_block(payload.data),)
    data = payload.data.removeprefix(PLAIN_START)
    whole = read_place(origin, PAYLOAD, data) if payload.form == NONE else None
    if whole is not None:
        return (*block, *whole)
    try:
        records = _standard_records(payload)
    except FrameError:
        records = block
    records = name_makers_codes(origin.manufacturer, records)
    place = BLOCK if payload.form in (NONE, COMPACT) else f"{payload.form:02X}"
    return with_makers_blocks(origin, place, records)


def _standard_records(payload: Payload) -> tuple[Record, ...]:
    if payload.form == COMPACT:
        full = compact.expand(payload.data)
        return (maker_block(payload.data),) if full is None else decode_records(full).records
    if payload.form != NONE:
        return (maker_block(payload.data),)
    found = decode_records(payload.data, tail=_CRC_LENGTH)
    compact.learn(payload.data)
    return found.records
