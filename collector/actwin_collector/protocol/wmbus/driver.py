# SPDX-License-Identifier: MIT
"""Driver for Wireless M-Bus: opens telegrams that a receiver delivers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import ClassVar

from ...channel.base import Link
from ...model import (
    STATUS_OK,
    STATUS_SUSPECT,
    ConfigError,
    DeviceSpec,
    FrameError,
    Heard,
    Push,
    ReadResult,
    Telegram,
)
from ..base import Driver
from ..claims import Claims
from ..hexadecimal import hex_bytes
from ..mbus.header import is_suspect
from ..pushes import make_push
from .captures import Capture
from .frame import RAW, parse_frame
from .hearing import (
    Clock,
    LayoutKeeper,
    believed,
    check_security,
    check_sender,
    keys_of,
    meter_id,
    open_telegram,
)
from .layers import open_payload
from .lines import parse_line
from .listener import WmbusListener
from .memory import Memory, default_memory
from .receivers import NAMES
from .records import decode_payload
from .security import parse_key
from .starting import start
from .starts import start_of
from .survey import SECONDS, HeardMeter, survey

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
        "frame_format": "for raw telegrams: raw (CRCs removed), a or b; empty finds out",
        "radio_mode": "what a receiver that we start is to hear: s, t, c or c+t, as far as it can;"
        " keep: it is not started",
        "scan_seconds": f"how long a scan listens: {SECONDS:g}",
        "rssi_byte": "whether a byte of signal strength follows a raw telegram: no (default)",
    }

    def __init__(self, memory: Memory | None = None, clock: Clock | None = None) -> None:
        self._memory = memory
        self._claims = Claims()
        self._clock = clock or (lambda: datetime.now(UTC))

    async def read(self, link: Link, device: DeviceSpec, timeout: float) -> ReadResult:
        """Meters send by themselves: there is nothing to ask, so this is not a polling driver."""
        raise ConfigError("Wireless M-Bus meters cannot be polled: use a listening line")

    async def scan(self, link: Link, timeout: float) -> list[HeardMeter]:
        """Listen to the receiver for a while and return the meters it hears."""
        return await survey(link, timeout)

    def listener(self, settings: Mapping[str, object]) -> WmbusListener:
        """Return a listener for one receiver's stream; raises ConfigError for an unknown one."""
        start_of(settings)
        return WmbusListener(settings)

    async def prepare(self, link: Link) -> str:
        """Start the receiver as its maker says, in the radio mode of the line's settings."""
        return await start(link, link.line.settings)

    def sender_of(self, device: DeviceSpec) -> str:
        """Return the meter's identification number; raises ConfigError, for a bad key too.

        The maker in the address is checked when a telegram is opened.
        """
        keys_of(device)
        return meter_id(device.address)

    def open_heard(self, heard: Heard, device: DeviceSpec) -> Push:
        """Open a telegram with the device's keys; raises CollectorError, then it is refused."""
        memory = self._memory_of(device)
        _layouts.restore(memory)
        frame, payload, key = open_telegram(heard, device)
        check_sender(payload, device)
        telegram = decode_payload(frame, believed(payload, key, device), key)
        _layouts.save(memory)
        counters, late = check_security(payload, key, device, memory, self._claims)
        meter = telegram.meter
        if heard.rssi is not None:
            meter = replace(meter, extra={**meter.extra, "rssi": str(heard.rssi)})
        raw = str(heard.telegram["telegram"])
        status = STATUS_SUSPECT if is_suspect(payload.status) else STATUS_OK
        push = make_push(meter, telegram.records, device, self._clock(), status, raw)
        return replace(push, late=self._claims.claim(heard, counters) or late)

    def confirm_heard(self, heard: Heard, device: DeviceSpec) -> None:
        """Keep the telegram's counter; raises CollectorError."""
        for (meter, key), counter in self._claims.of(heard).items():
            self._memory_of(device)().keep(meter, key, counter)
        self._claims.drop(heard)

    def forget_heard(self, heard: Heard, device: DeviceSpec) -> None:
        """Let the telegram's counter come again."""
        self._claims.drop(heard)

    def _memory_of(self, device: DeviceSpec) -> Callable[[], Memory]:
        folder = str(device.settings.get("state_dir") or "")
        return lambda: self._memory or default_memory(folder)

    @classmethod
    def decode(cls, telegram: Mapping) -> Telegram:
        """Decode ``{"telegram": hex, "key": hex, "format": "raw"|"a"|"b"}``.

        In place of hex a receiver's line as it is: rtl-wmbus, CUL, or the JSON of rtl_433.
        """
        wire, form = _wire(telegram)
        return decode_radio(wire, parse_key(telegram.get("key")), form)


def _wire(telegram: Mapping) -> tuple[bytes, str | None]:
    text, form = telegram.get("telegram"), telegram.get("format") or None
    if text is None and "model" in telegram:
        text = telegram.get("data")
    if form is not None and not isinstance(form, str):
        raise ConfigError("'format' must be raw, a or b")
    try:
        return hex_bytes(text), form
    except FrameError:
        found = _from_line(text)
        if not found:
            raise
        return found[0].wire, RAW


def _from_line(text: object) -> list[Capture]:
    try:
        return parse_line(text) if isinstance(text, str) else []
    except FrameError as error:
        if error.code == "noise":
            return []
        raise


def decode_radio(wire: bytes, key: bytes | None = None, form: str | None = None) -> Telegram:
    """Decode one radio telegram; raises CollectorError and nothing else."""
    frame = parse_frame(wire, form)
    return decode_payload(frame, open_payload(frame, key), key)
