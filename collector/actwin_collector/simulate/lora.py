# SPDX-License-Identifier: MIT
"""Simulated LoRaWAN meters, and their uplinks as network servers send them."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

Values = Callable[[datetime], Mapping[str, Decimal]]
Payload = Callable[[Mapping[str, Decimal], datetime], bytes]

_LITRE = Decimal("0.001")


def _axioma(values: Mapping[str, Decimal], now: datetime) -> bytes:
    stamp = int(now.timestamp()).to_bytes(4, "little")
    litres = int(values["volume"] / _LITRE).to_bytes(4, "little")
    return stamp + b"\x00" + litres + stamp + litres


def _zenner(values: Mapping[str, Decimal], now: datetime) -> bytes:
    return b"\x11" + int(values["volume"] / _LITRE).to_bytes(4, "little")


def _milesight(values: Mapping[str, Decimal], now: datetime) -> bytes:
    pulses = int(values["volume"] / _LITRE).to_bytes(4, "little")
    return bytes.fromhex("017564 05C8") + pulses


def _mbus(values: Mapping[str, Decimal], now: datetime) -> bytes:
    return b"\x04\x13" + int(values["volume"] / _LITRE).to_bytes(4, "little")


# Codec name → how a meter of that kind fills a payload, and its port.
PAYLOADS: Mapping[str, tuple[Payload, int]] = {
    "axioma-qalcosonic-w1": (_axioma, 100),
    "zenner": (_zenner, 1),
    "milesight-pulse": (_milesight, 85),
    "mbus-records": (_mbus, 1),
}


@dataclass(slots=True)
class LoraMeter:
    """One meter; ``values(now)`` gives ``volume`` in m3."""

    values: Values
    eui: str = "70B3D5E75E004711"
    address: str = "01AB23CD"
    codec: str = "zenner"
    counter: int = -1

    def uplink(self, network: str, now: datetime, rssi: int = -97) -> tuple[str, bytes]:
        """Return topic and body of the next uplink; raises KeyError for an unknown network."""
        self.counter += 1
        fill, port = PAYLOADS[self.codec]
        message = _NETWORKS[network](self, fill(self.values(now), now), port, now, rssi)
        return _TOPICS[network].format(eui=self.eui.lower()), json.dumps(message).encode()


Body = Callable[[LoraMeter, bytes, int, datetime, int], dict]


def _chirpstack_v4(meter: LoraMeter, data: bytes, port: int, now: datetime, rssi: int) -> dict:
    return {
        "deduplicationId": f"{meter.eui}-{meter.counter}",
        "time": now.isoformat(),
        "deviceInfo": {"applicationName": "meters", "devEui": meter.eui.lower()},
        "devAddr": meter.address.lower(),
        "fCnt": meter.counter,
        "fPort": port,
        "data": base64.b64encode(data).decode(),
        "rxInfo": [{"gatewayId": "0102030405060708", "rssi": rssi, "snr": 7.5}],
    }


def _chirpstack_v3(meter: LoraMeter, data: bytes, port: int, now: datetime, rssi: int) -> dict:
    return {
        "applicationID": "1",
        "devEUI": base64.b64encode(bytes.fromhex(meter.eui)).decode(),
        "devAddr": base64.b64encode(bytes.fromhex(meter.address)).decode(),
        "rxInfo": [{"gatewayID": "AQIDBAUGBwg=", "rssi": rssi, "time": now.isoformat()}],
        "fCnt": meter.counter,
        "fPort": port,
        "data": base64.b64encode(data).decode(),
        "objectJSON": "",
    }


def _ttn_v3(meter: LoraMeter, data: bytes, port: int, now: datetime, rssi: int) -> dict:
    uplink = {
        "session_key_id": "AXBSH1Pk6Z0G166=",
        "f_port": port,
        "f_cnt": meter.counter,
        "frm_payload": base64.b64encode(data).decode(),
        "rx_metadata": [{"gateway_ids": {"gateway_id": "g1"}, "rssi": rssi}],
        "received_at": now.strftime("%Y-%m-%dT%H:%M:%S.123456789Z"),
    }
    if not meter.counter:
        # What is zero is left out.
        del uplink["f_cnt"]
    ids = {"device_id": "m1", "dev_eui": meter.eui, "dev_addr": meter.address}
    return {"end_device_ids": ids, "uplink_message": uplink}


def _thingpark(meter: LoraMeter, data: bytes, port: int, now: datetime, rssi: int) -> dict:
    return {
        "DevEUI_uplink": {
            "Time": now.isoformat(),
            "DevEUI": meter.eui,
            "DevAddr": meter.address,
            "FPort": str(port),
            "FCntUp": str(meter.counter),
            "payload_hex": data.hex(),
            "LrrRSSI": f"{rssi}.000000",
        }
    }


def _loriot(meter: LoraMeter, data: bytes, port: int, now: datetime, rssi: int) -> dict:
    return {
        "cmd": "rx",
        "EUI": meter.eui,
        "ts": int(now.timestamp() * 1000),
        "fcnt": meter.counter,
        "port": port,
        "data": data.hex(),
        "rssi": rssi,
    }


def _milesight_gateway(meter: LoraMeter, data: bytes, port: int, now: datetime, rssi: int) -> dict:
    return {
        "applicationID": 1,
        "devEUI": meter.eui.lower(),
        "deviceName": "m1",
        "fCnt": meter.counter,
        "fPort": port,
        "data": base64.b64encode(data).decode(),
        "time": now.isoformat(),
        "rxInfo": [{"mac": "24e124fffef00000", "rssi": rssi}],
    }


_NETWORKS: Mapping[str, Body] = {
    "chirpstack-v4": _chirpstack_v4,
    "chirpstack-v3": _chirpstack_v3,
    "ttn-v3": _ttn_v3,
    "thingpark": _thingpark,
    "loriot": _loriot,
    "milesight": _milesight_gateway,
}
_TOPICS: Mapping[str, str] = {
    "chirpstack-v4": "application/1/device/{eui}/event/up",
    "chirpstack-v3": "application/1/device/{eui}/event/up",
    "ttn-v3": "v3/meters@ttn/devices/m1/up",
    "thingpark": "mqtt/things/{eui}/uplink",
    "loriot": "loriot/{eui}",
    "milesight": "uplink/{eui}",
}
NETWORKS = tuple(_NETWORKS)
