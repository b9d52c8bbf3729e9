# SPDX-License-Identifier: MIT
"""P1 readouts sealed in a DLMS message, as in Luxembourg: opened, checked, not just believed."""

from __future__ import annotations

from decimal import Decimal

import pytest
from dlms_support import AUTHENTICATION, ENCRYPTION, METER, WITH_KEYS, general

from actwin_collector.model import CollectorError
from actwin_collector.protocol.dlms import DlmsDriver
from actwin_collector.protocol.dlms.gcm import ENCRYPTED
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
