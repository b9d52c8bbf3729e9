# SPDX-License-Identifier: MIT
"""Uplinks as network servers send them by HTTP and MQTT, brought to one form.

One form, because the same uplink may come by two ways and must not become two readings.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from ...model import FrameError
from ..gateway.paths import first, look, moment, number, read_json

_EUI = re.compile(r"[0-9A-F]{16}")
_MAX_PAYLOAD = 1024


@dataclass(frozen=True, slots=True)
class Network:
    """Where a network server puts things; ``mark`` is a path that only its uplinks have."""

    name: str
    mark: str
    eui: tuple[str, ...]
    count: tuple[str, ...]
    port: tuple[str, ...]
    data: tuple[str, ...]
    time: tuple[str, ...]
    session: tuple[str, ...] = ()
    object: tuple[str, ...] = ()
    rssi: tuple[str, ...] = ()
    receptions: str = ""
    encrypted: str = ""
    encoding: str = "base64"


NETWORKS = (
    # What this module itself makes of an uplink.
    Network(
        "uplink", "uplink.eui", ("uplink.eui",), ("uplink.f_cnt",), ("uplink.f_port",),
        ("uplink.data",), ("uplink.time",), ("uplink.session",), ("uplink.object",),
        encoding="hex",
    ),
    Network(
        "ttn-v3", "uplink_message", ("end_device_ids.dev_eui",), ("uplink_message.f_cnt",),
        ("uplink_message.f_port",), ("uplink_message.frm_payload",),
        ("uplink_message.received_at", "received_at"),
        ("end_device_ids.dev_addr", "uplink_message.session_key_id"),
        ("uplink_message.decoded_payload",), receptions="uplink_message.rx_metadata",
    ),
    Network(
        "chirpstack-v4", "deviceInfo.devEui", ("deviceInfo.devEui",), ("fCnt",), ("fPort",),
        ("data",), ("time",), ("devAddr",), ("object",), receptions="rxInfo",
    ),
    # ChirpStack 3, and the network server inside Milesight's gateways.
    Network(
        "chirpstack-v3", "devEUI", ("devEUI",), ("fCnt",), ("fPort",), ("data",),
        ("publishedAt", "time", "rxInfo.0.time"), ("devAddr",), ("object", "objectJSON"),
        receptions="rxInfo",
    ),
    Network(
        "thingpark", "DevEUI_uplink", ("DevEUI_uplink.DevEUI",), ("DevEUI_uplink.FCntUp",),
        ("DevEUI_uplink.FPort",), ("DevEUI_uplink.payload_hex",), ("DevEUI_uplink.Time",),
        ("DevEUI_uplink.DevAddr",), ("DevEUI_uplink.payload",), ("DevEUI_uplink.LrrRSSI",),
        encoding="hex",
    ),
    Network(
        "loriot", "EUI", ("EUI",), ("fcnt",), ("port",), ("data",), ("ts",), (), ("decoded",),
        ("rssi",), receptions="gws", encrypted="encdata", encoding="hex",
    ),
    Network(
        "aws-iot", "WirelessMetadata.LoRaWAN", ("WirelessMetadata.LoRaWAN.DevEui",),
        ("WirelessMetadata.LoRaWAN.FCnt",), ("WirelessMetadata.LoRaWAN.FPort",),
        ("PayloadData",), ("WirelessMetadata.LoRaWAN.Timestamp",),
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Uplink:
    """One uplink; ``session`` tells sessions of one device apart, in which the counter grows."""

    eui: str
    f_cnt: int
    f_port: int
    data: bytes
    session: str = ""
    time: datetime | None = None
    object: Mapping | None = None
    rssi: int | None = None
    network: str = ""

    def telegram(self) -> dict:
        """Return the JSON object that says the same, whichever way the uplink came."""
        found = {
            "eui": self.eui,
            "f_cnt": self.f_cnt,
            "f_port": self.f_port,
            "data": self.data.hex().upper(),
            "session": self.session,
            "time": self.time.isoformat() if self.time else None,
            "object": self.object,
        }
        return {"uplink": {key: value for key, value in found.items() if value is not None}}


def parse_uplink(message: object) -> Uplink | None:
    """Return the uplink of a message, None when it is another event; raises FrameError by name."""
    for network in NETWORKS:
        if isinstance(message, Mapping) and look(message, network.mark) is not None:
            return _uplink(message, network)
    raise FrameError("no network server known here sends this", "unknown_network")


def _uplink(message: Mapping, network: Network) -> Uplink | None:
    counter, raw = first(message, network.count), first(message, network.data)
    if network.encrypted and raw is None and look(message, network.encrypted) is not None:
        raise FrameError("the network server has no key to open this payload", "encrypted_payload")
    if counter is None and raw is None:
        # Joins, acknowledgements, status: nothing that a meter measured.
        return None
    shown = _object(first(message, network.object))
    return Uplink(
        parse_eui(first(message, network.eui)),
        # Servers leave out what is zero.
        _whole(counter, 0xFFFF_FFFF),
        _whole(first(message, network.port), 255),
        _payload(raw, network.encoding),
        ":".join(str(part) for path in network.session if (part := look(message, path)))[:80],
        moment(first(message, network.time)),
        shown,
        _rssi(message, network),
        network.name,
    )


def parse_eui(value: object) -> str:
    """Return the 16 hex digits of a DevEUI, also from base64 or with dashes; raises FrameError."""
    text = str(value or "").strip()
    digits = re.sub(r"[-: ]", "", text).upper()
    if _EUI.fullmatch(digits):
        return digits
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != 8:
        raise FrameError("no DevEUI of 16 hex digits", "bad_eui")
    return raw.hex().upper()


def _whole(value: object, limit: int) -> int:
    found = number(value if value is not None else 0)
    if found is None or found != int(found) or not 0 <= found <= limit:
        raise FrameError("a frame counter or port is no whole number", "bad_uplink")
    return int(found)


def _payload(raw: object, encoding: str) -> bytes:
    text = raw if isinstance(raw, str) else ""
    try:
        data = bytes.fromhex(text) if encoding == "hex" else base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        raise FrameError(f"the payload is not {encoding}", "bad_payload") from None
    if len(data) > _MAX_PAYLOAD:
        raise FrameError(f"{len(data)} bytes are too long for an uplink", "oversized")
    return data


def _object(value: object) -> Mapping | None:
    if isinstance(value, str) and value.startswith("{"):
        try:
            value = read_json(value)
        except FrameError:
            return None
    return value if isinstance(value, Mapping) and value else None


def _rssi(message: Mapping, network: Network) -> int | None:
    """The strongest of the gateways that heard it."""
    heard = look(message, network.receptions) if network.receptions else None
    values = [number(look(each, "rssi")) for each in heard] if isinstance(heard, list) else []
    values.append(number(first(message, network.rssi)))
    known = [value for value in values if value is not None]
    return int(max(known)) if known else None
