# SPDX-License-Identifier: MIT
"""The record decoder on single records: data fields, VIFs, extensions, block ends."""

from __future__ import annotations

from decimal import Decimal

import pytest

from actwin_collector.model import FrameError
from actwin_collector.protocol.mbus import records as record_module
from actwin_collector.protocol.mbus.records import decode_records


def one(text: str):
    (record,) = decode_records(bytes.fromhex(text)).records
    return record


@pytest.mark.parametrize(
    ("text", "quantity", "value", "unit"),
    [
        ("0413 31D40000", "volume", "54.321", "m3"),
        ("0C13 78563412", "volume", "12345.678", "m3"),
        ("0A5A 45F1", "flow_temperature", "-14.5", "°C"),
        ("0B3B 5634F2", "volume_flow", "-23.456", "m3/h"),
        ("015B FF", "flow_temperature", "-1", "°C"),
        ("0306 010000", "energy", "1000", "Wh"),
        ("0606 000000000080", "energy", "-140737488355328000", "Wh"),
        ("0703 0100000000000000", "energy", "1", "Wh"),
        ("055B 2B4BAC41", "flow_temperature", "21.536703", "°C"),
        ("052E 00002AC3", "power", "-170000", "W"),
        ("0E04 563412000000", "energy", "1234560", "Wh"),
        ("04FB00 01000000", "energy", "100000", "Wh"),
        ("04FB0D 01000000", "energy", "4186800", "J"),
        ("02FB1A 6401", "relative_humidity", "35.6", ""),
        ("02FD48 F608", "voltage", "229.4", "V"),
        ("04FD59 26000000", "current", "0.038", "A"),
        ("02FB2C 50C3", "frequency", "-15.536", "Hz"),
        ("0230 100E", "power", "1", "W"),
        ("0226 0200", "operating_time", "7200", "s"),
        ("0240 0A00", "volume_flow", "0.00006", "m3/h"),
        ("042B 01000000", "power", "1", "W"),
        ("0493 7D 01000000", "volume", "1", "m3"),
        ("0494 74 01000000", "volume", "0.0001", "m3"),
        ("0493 7A 01000000", "volume", "0.101", "m3"),
        ("0C93 7B 01000000", "volume", "1.001", "m3"),
        ("02FB5B D400", "flow_temperature", "100", "°C"),
        ("02FB66 4101", "external_temperature", "0.055555555556", "°C"),
        ("02FB63 1200", "temperature_difference", "10", "K"),
        ("0293 14 0500", "volume_relative_deviation", "0.005", ""),
        ("0493 3C 01000000", "volume_backward", "0.001", "m3"),
        ("0493 3A 01000000", "volume_uncorrected", "0.001", "m3"),
        ("02FDC8 FC01 0100", "voltage_l1", "0.1", "V"),
        ("0D13 C3 563412", "volume", "123.456", "m3"),
        ("0D13 D3 563412", "volume", "-123.456", "m3"),
        ("0D13 E2 0100", "volume", "0.001", "m3"),
        ("026E 0500", "heat_cost_allocation", "5", "HCA"),
        ("02FD17 FFFF", "error_flags", "65535", ""),
        ("22FC 03 485225 74 D411", "%RH", "45.64", ""),
        ("227C 03 485225 D411", "%RH", "4564", ""),
    ],
)
def test_number(text, quantity, value, unit):
    record = one(text)
    assert (record.quantity, record.value, record.unit) == (quantity, Decimal(value), unit)
    assert record.raw == text.replace(" ", "")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("426C BF15", "2013-05-31"),
        ("426C 9F2C", "2020-12-31"),
        ("426C 0100", None),
        ("426C FFFF", None),
        ("046D 0B0BCD13", "2014-03-13T11:11:00"),
        ("046D 8B0BCD13", None),
        ("066D 1E0B0BCD1300", "2014-03-13T11:11:30"),
        ("036D 1E0B0B", "11:11:30"),
        ("0C78 39803801", "01388039"),
        ("0DFD0C 06 353331334D45", "EM3135"),
        ("0C13 7A563412", None),
        ("055B 0000C0FF", None),
        ("0013", None),
    ],
)
def test_text_date_or_no_value(text, value):
    assert one(text).value == value


@pytest.mark.parametrize(
    ("text", "function", "storage", "tariff", "subunit"),
    [
        ("4413 00000000", "instantaneous", 1, 0, 0),
        ("1413 00000000", "maximum", 0, 0, 0),
        ("2413 00000000", "minimum", 0, 0, 0),
        ("3413 00000000", "error", 0, 0, 0),
        ("8410 13 00000000", "instantaneous", 0, 1, 0),
        ("8440 13 00000000", "instantaneous", 0, 0, 1),
        ("C4F1 42 13 00000000", "instantaneous", 1 | 1 << 1 | 2 << 5, 3, 3),
        ("848010 13 00000000", "instantaneous", 0, 4, 0),
    ],
)
def test_data_information(text, function, storage, tariff, subunit):
    record = one(text)
    assert (record.function, record.storage) == (function, storage)
    assert (record.tariff, record.subunit) == (tariff, subunit)


def test_storage_takes_the_time_of_its_own_time_point():
    found = decode_records(bytes.fromhex("0413 01000000 046D 0B0BCD13 4413 02000000 426C 9F2C"))
    stamps = {record.storage: record.ts for record in found.records}
    assert stamps == {0: "2014-03-13T11:11:00", 1: "2020-12-31"}


def test_time_of_a_limit_is_the_records_own_time():
    record = one("9410 DA6F 32147A18")
    assert record.quantity == "flow_temperature_last_end"
    assert record.ts == "2011-08-26T20:50:00"


def test_fillers_are_skipped_and_makers_block_kept():
    found = decode_records(bytes.fromhex("2F2F 0413 01000000 2F 0F 010203"))
    assert [record.quantity for record in found.records] == ["volume", "manufacturer_specific"]
    assert found.records[1].value is None and found.records[1].raw == "010203"
    assert not found.more


def test_more_follows():
    found = decode_records(bytes.fromhex("0413 01000000 1F"))
    assert found.more and found.records[-1].raw == ""


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("0413 010000", "truncated"),
        ("84", "truncated"),
        ("04", "truncated"),
        ("0DFD0C 06 3533", "truncated"),
        ("3F", "bad_record"),
        ("0D13 FF", "bad_record"),
        ("84" + "80" * 10 + "00 13 00000000", "bad_record"),
        ("04" + "93" + "BA" * 11 + "3A 00000000", "bad_record"),
    ],
)
def test_what_is_no_record_is_refused(text, code):
    with pytest.raises(FrameError) as caught:
        decode_records(bytes.fromhex(text))
    assert caught.value.code == code


def test_header_cache_does_not_grow_for_ever(monkeypatch):
    monkeypatch.setattr(record_module, "_CACHE_LIMIT", 16)
    for code in range(64):
        decode_records(bytes((0x01, 0xFD, code, 1)))
    assert len(record_module._cache) <= 16
