# SPDX-License-Identifier: MIT
"""Driver for whatever sends JSON: HPLC concentrators, home gateways, rtl_433."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import ClassVar

from ...channel.base import Link
from ...model import (
    AddressError,
    ConfigError,
    DeviceSpec,
    FrameError,
    Heard,
    MeterIdentity,
    ProfileRow,
    Push,
    ReadResult,
    Record,
    Sample,
    Telegram,
)
from ..base import Driver
from .listener import JsonListener
from .mapping import Found, JsonMapping, mapping_names, mapping_of
from .paths import look, messages, moment

# What is older stands for its own moment, not for its arrival; more ahead is a wrong clock.
_LATE = timedelta(seconds=60)

Clock = Callable[[], datetime]


class MappedListener(JsonListener):
    """Names the meter of each message by the line's mapping."""

    def __init__(self, mapping: JsonMapping, setting: object) -> None:
        super().__init__()
        self._mapping = mapping
        self._setting = setting

    def take(self, message: object, topic: str) -> Iterator[Heard]:
        """Yield what each meter in a message said."""
        named = 0
        for each in messages(message, self._mapping.each):
            sender = self._mapping.sender(each, topic)
            if sender:
                named += 1
                # A time that stands outside the list is true for everything in it.
                time = look(each, self._mapping.time) or look(message, self._mapping.time)
                telegram = {"topic": topic, "json": each, "mapping": self._setting}
                yield Heard(sender, telegram if time is None else {**telegram, "time": time})
        if not named:
            raise FrameError("the mapping finds no meter in this message", "unknown_message")


class JsonDriver(Driver):
    """JSON by HTTP or MQTT, read by a mapping that is data."""

    name: ClassVar[str] = "json"
    POLLS: ClassVar[bool] = False
    SETTINGS: ClassVar[Mapping[str, str]] = {
        "mapping": "another mapping than the line's, for this device",
    }
    LINE_SETTINGS: ClassVar[Mapping[str, str]] = {
        "mapping": f"how messages are read: {', '.join(mapping_names())}, a path to a .toml file,"
        " or a table",
    }

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or (lambda: datetime.now(UTC))

    async def read(self, link: Link, device: DeviceSpec, timeout: float) -> ReadResult:
        """Gateways send by themselves: there is nothing to ask."""
        raise ConfigError("JSON gateways cannot be polled: use an http or mqtt line")

    def listener(self, settings: Mapping[str, object]) -> MappedListener:
        """Return a listener with the line's mapping; raises ConfigError."""
        setting = settings.get("mapping")
        return MappedListener(mapping_of(setting), setting)

    def open_heard(self, heard: Heard, device: DeviceSpec) -> Push:
        """Take the device's registers from a message; raises CollectorError."""
        if heard.sender != device.address:
            raise AddressError(f"{heard.sender} sent this, not {device.address}")
        mapping = mapping_of(device.settings.get("mapping") or heard.telegram.get("mapping"))
        found = mapping.values(heard.telegram["json"])
        now = self._clock()
        time = _time_of(mapping, heard.telegram)
        samples: dict[str, Sample] = {}
        rows: dict[datetime, dict[str, Sample]] = {}
        for parameter in device.parameters:
            for each in found:
                if each.register == parameter.register and isinstance(each.value, Decimal):
                    sample, stamp = Sample(each.value, each.unit), each.time or time
                    if stamp is None or now - stamp < _LATE:
                        samples[parameter.register] = sample
                    else:
                        column = parameter.profile or parameter.register
                        rows.setdefault(stamp.astimezone(UTC), {})[column] = sample
        result = ReadResult(MeterIdentity(heard.sender), samples, _records(found))
        return Push(result, tuple(ProfileRow(ts, rows[ts]) for ts in sorted(rows)))

    @classmethod
    def decode(cls, telegram: Mapping) -> Telegram:
        """Decode ``{"json": message, "mapping": name or table, "topic": …}``: its first meter."""
        mapping = mapping_of(telegram.get("mapping"))
        topic = str(telegram.get("topic") or "")
        for each in messages(telegram.get("json"), mapping.each):
            if sender := mapping.sender(each, topic):
                return Telegram(MeterIdentity(sender), _records(mapping.values(each)))
        raise FrameError("the mapping finds no meter in this message", "unknown_message")


def _time_of(mapping: JsonMapping, telegram: Mapping) -> datetime | None:
    own = moment(look(telegram["json"], mapping.time)) if mapping.time else None
    return own or moment(telegram.get("time"))


def _records(found: Sequence[Found]) -> tuple[Record, ...]:
    return tuple(
        Record(each.register, each.value, each.unit, ts=each.time and each.time.isoformat())
        for each in found
    )
