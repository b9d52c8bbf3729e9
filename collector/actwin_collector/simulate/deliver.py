# SPDX-License-Identifier: MIT
"""How a simulated gateway hands over one message: by datagram, connection, POST or broker."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import http.client
import json
from dataclasses import dataclass
from urllib.parse import urlsplit

BODIES = ("raw", "hex", "json", "json-base64")
_PORTS = {"udp": 0, "tcp": 0, "http": 80, "https": 443, "mqtt": 1883, "mqtts": 8883}
_TIMEOUT = 10.0


@dataclass(frozen=True, slots=True)
class Target:
    """Where messages go; ``path`` is a topic at a broker."""

    scheme: str
    host: str
    port: int
    path: str
    user: str


def parse_target(text: str) -> Target:
    """Return the target in a URL; raises ValueError with what is wrong."""
    url = urlsplit(text)
    if url.scheme not in _PORTS:
        raise ValueError(f"{text!r} does not begin with one of {', '.join(_PORTS)}")
    port = url.port or _PORTS[url.scheme]
    if not url.hostname or not port:
        raise ValueError(f"{text!r} has no host and port")
    path = url.path if url.scheme.startswith("http") else url.path.lstrip("/")
    if url.scheme.startswith("mqtt") and not path:
        raise ValueError(f"{text!r} has no topic")
    return Target(url.scheme, url.hostname, port, path or "/", url.username or "")


def wrap(telegram: bytes, body: str) -> bytes:
    """Return a telegram as a collector's ``body`` setting expects it."""
    if body == "raw":
        return telegram
    if body == "hex":
        return telegram.hex().encode()
    text = telegram.hex() if body == "json" else base64.b64encode(telegram).decode()
    return json.dumps({"telegram": text}).encode()


async def deliver(target: Target, secret: str, body: bytes) -> bool | None:
    """Hand a message over: True taken, False refused for good, None to be tried again."""
    if target.scheme == "udp":
        return await _datagram(target, body)
    if target.scheme == "tcp":
        return await _connection(target, body)
    work = _post if target.scheme.startswith("http") else _publish
    return await asyncio.to_thread(work, target, secret, body)


async def _datagram(target: Target, body: bytes) -> bool:
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        asyncio.DatagramProtocol, remote_addr=(target.host, target.port)
    )
    transport.sendto(body)
    transport.close()
    return True


async def _connection(target: Target, body: bytes) -> bool | None:
    try:
        _, writer = await asyncio.open_connection(target.host, target.port)
    except OSError:
        return None
    writer.write(body)
    with contextlib.suppress(OSError):
        await writer.drain()
        writer.close()
        await writer.wait_closed()
    return True


def _post(target: Target, secret: str, body: bytes) -> bool | None:
    kind = http.client.HTTPSConnection if target.scheme == "https" else http.client.HTTPConnection
    client = kind(target.host, target.port, timeout=_TIMEOUT)
    try:
        client.request("POST", target.path, body, {"Authorization": f"Bearer {secret}"})
        status = client.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        client.close()
    return None if status >= 500 else status < 300


def _publish(target: Target, secret: str, body: bytes) -> bool | None:
    from paho.mqtt import publish  # other targets must not load a broker's client

    auth = {"username": target.user, "password": secret} if target.user else None
    tls = {} if target.scheme == "mqtts" else None
    try:
        publish.single(
            target.path, body, 1, False, target.host, target.port, auth=auth, tls=tls
        )
    except Exception:  # the library raises its own and the socket's errors
        return None
    return True
