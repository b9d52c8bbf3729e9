# SPDX-License-Identifier: MIT
"""Plain values that drivers, scheduler, outbox and uplinks exchange.

Times are UTC, numbers are exact decimals; nothing here knows a protocol or Odoo.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import ClassVar

# In place of a device's key in events of the collector itself.
COLLECTOR = "collector"

DEFAULT_ZONE = "Europe/Istanbul"

STATUS_OK = 0
STATUS_SUSPECT = 1
STATUS_ESTIMATED = 2


# Records, identities and telegrams are not frozen, though nobody changes one: a frozen class sets
# each field through object.__setattr__, and decoding a telegram spent half its time there.
@dataclass(slots=True, unsafe_hash=True)
class Record:
    """One decoded data record; also one row of the ``decode`` command. Treated as immutable."""

    quantity: str
    value: Decimal | str | None
    unit: str = ""
    obis: str = ""
    ts: str | None = None
    function: str = "instantaneous"
    storage: int = 0
    tariff: int = 0
    subunit: int = 0
    raw: object = None


@dataclass(slots=True)
class MeterIdentity:
    """What a meter says about itself. Treated as immutable."""

    id: str = ""
    manufacturer: str = ""
    medium: str = ""
    version: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Telegram:
    """One decoded telegram or readout. Treated as immutable."""

    meter: MeterIdentity
    records: tuple[Record, ...]


@dataclass(frozen=True, slots=True)
class ParameterSpec:
    """One register of a device and the channel it feeds; ``unit`` is the channel's unit.

    ``profile`` names the load profile's column that holds the same quantity, from which missed
    slots are filled; empty: as ``register``. ``mode`` overrides the schedule's; empty: as there.
    """

    register: str
    channel: str
    unit: str = ""
    scale: Decimal = Decimal(1)
    profile: str = ""
    mode: str = ""


@dataclass(frozen=True, slots=True)
class DeviceSpec:
    """One meter on a line, as its driver needs it.

    Of those due at once, the lowest ``priority`` (0–9) goes first. ``timeout_s`` and ``retries``
    override the line's; 0 and -1: as there.
    """

    key: str
    driver: str
    line: str
    address: str = ""
    settings: Mapping[str, object] = field(default_factory=dict)
    secret: str = field(default="", repr=False)
    schedule: str = ""
    parameters: tuple[ParameterSpec, ...] = ()
    priority: int = 5
    timeout_s: float = 0.0
    retries: int = -1


@dataclass(frozen=True, slots=True)
class LineSpec:
    """One bus or connection. ``software_7e1`` does 7 bits with even parity over an 8N1 stream.

    Not ``enabled``: a supervisor stopped it; nothing is asked or heard on it until it is again.
    """

    key: str
    kind: str
    host: str = ""
    port: int = 0
    device_path: str = ""
    baudrate: int = 9600
    bytesize: int = 8
    parity: str = "N"
    stopbits: int = 1
    timeout_s: float = 2.0
    retries: int = 1
    software_7e1: bool = False
    settings: Mapping[str, object] = field(default_factory=dict)
    secret: str = field(default="", repr=False)
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class ScheduleSpec:
    """How often to poll, how often to store, and which polled value a stored slot takes.

    The plans are cron texts in the zone ``tz`` and replace the periods; config.example.toml says
    what each field means.
    """

    key: str
    poll_seconds: int
    store_seconds: int
    mode: str = "last"
    poll_plan: str = ""
    store_plan: str = ""
    snapshots: tuple[str, ...] = ()
    snapshot_window_seconds: int = 3600
    backfill_days: int = 0
    clock_set: bool = False
    events: bool = False
    tz: str = DEFAULT_ZONE


@dataclass(frozen=True, slots=True)
class Sample:
    """One register value in a base unit (Wh, varh, V …)."""

    value: Decimal
    unit: str
    status: int = STATUS_OK
    meter_ts: datetime | None = None


@dataclass(frozen=True, slots=True)
class ReadResult:
    """One successful dialogue; ``samples`` by register name as in ``ParameterSpec.register``."""

    meter: MeterIdentity
    samples: Mapping[str, Sample]
    records: tuple[Record, ...] = ()
    raw: str = ""


@dataclass(frozen=True, slots=True)
class ProfileRow:
    """What a meter kept for one period; ``ts`` (aware) is its END, ``samples`` by column name."""

    ts: datetime
    samples: Mapping[str, Sample]


@dataclass(frozen=True, slots=True)
class MeterEvent:
    """An entry of a meter's own log; ``ts`` is aware, ``code`` the meter's own number or name."""

    ts: datetime
    code: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Heard:
    """One message that came unasked.

    ``sender`` names the meter as ``Driver.sender_of`` names its device; ``telegram`` is the JSON
    object that ``Driver.decode`` takes, without keys; ``reply`` is to be sent back at once.
    """

    sender: str
    telegram: Mapping[str, object]
    reply: bytes = b""
    rssi: int | None = None


@dataclass(frozen=True, slots=True)
class Push:
    """A heard message opened with its device's keys.

    ``result`` holds what stands for the moment of arrival, ``rows`` what carries its own time.
    ``late``: its counter tells that it was sent before another that was taken.
    """

    result: ReadResult
    rows: tuple[ProfileRow, ...] = ()
    events: tuple[MeterEvent, ...] = ()
    late: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """One value to deliver: ``ts`` epoch seconds UTC, ``value`` a plain decimal string."""

    channel: str
    ts: int
    value: str
    status: int = STATUS_OK


@dataclass(frozen=True, slots=True)
class Event:
    """Something a device or the collector reports beside its readings."""

    device: str
    ts: int
    code: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Comm:
    """One attempt to read a device: start and end as epoch seconds, how it ended."""

    device: str
    started: float
    ended: float
    ok: bool
    attempts: int = 1
    error: str = ""


class CollectorError(Exception):
    """An expected failure with a stable snake_case ``code`` and a text for people."""

    default_code: ClassVar[str] = "error"

    def __init__(self, message: str = "", code: str | None = None) -> None:
        self.code = code or self.default_code
        self.message = message or self.code.replace("_", " ")
        super().__init__(self.message)


class LinkError(CollectorError):
    """The line cannot be opened, or the peer closed it."""

    default_code = "link_failed"


class NoAnswer(CollectorError):
    """Nothing (more) came within the time allowed."""

    default_code = "no_answer"


class ProtocolError(CollectorError):
    """The meter answered something that the protocol does not allow here."""

    default_code = "protocol_error"


class ChecksumError(ProtocolError):
    """Bytes were damaged on the way."""

    default_code = "bad_checksum"


class FrameError(ProtocolError):
    """The answer is not a frame of this protocol."""

    default_code = "bad_frame"


class AddressError(ProtocolError):
    """Another meter answered."""

    default_code = "wrong_address"


class UnsupportedError(CollectorError):
    """The driver, or this meter, does not offer what was asked; no retry will help."""

    default_code = "unsupported"


class ConfigError(CollectorError):
    """The configuration cannot work; no retry will help."""

    default_code = "bad_config"
