# SPDX-License-Identifier: MIT
"""IEC 62056-21 readouts: our own cases, and real ones where the data set is here."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from mbus_support import PROTOCOLS, files, needs_data
from protocol_rig import cases, check_case

from actwin_collector.model import FrameError
from actwin_collector.protocol.iec62056_21 import Iec62056Driver, codec
from actwin_collector.protocol.iec62056_21.profile import parse_profile
from actwin_collector.protocol.iec62056_21.values import parse_number

decode = Iec62056Driver.decode
READOUTS = files(PROTOCOLS / "iec62056-21", "*.json")
PROFILES = files(PROTOCOLS / "iec62056-21" / "load_profiles", "*.json")


@pytest.mark.parametrize("folder", cases("iec62056-21"), ids=lambda path: path.name)
def test_case_decodes_as_expected(folder):
    check_case(folder, decode)


@needs_data
@pytest.mark.parametrize("path", READOUTS, ids=lambda path: path.stem)
def test_real_readout_gives_each_listed_data_set(path):
    case = json.loads(path.read_text("utf-8"))
    listed = [(row["code"], row["values"]) for row in case["data_sets"]]
    inputs = [{"text": case["data"]}, {"text": f"{case['identification']}\r\n{case['data']}"}]
    if "wire_hex" in case:
        inputs.append({"telegram": case["wire_hex"]})
    for given in inputs:
        assert [(r.obis, r.raw) for r in decode(given).records] == listed


@needs_data
def test_real_turkish_readout_has_the_meter_and_adds_up():
    case = json.loads((PROTOCOLS / "iec62056-21" / "makel_c520_kmy_2251.json").read_text("utf-8"))
    telegram = decode({"text": f"{case['identification']}\r\n{case['data']}"})
    values = {record.obis: record.value for record in telegram.records}
    assert (telegram.meter.id, telegram.meter.manufacturer) == ("80221569", "MSY")
    assert values["1.8.0"] == Decimal(70677)
    assert values["1.8.0"] == sum(values[f"1.8.{band}"] for band in range(1, 5))
    assert len(telegram.records) == 70


@needs_data
@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.stem)
def test_real_load_profile_gives_a_record_for_each_value(path):
    lines = json.loads(path.read_text("utf-8"))["lines"]
    records = decode({"text": "\r\n".join(lines)}).records
    values = [text for line in lines[1:] for text in line.strip("()").split(")(")]
    assert [record.raw[0] for record in records] == values
    channels = len(records) // (len(lines) - 1)
    assert records[0].ts < records[channels].ts


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("000070.677*kWh", "70677", "Wh"),
        ("01936.631kWh", "1936631", "Wh"),
        ("007206.0 kWh", "7206000", "Wh"),
        ("-1.5*MWh", "-1500000", "Wh"),
        ("+12*kVArh", "12000", "varh"),
        ("15*min", "900", "s"),
        ("3*secs", "3", "s"),
        ("1.5*GJ", "1500000000", "J"),
        ("88*C", "88", "°C"),
        ("013925.5*", "13925.5", ""),
        ("80*Deg", "80", "Deg"),
        ("0.123456789012345678901234567890*kWh", "123.45678901234567890123456789", "Wh"),
    ],
)
def test_number_is_exact_in_a_base_unit(text, value, unit):
    assert parse_number(text) == (Decimal(value), unit)


@pytest.mark.parametrize("text", ["4744xxxx", "R", "", "00-00-00", "1.2.3", "088*C&082*C", "1e5"])
def test_text_is_not_taken_for_a_number(text):
    assert parse_number(text) is None


def test_parity_bits_of_a_device_server_are_dropped():
    wire = codec.frame("1.8.0(000012.345*kWh)\r\n!\r\n")
    even = bytes(byte | 0x80 if byte.bit_count() % 2 else byte for byte in wire)
    telegram = decode({"telegram": even.hex()})
    assert telegram.records[0].value == Decimal(12345)
    assert telegram.meter.extra["check"] == "verified"


@pytest.mark.parametrize(
    "given", [{}, {"text": ""}, {"text": "!"}, {"telegram": "zz"}, {"text": 5}]
)
def test_nothing_readable_is_a_named_error(given):
    with pytest.raises(FrameError):
        decode(given)


@pytest.mark.parametrize(
    "text",
    [
        "P.01(1220823161500)(00)(15)(2)(1.5)(kW)(2.5)(kW)\r\n(0.1)\r\n",
        "P.01(1220823161500)(00)(15)(9)(1.5)(kW)\r\n(0.1)\r\n",
        "P.01(1220823161500)(00)(0)(1)(1.5)(kW)\r\n(0.1)\r\n",
        "P.01(1220823161500)(00)(15)(1)(1.5)(kW)\r\n(x)\r\n",
        "P.01()(00)\r\n",
    ],
)
def test_load_profile_that_does_not_hold_together_is_refused(text):
    with pytest.raises(FrameError):
        parse_profile(text)


@pytest.mark.parametrize(
    ("text", "code", "value", "unit", "ts"),
    [
        ("1-0:1.7.255*255(000112.22*W)", "1-0:1.7.255*255", "112.22", "W", None),
        ("1-0:1.6.1*01(0.123*kW)(210115000015)", "1-0:1.6.1*01", "123", "W", "2021-01-15T00:00:15"),
        ("1-0:1.6.0(200509134558S)(02.589*kW)", "1-0:1.6.0", "2589", "W", "2020-05-09T13:45:58"),
        ("0-1:24.2.3(200512134558S)(00112.384*m3)", "0-1:24.2.3", "112.384", "m3",
         "2020-05-12T13:45:58"),
        ("0-1:24.3.0(121030140000)(00)(60)(1)(0-1:24.2.1)(m3)\r\n(00024.123)", "0-1:24.3.0",
         "24.123", "m3", "2012-10-30T14:00:00"),
        ("6.26(00.5 *m3)9.4(088*C&082*C)", "6.26", "0.5", "m3", None),
    ],
)
def test_forms_of_other_makers(text, code, value, unit, ts):
    (record, *_) = decode({"text": f"/KAM MC\r\n{text}\r\n!\r\n"}).records
    assert (record.obis, record.value, record.unit, record.ts) == (code, Decimal(value), unit, ts)


def test_p1_crc_decides_whether_a_telegram_is_verified():
    text = "/ISK5\\2M550T-1012\r\n\r\n0-0:96.1.1(3132333435363738)\r\n1-0:1.8.1(1.5*kWh)\r\n!"
    checked = text + f"{codec.crc16(text.encode()):04X}\r\n"
    meter = decode({"text": checked}).meter
    assert (meter.extra["check"], meter.id) == ("verified", "12345678")
    assert decode({"text": checked.replace("1.5", "1.4")}).meter.extra["check"] == "damaged"


@pytest.mark.parametrize(
    ("cells", "values", "status"),
    [
        ("(00.123)(00.010)(00)", ["0.123", "0.010"], "00"),
        ("(00.123)(00.010)", ["0.123", "0.010"], ""),
        ("(123)(10)(00000000)", ["123", "10"], "00000000"),
    ],
)
def test_dated_row_of_a_profile_ends_in_a_status_or_not(cells, values, status):
    records = parse_profile(f"P.01(26-06-06,18:45){cells}\r\n")
    assert [str(record.value) for record in records] == values
    assert {record.raw[1] for record in records} == {status}


def test_dated_header_of_a_profile_names_its_channels():
    text = "P.01(26-06-06,18:45)(00)(15)(2)(1.5.0)(kW)(5.5.0)(kvar)\r\n(1.5)(0.5)\r\n(2.5)(0.0)\r\n"
    records = parse_profile(text)
    assert [(r.obis, str(r.value), r.unit) for r in records[:2]] == [
        ("1.5.0", "1500.0", "W"),
        ("5.5.0", "500.0", "var"),
    ]
    assert records[2].ts == "2026-06-06T19:00:00"


def test_readout_in_the_place_of_hex_and_a_name_in_hex():
    text = "/Lux5\\25\r\n\r\n1-0:1.8.0(000006.695*kWh)\r\n0-0:42.0.0(53414731303330)\r\n!\r\n"
    assert Iec62056Driver.decode({"telegram": text}) == Iec62056Driver.decode({"text": text})
    written = text.replace("\r\n", "\\r\\n")
    assert Iec62056Driver.decode({"telegram": written}) == Iec62056Driver.decode({"text": text})
    assert Iec62056Driver.decode({"telegram": text}).meter.id == "53414731303330"
    longer = text.replace("53414731303330", "5341473130333030")
    assert Iec62056Driver.decode({"text": longer}).meter.id == "SAG10300"
    with pytest.raises(FrameError):
        Iec62056Driver.decode({"telegram": "no readout (at all)"})
