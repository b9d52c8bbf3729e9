# SPDX-License-Identifier: MIT
"""Who a simulated DLMS meter is and whom it lets in: the ``settings`` of a scenario, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone

from ...fields import Field, Problems, parse_table
from ...model import ConfigError
from ...protocol.dlms.gcm import Keys, parse_key
from .faults import FAULTS

MAKER = b"ACT"
ZONE = timezone(timedelta(hours=3))
SETTINGS = {
    "framing": Field(str, "wrapper", choices=("wrapper", "hdlc")),
    "gateway": Field(bool, False),
    "mode_e": Field(bool, False),
    "password": Field(str, ""),
    "encryption_key": Field(str, ""),
    "authentication_key": Field(str, ""),
    "suite": Field(int, 0, low=0, high=1),
    "silent": Field(bool, False),
    "fault": Field(str, "", choices=("", *FAULTS)),
    "fault_every": Field(int, 1, low=1, high=1000),
    "range_access": Field(bool, True),
    "push_to": Field(str, ""),
    "push_seconds": Field(int, 900, low=1, high=86400),
    "push_plain": Field(bool, False),
}


@dataclass(frozen=True, slots=True)
class Identity:
    """A meter's names, secrets and habits.

    ``gateway``: reached by a gateway's header in front of each message instead of by the frame's
    address. ``mode_e``: HDLC begins with the sign-on of IEC 62056-21. ``silent``: never answers.
    ``fault`` spoils every ``fault_every``-th answer of its line. ``range_access`` false: its
    profiles are read by entry only.
    """

    serial: str
    title: bytes
    unit: int = 1
    framing: str = "wrapper"
    gateway: bool = False
    mode_e: bool = False
    password: bytes = field(default=b"", repr=False)
    keys: Keys = field(default_factory=Keys, repr=False)
    suite: int = 0
    silent: bool = False
    fault: str = ""
    fault_every: int = 1
    range_access: bool = True
    push_to: str = ""
    push_seconds: int = 900
    push_plain: bool = False
    zone: timezone = ZONE

    @property
    def device_name(self) -> str:
        """The logical device name."""
        return MAKER.decode("ascii") + self.serial.rjust(13, "0")[-13:]

    def local(self, epoch: int) -> datetime:
        """Return an instant in the meter's zone."""
        return datetime.fromtimestamp(epoch, UTC).astimezone(self.zone)


def identity_of(serial: str, unit: int, settings: Mapping) -> Identity:
    """Return the identity of a scenario's meter; raises ConfigError."""
    problems = Problems()
    values = parse_table(settings, SETTINGS, "settings", problems)
    problems.finish("a simulated DLMS meter")
    keys = Keys(
        parse_key(values.pop("encryption_key"), "encryption_key"),
        parse_key(values.pop("authentication_key"), "authentication_key"),
    )
    if values["mode_e"] and values["framing"] != "hdlc":
        raise ConfigError("mode E of a simulated DLMS meter leads to HDLC")
    if bool(keys.encryption) != bool(keys.authentication):
        raise ConfigError("a simulated DLMS meter needs both keys or none")
    password = values.pop("password").encode("utf-8")
    return Identity(serial, title_of(serial), unit, password=password, keys=keys, **values)


def title_of(serial: str) -> bytes:
    """Return the system title: maker and the digits of the serial number."""
    digits = "".join(sign for sign in serial if sign.isdigit()) or "0"
    return MAKER + (int(digits) % (1 << 40)).to_bytes(5, "big")
