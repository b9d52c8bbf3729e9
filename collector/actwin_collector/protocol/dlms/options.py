# SPDX-License-Identifier: MIT
"""The settings of a DLMS device, checked."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta, timezone
from decimal import Decimal, InvalidOperation

from ...fields import Field, Problems, parse_table
from ...model import ConfigError, DeviceSpec
from ...units import BASE_UNITS
from . import hdlc
from .cosem import CLOCK, name_text, parse_name
from .gcm import Keys, parse_key, parse_title
from .profile import Column
from .receiver import UNPROVED
from .rows import SUSPECT_BITS

SETTINGS = {
    "framing": "wrapper (default on TCP) or hdlc (default on serial lines)",
    "client": "client address (SAP): 16 public, 1 management; default 16 without authentication",
    "address_size": "bytes of the HDLC server address: 0 as short as it fits, 1, 2 or 4",
    "authentication": "none, low (password) or gmac (HLS with keys)",
    "ciphered": "true: low authentication inside a ciphered association",
    "suite": "security suite of the symmetric keys, 0 (default) or 1",
    "system_title": "our own system title, 16 hex digits; one for each collector and key",
    "meter_title": "the meter's system title; another one is refused",
    "counter_name": "object with our invocation counter at the meter (0.0.43.1.0.255), or none",
    "check_counter": "false for a meter that starts its own invocation counter again (true)",
    "state_dir": "folder of the invocation counters, by default the collector's own",
    "serial": "serial number the meter must report in serial_name",
    "serial_name": "object with the serial number (0.0.96.1.0.255)",
    "clock": "true: read the meter's clock with each reading (true)",
    "utc_offset": "offset of the meter's clock where it tells none (+03:00)",
    "gateway": "the meter's address behind a DLMS gateway, as text or hex:…",
    "gateway_network": "number of the gateway's network (0)",
    "mode_e": "true: begin as IEC 62056-21 at 300 baud, go over to HDLC at the agreed speed",
    "mode_e_address": "meter address in the IEC 62056-21 request, empty for whoever is there",
    "profile": "load profile from which missed values are filled (1.0.99.1.0.255)",
    "profile_days": "how many days of it to ask for at once (10)",
    "profile_hours": "its rows of so many hours as records of each reading (0)",
    "profile_entries": "so many of its last rows instead, of a meter that selects by entry (0)",
    "status_mask": "bits of the profile's status column that make a row suspect (39)",
    "firmware_name": "object whose change means that the profile may have changed (1.0.0.2.0.255)",
    "events": "event logs of the meter: a list of names such as 0.0.99.98.0.255",
    "sender": "how pushes name this meter, where neither meter_title, serial nor address does",
    "push_clear": "true: take clear pushes of a meter with keys too; they prove nothing (false)",
    "push_unproved": "what to do with sealed pushes whose tag is missing, or cannot be checked for"
    " want of the authentication key: refuse (default), suspect or accept",
    "push_time": "meter (default): pushed values count for the time they carry; arrival: for ours",
    "push_units": 'factor and unit of pushed bare numbers: a table such as 1.8.0 = "10 Wh"',
    "push_columns": "columns of pushed load profiles, for example 0.0.1.0.0.255 and 1.8.0",
    "objects": "true: read the meter's object list and report each object as a record",
    "max_info": "longest HDLC information field to offer (128)",
}
_FIELDS = {
    "framing": Field(str, "", choices=("", "wrapper", "hdlc")),
    "client": Field(int, 0, low=0, high=0xFFFF, zero_is_absent=True),
    "address_size": Field(int, 0, low=0, high=4),
    "authentication": Field(str, "none", choices=("none", "low", "gmac")),
    "ciphered": Field(bool, False),
    "suite": Field(int, 0, low=0, high=1),
    "system_title": Field(str, ""),
    "meter_title": Field(str, ""),
    "counter_name": Field(str, "0.0.43.1.0.255"),
    "check_counter": Field(bool, True),
    "state_dir": Field(str, ""),
    "serial": Field(str, ""),
    "serial_name": Field(str, "0.0.96.1.0.255"),
    "clock": Field(bool, True),
    "utc_offset": Field(str, "+03:00"),
    "gateway": Field(str, ""),
    "gateway_network": Field(int, 0, low=0, high=255),
    "mode_e": Field(bool, False),
    "mode_e_address": Field(str, ""),
    "profile": Field(str, "1.0.99.1.0.255"),
    "profile_days": Field(int, 10, low=1, high=400),
    "profile_hours": Field(int, 0, low=0, high=24 * 400),
    "profile_entries": Field(int, 0, low=0, high=100_000),
    "status_mask": Field(int, SUSPECT_BITS, low=0, high=0xFFFF_FFFF),
    "firmware_name": Field(str, "1.0.0.2.0.255"),
    "events": Field(list, ()),
    "sender": Field(str, ""),
    "push_clear": Field(bool, False),
    "push_unproved": Field(str, UNPROVED[0], choices=UNPROVED),
    "push_time": Field(str, "meter", choices=("meter", "arrival")),
    "push_units": Field(dict, {}),
    "push_columns": Field(list, ()),
    "objects": Field(bool, False),
    "max_info": Field(int, 128, low=32, high=2030),
}
_OFFSET = re.compile(r"([+-])(\d\d):(\d\d)")
_ADDRESS = re.compile(r"(\d{1,5})(?:/(\d{1,5}))?", re.ASCII)
PUBLIC_CLIENT = 16
_CLOCK_NAME = bytes((0, 0, 1, 0, 0, 255))
_BOTH_KEYS = re.compile(r"[0-9A-Fa-f]{32}:[0-9A-Fa-f]{32}")


@dataclass(frozen=True, slots=True)
class Options:
    """Checked settings; see ``SETTINGS`` for what each one does."""

    framing: str
    client: int
    logical: int
    physical: int
    address_size: int
    mechanism: str
    ciphered: bool
    password: bytes = field(repr=False)
    keys: Keys = field(repr=False)
    suite: int
    system_title: bytes
    meter_title: bytes
    counter_name: bytes
    check_counter: bool
    state_dir: str
    serial: str
    serial_name: bytes
    clock: bool
    zone: timezone
    gateway: bytes
    gateway_network: int
    mode_e: bool
    mode_e_address: str
    profile: bytes
    profile_days: int
    profile_hours: int
    profile_entries: int
    status_mask: int
    firmware_name: bytes
    events: tuple[bytes, ...]
    sender: str
    push_clear: bool
    push_unproved: str
    push_time: str
    push_units: Mapping[str, tuple[Decimal, str]]
    push_columns: tuple[Column, ...]
    objects: bool
    max_info: int

    @classmethod
    def of(cls, device: DeviceSpec, line_kind: str = "tcp") -> Options:
        """Return the options of a device; raises ConfigError that says what is wrong."""
        problems = Problems()
        path = f"{device.key}.settings"
        values = parse_table(device.settings, _FIELDS, path, problems, strict=False)
        problems.finish("settings")
        mechanism = values.pop("authentication")
        ciphered = values.pop("ciphered") or mechanism == "gmac"
        password, keys = _secret(device.secret, mechanism, ciphered)
        logical, physical = _address(device.address)
        values["framing"] = values["framing"] or ("hdlc" if line_kind == "serial" else "wrapper")
        values["client"] = values["client"] or (PUBLIC_CLIENT if mechanism == "none" else 1)
        for name in ("system_title", "meter_title"):
            values[name] = parse_title(values[name])
        for name in ("counter_name", "serial_name", "profile", "firmware_name"):
            values[name] = _name(values[name])
        values["gateway"] = _octets(values["gateway"])
        values["push_units"] = _units(values["push_units"])
        values["push_columns"] = tuple(_column(str(each)) for each in values["push_columns"])
        values["events"] = tuple(_name(str(each)) for each in values["events"])
        options = cls(
            mechanism=mechanism,
            ciphered=ciphered,
            password=password,
            keys=keys,
            logical=logical,
            physical=physical,
            zone=_zone(values.pop("utc_offset")),
            **values,
        )
        options._check()
        return options

    def _check(self) -> None:
        unproved = self.push_unproved != UNPROVED[0] and not self.ciphered
        enough = self.keys.encryption and (self.keys.authentication or unproved)
        if not enough and (self.ciphered or self.keys != Keys()):
            raise ConfigError("the secret must hold encryption_key and authentication_key")
        if self.ciphered and not self.system_title:
            raise ConfigError("a ciphered association needs system_title")
        if self.mode_e and self.framing != "hdlc":
            raise ConfigError("mode_e leads to HDLC: framing must be hdlc")
        if self.framing == "hdlc":
            try:
                hdlc.encode_address(self.logical, self.physical, self.address_size)
            except ValueError as error:
                raise ConfigError(str(error)) from None
            if self.client > 0x7F or self.address_size == 3:
                raise ConfigError("an HDLC client address is at most 127, a size 1, 2 or 4")


def _secret(secret: str, mechanism: str, ciphered: bool) -> tuple[bytes, Keys]:
    """Password and keys: a JSON object, ``encryption:authentication``, or just the password."""
    text = secret.strip()
    if text.startswith("{"):
        parts = _object(text)
    elif (ciphered and mechanism == "gmac") or (mechanism == "none" and _BOTH_KEYS.fullmatch(text)):
        encryption, _, authentication = text.partition(":")
        parts = {"encryption_key": encryption, "authentication_key": authentication}
    else:
        parts = {"password": secret}
    password = str(parts.get("password") or "")
    if mechanism == "low" and not password:
        raise ConfigError("low authentication needs a password in the secret")
    return _octets(password), Keys(
        parse_key(parts.get("encryption_key"), "encryption_key"),
        parse_key(parts.get("authentication_key"), "authentication_key"),
        parse_key(parts.get("broadcast_key"), "broadcast_key"),
        parse_key(parts.get("master_key"), "master_key"),
    )


def _object(text: str) -> Mapping:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        # The text itself stays out of the message: it is the secret.
        raise ConfigError("the secret begins with { but is no JSON object") from None


def _octets(text: str) -> bytes:
    if text.startswith("hex:"):
        try:
            return bytes.fromhex(text[4:])
        except ValueError:
            raise ConfigError("what comes after hex: must be hex digits") from None
    return text.encode("utf-8")


def _address(text: str) -> tuple[int, int]:
    match = _ADDRESS.fullmatch(str(text).strip() or "1")
    if not match:
        raise ConfigError(f"{text!r} is not an address such as 1 or 1/17 (logical/physical)")
    return int(match[1]), int(match[2] or 0)


def _name(text: str) -> bytes:
    return b"" if text in ("", "none") else parse_name(text)


def _units(table: Mapping) -> Mapping[str, tuple[Decimal, str]]:
    """Factor and base unit by short register name."""
    found = {}
    for register, text in table.items():
        factor, _, unit = str(text).strip().rpartition(" ")
        try:
            number = Decimal(factor or 1)
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite() or unit not in BASE_UNITS:
            raise ConfigError(f"push_units: {text!r} is not a factor and base unit like 10 Wh")
        found[".".join(name_text(parse_name(str(register))).split(".")[2:5])] = (number, unit)
    return found


def _column(text: str) -> Column:
    name = parse_name(text)
    return Column(CLOCK if name == _CLOCK_NAME else 0, name, 2)


def _zone(text: str) -> timezone:
    match = _OFFSET.fullmatch(text)
    if not match or int(match[2]) > 14 or int(match[3]) > 59:
        raise ConfigError(f"{text!r} is not an offset like +03:00")
    offset = timedelta(hours=int(match[2]), minutes=int(match[3]))
    return timezone(-offset if match[1] == "-" else offset)
