# SPDX-License-Identifier: MIT
"""Sealed pushes of customer interfaces over every kind of line: read once, or refused by name."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from dlms_rig import BOTH_KEYS, spec
from dlms_support import ENCRYPTION, KEYS, METER, PLAIN_PUSH, general, segments
from paho.mqtt import publish
from push_support import Field, StepClock, free_port, line, until
from test_dlms_sealed_text import READOUT
from test_http_push import request
from test_mqtt_push import PASSWORD, Broker

from actwin_collector.protocol.dlms.gcm import ENCRYPTED, PROTECTED, Keys

OTHER_KEYS = Keys(bytes(16), bytes(16))


def in_mbus(counter: int, control: int = PROTECTED, keys: Keys = KEYS) -> bytes:
    return b"".join(segments(general(PLAIN_PUSH, counter, control=control, keys=keys), 40))


def in_text(counter: int, control: int = PROTECTED, keys: Keys = KEYS) -> bytes:
    return general(READOUT, counter, control=control, keys=keys)


# How it is wrapped, what it tells, and when by the meter's clock.
CARRIERS = {
    "mbus": (in_mbus, "1234567", datetime(2026, 8, 1, 9, 30, tzinfo=UTC)),
    "p1": (in_text, "123456", datetime(2026, 7, 30, 8, tzinfo=UTC)),
}


@contextlib.asynccontextmanager
async def wired(kind, tmp_path, device, told):
    """Give a running field with one line, and what sends bytes to it; 100 s after ``told``."""
    broker = Broker(tmp_path) if kind == "mqtt" else None
    port = broker.port if broker else free_port(socket.SOCK_DGRAM if kind == "udp" else 1)
    settings = {"mqtt": {"topics": ["m/#"], "user": "u"}}.get(kind, {})
    secret = {"mqtt": PASSWORD, "http": "s3cret"}.get(kind, "")
    host = "" if kind == "udp" else "127.0.0.1"
    if broker:
        await broker.start()
    try:
        where = line(kind, host=host, port=port, secret=secret, settings=settings)
        clock = StepClock(told.timestamp() + 100)
        async with Field([where], [device], tmp_path, clock=clock) as field:
            await until(lambda: field.scheduler.listeners["L1"].is_open)
            if broker:
                await until(lambda: field.health().connections)
            async with sender(kind, port, broker) as send:
                yield field, send
    finally:
        if broker:
            broker.stop()


@contextlib.asynccontextmanager
async def sender(kind, port, broker):
    if kind == "dialin":
        _, writer = await asyncio.open_connection("127.0.0.1", port)

        async def send(data):
            # A modem passes bytes on as they come.
            for at in range(0, len(data), 50):
                writer.write(data[at : at + 50])
                await writer.drain()

        yield send
        writer.close()
    elif kind == "udp":
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.connect(("127.0.0.1", port))

            async def send(data):
                sock.send(data)

            yield send
    elif kind == "mqtt":
        yield lambda data: broker.publish("m/1", data)
    else:
        yield lambda data: asyncio.to_thread(request, port, data)


def device(tmp_path, secret=BOTH_KEYS, **settings):
    found = spec("1.8.0", secret=secret, meter_title=METER.hex(), poll=False,
                 push_time="arrival", state_dir=str(tmp_path), **settings)  # fmt: skip
    return replace(found, line="L1", schedule="S1")


def damaged(data: bytes) -> bytes:
    """Change a sealed byte of the value, and mend M-Bus' own check sum, as who tampers would."""
    at = data.index(b"\x16\x68") - 10 if data[:1] == b"\x68" else len(data) // 2
    changed = bytearray(data)
    changed[at] ^= 1
    if data[:1] == b"\x68":
        end = 4 + changed[1]
        changed[end] = sum(changed[4:end]) & 0xFF
    return bytes(changed)


@pytest.mark.parametrize("carrier", CARRIERS)
@pytest.mark.parametrize("kind", ["dialin", "udp", "mqtt", "http"])
def test_sealed_push_is_read_once_and_what_is_wrong_with_it_named(tmp_path, kind, carrier):
    wire, value, told = CARRIERS[carrier]

    async def go():
        async with wired(kind, tmp_path, device(tmp_path), told) as (field, send):
            errors = field.state("D").health.errors
            await send(wire(8, keys=OTHER_KEYS))
            await until(lambda: errors["bad_authentication"] == 1)
            await send(damaged(wire(9)))
            await until(lambda: errors["bad_authentication"] == 2)
            await send(wire(9, control=ENCRYPTED))
            await until(lambda: errors["unprotected"])
            assert field.state("D").health.ok == 0
            await send(wire(7))
            await until(lambda: field.state("D").health.ok)
            await send(wire(7))
            await until(lambda: field.health().duplicates)
            field.clock.pass_time(61)
            await send(wire(7))
            await until(lambda: errors["replayed"] == 1)
            await field.next_slot()
            assert [(r.value, r.status) for r in field.store.readings] == [(value, 0)]
            assert errors.total() == 4 and field.state("D").health.ok == 1

    asyncio.run(go())


@pytest.mark.parametrize("carrier", CARRIERS)
@pytest.mark.parametrize("wish", ["suspect", "accept"])
def test_who_was_given_the_encryption_key_alone_may_take_what_nothing_proves(
    tmp_path, carrier, wish
):
    wire, value, told = CARRIERS[carrier]
    secret = f'{{"encryption_key": "{ENCRYPTION}"}}'

    async def go():
        which = device(tmp_path, secret, push_unproved=wish)
        async with wired("udp", tmp_path, which, told) as (field, send):
            await send(wire(5, control=ENCRYPTED, keys=OTHER_KEYS))
            await until(lambda: field.errors("D").get("bad_authentication") == 1)
            await send(wire(5, control=ENCRYPTED))
            await until(lambda: field.state("D").health.ok == 1)
            # One with a tag that nobody here can check.
            await send(wire(6))
            await until(lambda: field.state("D").health.ok == 2)
            await send(wire(5))
            await until(lambda: field.errors("D").get("replayed") == 1)
            await field.next_slot()
            status = 1 if wish == "suspect" else 0
            assert {(r.value, r.status) for r in field.store.readings} == {(value, status)}

    asyncio.run(go())


def test_frames_of_two_gateways_on_one_broker_are_kept_apart(tmp_path):
    """Each M-Bus frame is a message of its own, and all name the same addresses."""
    first, second = (segments(general(PLAIN_PUSH, counter), 40) for counter in (1, 2))

    async def go():
        told = CARRIERS["mbus"][2]
        async with wired("mqtt", tmp_path, device(tmp_path), told) as (field, _):
            broker_port = field.site.lines["L1"].port
            assert len(first) == len(second) > 2
            frames = [
                (topic, frame, 1, False)
                for pair in zip(first, second, strict=True)
                for topic, frame in zip(("m/1", "m/2"), pair, strict=True)
            ]
            login = {"username": "u", "password": PASSWORD}
            await asyncio.to_thread(
                publish.multiple, frames, "127.0.0.1", broker_port, auth=login
            )
            await until(lambda: field.state("D").health.ok == 2)
            assert field.errors("D") == {} and not field.health().errors["bad_block"]

    asyncio.run(go())
