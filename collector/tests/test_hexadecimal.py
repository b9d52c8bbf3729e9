# SPDX-License-Identifier: MIT
"""Telegrams as hex in the ways logs and terminals print it, for every protocol."""

from __future__ import annotations

import json

import pytest
from mbus_support import own_telegrams

from actwin_collector.cli.decode import answer
from actwin_collector.model import ChecksumError, FrameError
from actwin_collector.protocol.dlms import DlmsDriver
from actwin_collector.protocol.hexadecimal import hex_bytes
from actwin_collector.protocol.mbus import MbusDriver
from actwin_collector.protocol.modbus import ModbusDriver
from actwin_collector.protocol.wmbus import WmbusDriver
from actwin_collector.simulate.modbus import crc16

FORMS = {
    "plain": lambda data: data.hex(),
    "blanks": lambda data: data.hex(" ").upper(),
    "colons": lambda data: data.hex(":"),
    "dashes": lambda data: data.hex("-").upper(),
    "0x once": lambda data: "0x" + data.hex(),
    "0x each": lambda data: ", ".join(f"0x{byte:02X}" for byte in data),
    "single digits": lambda data: "{" + ",".join(f"0x{byte:x}" for byte in data) + "}",
    "escapes": lambda data: "".join(f"\\x{byte:02x}" for byte in data),
    "marks": lambda data: f"|{data[:4].hex()}_{data[4:].hex()}|",
    "lines": lambda data: data.hex("\n"),
}
SAMPLES = {
    MbusDriver: own_telegrams()[0],
    WmbusDriver: bytes.fromhex("10442D2C785634121B16780413 31D40000"),
    ModbusDriver: bytes.fromhex("01030400010002 2A32"),
    DlmsDriver: bytes.fromhex("C401C10006000004D2"),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("driver", SAMPLES, ids=lambda driver: driver.name)
def test_each_protocol_takes_each_way_to_write_bytes(driver, form):
    written = FORMS[form](SAMPLES[driver])
    assert hex_bytes(written) == SAMPLES[driver]
    got = answer(driver.decode, json.dumps({"telegram": written}))
    assert got["ok"], got
    assert got == answer(driver.decode, SAMPLES[driver].hex())


@pytest.mark.parametrize("text", ["0x", "zz", "123", "12 345", "0x1g", "12;x;34", 5, None, [1]])
def test_what_is_no_hex_is_refused_by_name(text):
    with pytest.raises(FrameError) as caught:
        hex_bytes(text)
    assert caught.value.code == "bad_hex"


def test_keys_may_be_written_the_same_ways():
    for key in ("00" * 15, "x"):
        got = answer(WmbusDriver.decode, json.dumps({"telegram": "00", "key": key}))
        assert got["error"] == "bad_key"
    spaced = ":".join(["0a"] * 16)
    assert answer(WmbusDriver.decode, json.dumps({"telegram": "00", "key": spaced}))["error"] != (
        "bad_key"
    )


def test_ascii_frames_decode_as_rtu_ones():
    content = bytes.fromhex("110306AE4156524340")
    rtu = ModbusDriver.decode({"telegram": (content + crc16(content)).hex()})
    line = f":{content.hex().upper()}{-sum(content) & 0xFF:02X}\r\n"
    for form in (line, line.strip(), line.encode().hex()):
        assert ModbusDriver.decode({"telegram": form}) == rtu
    with pytest.raises(ChecksumError):
        ModbusDriver.decode({"telegram": line.replace("AE", "AF")})
    unit = b"\x3a\x03\x02\x00\x2a"
    records = ModbusDriver.decode({"telegram": (unit + crc16(unit)).hex()}).records
    assert [record.value for record in records] == [42]
