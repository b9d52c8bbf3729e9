# SPDX-License-Identifier: MIT
"""Pushes of our simulated meter to the driver: opened with keys, or refused by name."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tty
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.keywrap import aes_key_wrap
from dlms_rig import BOTH_KEYS, KEYED, NOW, meters, spec
from dlms_support import CLIENT, METER, PLAIN_PUSH, general, in_wrapper
from test_dlms_messages import DEDICATED, MASTER, general_ciphering

from actwin_collector.model import CollectorError, Heard
from actwin_collector.protocol.dlms import DlmsDriver, encode
from actwin_collector.protocol.dlms.cosem import encode_clock, parse_name
from actwin_collector.protocol.dlms.counters import CounterStore
from actwin_collector.protocol.dlms.gcm import Keys
from actwin_collector.simulate.dlms.push import Pusher, push_forever, send

AT = datetime.fromtimestamp(NOW, UTC)
STAMP = datetime(2026, 8, 1, 9, 30, tzinfo=UTC)


@pytest.fixture
def driver(tmp_path):
    return DlmsDriver(CounterStore(tmp_path / "counters.sqlite"))


def heard(wire: bytes) -> Heard:
    [found] = DlmsDriver().listener({}).feed(wire)
    return found


def refusal(driver, message, device) -> str:
    with pytest.raises(CollectorError) as caught:
        driver.open_heard(message, device)
    return caught.value.code


@pytest.mark.parametrize("framing", ["wrapper", "hdlc"])
@pytest.mark.parametrize("ciphered", [False, True])
def test_simulated_meters_push_becomes_its_readings(driver, framing, ciphered):
    [meter] = meters({"framing": framing, **(KEYED if ciphered else {})})
    device = spec(
        secret=BOTH_KEYS if ciphered else "",
        push_units={"1.8.0": "Wh", "2.8.0": "Wh", "1.7.0": "W", "32.7.0": "0.01 V"},
        **({"meter_title": meter.identity.title.hex()} if ciphered else {"serial": "80300001"}),
    )
    message = heard(meter.pusher.frames())
    assert message.sender == driver.sender_of(device)
    push = driver.open_heard(message, device)
    [row] = push.rows
    assert row.ts == AT and push.result.samples == {}
    assert {name: (row.samples[name].value, row.samples[name].unit) for name in
            ("1.8.0", "1.0.1.7.0.255", "32.7.0")} == {
        "1.8.0": (Decimal(meter.model.scaled("1.8.0", NOW)), "Wh"),
        "1.0.1.7.0.255": (Decimal(meter.model.scaled("1.7.0", NOW)), "W"),
        "32.7.0": (Decimal(meter.model.scaled("32.7.0", NOW)).scaleb(-2), "V"),
    }  # fmt: skip
    assert push.result.meter.id == "80300001"
    assert push.result.meter.extra["authentication"] == ("verified" if ciphered else "none")
    assert bytes.fromhex(push.result.raw.replace("\n", ""))


def test_values_count_for_their_own_time_or_for_the_arrival(driver):
    message = heard(in_wrapper(PLAIN_PUSH))
    push = driver.open_heard(message, spec())
    assert [row.ts for row in push.rows] == [STAMP] and not push.result.samples
    push = driver.open_heard(message, spec(push_time="arrival"))
    assert push.rows == () and push.result.samples["32.7.0"].value == Decimal("230.1")
    assert push.result.samples["32.7.0"].meter_ts == STAMP
    timeless = PLAIN_PUSH[:5] + b"\x00" + PLAIN_PUSH[18:]
    push = driver.open_heard(heard(in_wrapper(timeless)), spec())
    assert push.rows == () and push.result.samples["1.8.0"].value == 1234567


def test_time_without_deviation_is_the_settings_zone(driver):
    no_deviation = PLAIN_PUSH.replace(bytes.fromhex("FF4C00"), bytes.fromhex("800000"))
    for offset, hour in (("+03:00", 9), ("+01:00", 11)):
        push = driver.open_heard(heard(in_wrapper(no_deviation)), spec(utc_offset=offset))
        assert push.rows[0].ts == STAMP.replace(hour=hour)


def test_doubtful_clock_makes_pushed_values_suspect(driver):
    doubtful = PLAIN_PUSH.replace(bytes.fromhex("FF4C00"), bytes.fromhex("FF4C02"))
    for message, status in ((PLAIN_PUSH, 0), (doubtful, 1)):
        push = driver.open_heard(heard(in_wrapper(message)), spec())
        assert push.rows[0].samples["1.8.0"].status == status


def notification(body: bytes) -> bytes:
    return b"\x0f\x00\x00\x00\x01\x00" + body


def rows_of_profile() -> bytes:
    stamps = [STAMP, STAMP + timedelta(minutes=15)]
    return encode.array(
        encode.structure(encode.clock(stamp), encode.uint8(0), encode.uint32(100 + number))
        for number, stamp in enumerate(stamps)
    )


@pytest.mark.parametrize("told_by", ["settings", "push"])
def test_pushed_load_profile_becomes_rows_with_their_own_times(driver, told_by):
    profile, clock = parse_name("1.0.99.1.0.255"), parse_name("0.0.1.0.0.255")
    columns = [(8, clock), (1, parse_name("0.0.96.10.1.255")), (3, parse_name("1.8.0"))]

    def entry(class_id, name, attribute=2):
        return encode.structure(
            encode.uint16(class_id), encode.octets(name), encode.int8(attribute), encode.uint16(0)
        )

    listed = [(7, profile, 3), (7, profile, 2)] if told_by == "push" else [(7, profile, 2)]
    values = [encode.array(entry(*column) for column in columns)] if told_by == "push" else []
    body = encode.structure(
        encode.array([entry(40, parse_name("0.0.25.9.0.255")), *(entry(*e) for e in listed)]),
        *values,
        rows_of_profile(),
    )
    settings = {} if told_by == "push" else {
        "push_columns": ["0.0.1.0.0.255", "0.0.96.10.1.255", "1.8.0"]
    }  # fmt: skip
    push = driver.open_heard(heard(in_wrapper(notification(body))), spec(**settings))
    assert [(row.ts, row.samples["1.8.0"].value) for row in push.rows] == [
        (STAMP, Decimal(100)),
        (STAMP + timedelta(minutes=15), Decimal(101)),
    ]


@pytest.mark.parametrize(
    ("message", "settings", "secret", "code"),
    [
        (general(PLAIN_PUSH, 9), {}, "11" * 16 + BOTH_KEYS[32:], "bad_authentication"),
        (general(PLAIN_PUSH, 9), {}, BOTH_KEYS[:33] + "11" * 16, "bad_authentication"),
        (general(PLAIN_PUSH, 9), {}, "", "key_missing"),
        (general(PLAIN_PUSH, 9, control=0x20), {}, BOTH_KEYS, "unprotected"),
        (PLAIN_PUSH, {}, BOTH_KEYS, "unprotected"),
        (general(PLAIN_PUSH, 9), {"meter_title": CLIENT.hex()}, BOTH_KEYS, "wrong_address"),
        (general(PLAIN_PUSH[:-3], 9), {}, BOTH_KEYS, "truncated"),
        (general(PLAIN_PUSH, 9), {"push_units": {"1.8.0": "10 kWh"}}, BOTH_KEYS, "bad_config"),
    ],
)
def test_refused_push_is_a_named_error_and_no_reading(driver, message, settings, secret, code):
    assert refusal(driver, heard(in_wrapper(message)), spec(secret=secret, **settings)) == code


def test_replayed_push_is_refused_after_a_restart_too(driver, tmp_path):
    device = spec(secret=BOTH_KEYS, meter_title=METER.hex())
    message = heard(in_wrapper(general(PLAIN_PUSH, 9)))
    assert driver.open_heard(message, device).rows
    assert refusal(driver, message, device) == "replayed"
    driver.forget_heard(message, device)
    assert driver.open_heard(message, device).rows
    driver.confirm_heard(message, device)
    again = DlmsDriver(CounterStore(tmp_path / "counters.sqlite"))
    for each in (driver, again):
        assert refusal(each, message, device) == "replayed"
        assert refusal(each, heard(in_wrapper(general(PLAIN_PUSH, 8))), device) == "replayed"
    assert again.open_heard(heard(in_wrapper(general(PLAIN_PUSH, 10))), device).rows


def test_tampered_push_neither_counts_nor_uses_up_a_counter(driver):
    device = spec(secret=BOTH_KEYS, meter_title=METER.hex())
    wire = general(PLAIN_PUSH, 900)
    for at in (-1, -20, 16):
        forged = bytearray(wire)
        forged[at] ^= 1
        assert refusal(driver, heard(in_wrapper(bytes(forged))), device) == "bad_authentication"
    assert driver.open_heard(heard(in_wrapper(general(PLAIN_PUSH, 1))), device).rows


def test_meter_pushes_over_a_socket_of_its_own_again_and_again(driver):
    [meter] = meters({"framing": "hdlc", **KEYED})
    ear = driver.listener({})
    arrived: list[Heard] = []

    async def serve():
        done = asyncio.Event()

        async def take(reader, writer):
            while data := await reader.read(64):
                arrived.extend(ear.feed(data))
            writer.close()
            if len(arrived) >= 3:
                done.set()

        server = await asyncio.start_server(take, "127.0.0.1", 0)
        place = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        task = asyncio.create_task(push_forever(meter.pusher, place, 0.01))
        await asyncio.wait_for(done.wait(), 10)
        task.cancel()
        server.close()
        await server.wait_closed()

    asyncio.run(serve())
    device = spec(secret=BOTH_KEYS, meter_title=meter.identity.title.hex())
    assert len([driver.open_heard(message, device) for message in arrived]) >= 3
    assert ear.errors == {}


def test_nobody_listening_is_no_failure_of_the_simulator():
    [meter] = meters()

    async def main():
        task = asyncio.create_task(push_forever(meter.pusher, "127.0.0.1:1", 0.01))
        await asyncio.sleep(0.1)
        assert not task.done()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    asyncio.run(main())


@pytest.mark.parametrize("framing", ["wrapper", "hdlc"])
@pytest.mark.parametrize("ciphered", [False, True])
def test_an_independent_listener_understands_the_simulated_meters_pushes(framing, ciphered):
    """pydlms, a process of its own, listens on a pty."""
    [meter] = meters({"framing": framing, **(KEYED if ciphered else {})})
    pusher: Pusher = meter.pusher
    master, slave = os.openpty()


    tty.setraw(slave)
    command = [str(Path(sys.executable).with_name("pydlms")), "push", os.ttyname(slave),
               "--framing", framing, "--once", "--timeout", "20"]  # fmt: skip
    if ciphered:
        command += ["--key", KEYED["encryption_key"], "--auth-key", KEYED["authentication_key"]]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        try:
            text = b""
            for _ in range(60):
                os.write(master, pusher.frames())
                with contextlib.suppress(subprocess.TimeoutExpired):
                    text = process.communicate(timeout=0.5)[0]
                    break
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            os.close(master)
            os.close(slave)
    numbers = set(re.findall(rb"\d+", text))
    for code in ("1.8.0", "1.7.0"):
        assert str(meter.model.scaled(code, NOW)).encode() in numbers, text.decode()


def test_send_raises_what_a_caller_can_tell():
    with pytest.raises(OSError):
        asyncio.run(send(b"x", "127.0.0.1", 1))


def test_clock_of_the_rig_is_what_pushes_carry():
    [meter] = meters()
    assert encode_clock(meter.identity.local(NOW)) in meter.pusher.message()


@pytest.mark.parametrize("suite", [0, 1])
def test_pushes_of_either_suite_are_taken_without_saying_which(driver, suite):
    [meter] = meters({**KEYED, "suite": suite})
    device = spec(secret=BOTH_KEYS, meter_title=meter.identity.title.hex())
    assert driver.open_heard(heard(meter.pusher.frames()), device).rows


def test_clear_pushes_of_a_meter_with_keys_only_where_they_are_wanted(driver):
    message = heard(in_wrapper(PLAIN_PUSH))
    assert refusal(driver, message, spec(secret=BOTH_KEYS)) == "unprotected"
    device = spec(secret=BOTH_KEYS, push_clear=True)
    assert driver.open_heard(message, device).result.meter.extra["authentication"] == "none"
    sealed = driver.open_heard(heard(in_wrapper(general(PLAIN_PUSH, 9))), device)
    assert sealed.result.meter.extra["authentication"] == "verified"


BROADCAST_KEY = bytes(range(0x50, 0x60))


def broadcast(counter: int) -> bytes:
    keys = Keys(BROADCAST_KEY, bytes.fromhex(KEYED["authentication_key"]))
    return general(PLAIN_PUSH, counter, keys=keys, control=0x70)


def test_push_with_the_broadcast_key_counts_by_itself(driver, tmp_path):
    secret = json.dumps({**KEYED, "broadcast_key": BROADCAST_KEY.hex()})
    device = spec(secret=secret, meter_title=METER.hex())
    assert driver.open_heard(heard(in_wrapper(general(PLAIN_PUSH, 90))), device).rows
    assert driver.open_heard(heard(in_wrapper(broadcast(5))), device).rows
    driver.confirm_heard(heard(in_wrapper(broadcast(5))), device)
    again = DlmsDriver(CounterStore(tmp_path / "counters.sqlite"))
    assert refusal(again, heard(in_wrapper(broadcast(5))), device) == "replayed"
    forged = broadcast(6)[:-1] + b"\x00"
    assert refusal(again, heard(in_wrapper(forged)), device) == "bad_authentication"
    assert again.open_heard(heard(in_wrapper(broadcast(6))), device).rows
    assert refusal(driver, heard(in_wrapper(broadcast(7))), spec(secret=BOTH_KEYS)) == "unsupported"


def test_push_with_a_wrapped_key_is_refused_the_second_time_after_a_restart_too(tmp_path):
    message = heard(in_wrapper(general_ciphering(aes_key_wrap(MASTER, DEDICATED))))
    secret = json.dumps({**KEYED, "master_key": MASTER.hex()})
    for expected in ("taken", "replayed"):
        driver = DlmsDriver(CounterStore(tmp_path / "counters.sqlite"))
        if expected == "taken":
            assert driver.open_heard(message, spec(secret=secret)).rows
            driver.confirm_heard(message, spec(secret=secret))
        else:
            assert refusal(driver, message, spec(secret=secret)) == expected
