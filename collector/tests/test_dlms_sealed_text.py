# SPDX-License-Identifier: MIT
"""P1 readouts sealed in a DLMS message, as in Luxembourg: opened, checked, not just believed."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from dlms_rig import BOTH_KEYS, spec
from dlms_support import AUTHENTICATION, ENCRYPTION, METER, WITH_KEYS, general

from actwin_collector.model import ChecksumError, CollectorError, ConfigError
from actwin_collector.protocol.dlms import DlmsDriver
from actwin_collector.protocol.dlms.counters import CounterStore
from actwin_collector.protocol.dlms.gcm import ENCRYPTED
from actwin_collector.protocol.dlms.listener import PushListener
from actwin_collector.protocol.iec62056_21 import Iec62056Driver, codec

TEXT = (
    "/Act5\\253\r\n\r\n0-0:1.0.0(260730120000S)\r\n"
    "0-0:42.0.0(4143543130303330)\r\n1-0:1.8.0(000123.456*kWh)\r\n!"
)
READOUT = f"{TEXT}{codec.crc16(TEXT.encode()):04X}\r\n".encode()
DRIVERS = pytest.mark.parametrize("driver", [DlmsDriver, Iec62056Driver], ids=lambda d: d.name)


def refusal(driver, message: bytes, keys: dict) -> str:
    with pytest.raises(CollectorError) as caught:
        driver.decode({"telegram": message.hex(), **keys})
    return caught.value.code


@DRIVERS
def test_readout_comes_out_of_its_seal(driver):
    telegram = driver.decode({"telegram": general(READOUT, 7).hex(), **WITH_KEYS})
    values = {record.obis: (record.value, record.unit) for record in telegram.records}
    assert values["1-0:1.8.0"] == (Decimal("123456"), "Wh")
    meter = telegram.meter
    assert (meter.id, meter.manufacturer, meter.medium) == ("ACT10030", "ACT", "electricity")
    assert meter.extra["authentication"] == meter.extra["check"] == "verified"
    assert meter.extra["system_title"] == METER.hex().upper()


@DRIVERS
def test_crc_of_the_text_stands_in_for_a_tag_nobody_can_check(driver):
    only = {"encryption_key": ENCRYPTION}
    for control in ({}, {"control": ENCRYPTED}):
        telegram = driver.decode({"telegram": general(READOUT, 7, **control).hex(), **only})
        assert telegram.meter.extra["authentication"] == "unverified"
    damaged = READOUT.replace(b"123.456", b"923.456")
    assert refusal(driver, general(damaged, 7), only) == "bad_authentication"
    cut = READOUT[:-8] + b"\r\n"
    assert refusal(driver, general(cut, 7, control=ENCRYPTED), only) == "bad_authentication"


@DRIVERS
def test_wrong_keys_and_changed_bytes_give_no_reading(driver):
    message = general(READOUT, 7)
    other = f"{int(ENCRYPTION, 16) ^ 1:032X}"
    assert refusal(driver, message, {}) == "key_missing"
    assert refusal(driver, message, {"encryption_key": other}) == "bad_authentication"
    both = {"encryption_key": other, "authentication_key": AUTHENTICATION}
    assert refusal(driver, message, both) == "bad_authentication"
    for at in range(20, len(message)):
        changed = message[:at] + bytes((message[at] ^ 1,)) + message[at + 1 :]
        assert refusal(driver, changed, WITH_KEYS) == "bad_authentication"


def test_text_that_is_not_sealed_is_no_dlms_message():
    assert refusal(DlmsDriver, READOUT, {}) == "bad_frame"


def heard_of(data: bytes, step: int = 0, clock=lambda: 0.0):
    ear = PushListener({}, clock)
    step = step or len(data)
    found = [each for at in range(0, len(data), step) for each in ear.feed(data[at : at + step])]
    return found, ear.errors


@pytest.mark.parametrize("step", [0, 1, 13])
def test_listener_finds_sealed_readouts_in_a_stream(step):
    data = b"\x00noise\xdb\xdb\x08" + b"".join(general(READOUT, n) for n in range(5, 8))
    heard, errors = heard_of(data, step)
    assert [each.sender for each in heard] == [METER.hex().upper()] * 3
    assert errors == {"noise": 1}
    for each in heard:
        assert DlmsDriver.decode({**each.telegram, **WITH_KEYS}).records


def test_short_and_middling_messages_are_cut_where_they_end():
    for size in (60, 140, 300):
        message = general(b"x" * size, 1)
        heard, errors = heard_of(message * 2, 9)
        assert len(heard) == 2 and errors == {}
        assert heard[0].telegram["frames"] == [message.hex().upper()]


@pytest.fixture
def driver(tmp_path):
    return DlmsDriver(CounterStore(tmp_path / "counters.sqlite"))


def test_readings_by_every_name_at_the_meters_time(driver):
    [heard], _ = heard_of(general(READOUT, 7))
    push = driver.open_heard(heard, spec(secret=BOTH_KEYS, utc_offset="+01:00"))
    [row] = push.rows
    # Summer time, so two hours ahead of UTC.
    assert row.ts == datetime(2026, 7, 30, 10, tzinfo=UTC) and push.result.samples == {}
    for name in ("1.8.0", "1-0:1.8.0", "1.0.1.8.0.255"):
        assert row.samples[name].value == 123456 and row.samples[name].status == 0
    driver.forget_heard(heard, spec(secret=BOTH_KEYS))
    arrival = driver.open_heard(heard, spec(secret=BOTH_KEYS, push_time="arrival"))
    assert arrival.rows == () and arrival.result.samples["1.8.0"].value == 123456
    assert arrival.result.meter.id == "ACT10030"


def test_readout_that_the_meter_sealed_damaged_is_no_reading(driver):
    broken = READOUT.replace(b"123.456", b"923.456")
    [heard], _ = heard_of(general(broken, 7))
    with pytest.raises(ChecksumError):
        driver.open_heard(heard, spec(secret=BOTH_KEYS))
    # Nor has it used up its counter.
    [heard], _ = heard_of(general(READOUT, 7))
    assert driver.open_heard(heard, spec(secret=BOTH_KEYS)).rows


def test_encryption_key_alone_is_no_secret_unless_it_is_meant(driver):
    [heard], _ = heard_of(general(READOUT, 7))
    only = f'{{"encryption_key": "{ENCRYPTION}"}}'
    for settings in ({}, {"push_unproved": "accept", "authentication": "gmac"}):
        with pytest.raises(ConfigError):
            driver.open_heard(heard, spec(secret=only, system_title=METER.hex(), **settings))
    push = driver.open_heard(heard, spec(secret=only, push_unproved="suspect"))
    assert push.rows[0].samples["1.8.0"].status == 1


def test_listener_for_plain_text_says_that_it_is_sealed():
    ear = Iec62056Driver().listener({})
    assert not ear.feed(general(READOUT, 7) + READOUT[:20])
    assert ear.errors == {"sealed_readout": 1}
