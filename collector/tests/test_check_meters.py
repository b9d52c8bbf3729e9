# SPDX-License-Identifier: MIT
"""IEC 62056-21, M-Bus and DLMS meters set up wrongly on purpose."""

from __future__ import annotations

import asyncio
import termios
from decimal import Decimal

import pytest
from dlms_support import AUTHENTICATION, ENCRYPTION, running_meter
from field_rig import Field, Silent, check, rtu_units, site, tcp_units, unit

from actwin_collector.diagnose.case import Attempt, Case
from actwin_collector.diagnose.iec62056 import Iec62056Diagnoser
from actwin_collector.model import ConfigError, DeviceSpec, LineSpec
from actwin_collector.protocol.dlms import hdlc, wrapper
from actwin_collector.simulate.iec62056 import IecMeterSession
from actwin_collector.simulate.mbus import MbusBus, SimulatedMeter

READOUT = "0.0.0(80000001)\r\n1.8.0(0012345.678*kWh)\r\n!\r\n"
PARAMETERS = [{"register": "1.8.0", "channel": "C1/T:1.8.0", "unit": "kWh"}]
BOTH = f"{ENCRYPTION}:{AUTHENTICATION}"
TITLE = "4143540000000001"


def iec_meter():
    return IecMeterSession("/ACT5PROD", "80000001", lambda mode: READOUT)


class Parity:
    """A meter on a device server fixed to 8N1: it hears only characters with even parity."""

    def __init__(self) -> None:
        self._meter = iec_meter()

    def feed(self, data: bytes) -> bytes:
        even = all(byte.bit_count() % 2 == 0 for byte in data)
        return self._meter.feed(data) if even else b""


class AtSpeed:
    """A meter on a pty that hears nothing unless the port has its speed."""

    def __init__(self, inner, speed, path) -> None:
        self._inner, self._speed, self._path = inner, speed, path

    def feed(self, data: bytes) -> bytes:
        with open(self._path, "rb", buffering=0) as port:
            speed = termios.tcgetattr(port)[4]
        return self._inner.feed(data) if speed == self._speed else b""


def iec(address="80000001", **settings):
    settings = {"char_timeout": 0.3, **settings}
    return {"driver": "iec62056-21", "address": address, "settings": settings,
            "parameters": PARAMETERS}


def one(tmp_path, device, line, limit="15"):
    code, findings = check(tmp_path, site(tmp_path, device, line), "--limit", limit)
    assert len(findings) == 1, findings
    assert code == (1 if findings[0]["severity"] == "mistake" else 0)
    return findings[0]


def on_tcp(tmp_path, new_session, device, limit="15", **line):
    with Field() as field:
        return one(tmp_path, device, {"port": field.tcp(new_session), **line}, limit)


def on_pty(tmp_path, new_session, device, limit="15", **line):
    path = tmp_path / "port"
    with Field() as field:
        field.pty(lambda: new_session(path), path)
        return one(tmp_path, device, {"kind": "serial", "device_path": path, **line}, limit)


def test_a_wrong_iec_address_names_the_meter_that_is_there(tmp_path):
    finding = on_tcp(tmp_path, iec_meter, iec("99999999"))
    assert (finding["code"], finding["value"]) == ("wrong_address", "80000001")
    assert "/ACT5PROD" in finding["seen"]


def test_another_meter_than_the_one_configured(tmp_path):
    finding = on_tcp(tmp_path, iec_meter, iec("", serial="80000002"))
    assert finding["code"] == "wrong_address" and "80000001" in finding["seen"]


def test_a_meter_that_goes_over_to_dlms(tmp_path):
    def session():
        return IecMeterSession("/LGZ4\\2ZMF100AC.M26", "80000001", lambda mode: "")

    finding = on_tcp(tmp_path, session, iec())
    assert (finding["code"], finding["value"]) == ("wrong_driver", "dlms, true")


@pytest.mark.parametrize("code", ["password_missing", "password_refused", "password_disabled"])
def test_what_is_wrong_with_a_password_says_what_to_do(code):
    case = Case(DeviceSpec("T", "iec62056-21", "L1"), LineSpec("L1", "tcp"))
    attempt = Attempt(error=ConfigError("told", code))
    (finding,) = asyncio.run(Iec62056Diagnoser().refused(case, attempt))
    assert finding.code == code and finding.change and finding.key


def test_a_meter_that_needs_parity_bits(tmp_path):
    finding = on_tcp(tmp_path, Parity, iec())
    assert (finding["code"], finding["key"]) == ("needs_7e1", "software_7e1")


def test_an_iec_meter_with_one_speed_on_a_line_that_opens_at_300(tmp_path):
    finding = on_pty(tmp_path, lambda path: AtSpeed(iec_meter(), termios.B9600, path), iec())
    assert finding["code"] == "wrong_speed" and "9600" in finding["value"]


def test_a_modbus_meter_at_another_speed(tmp_path):
    meter = rtu_units({3: unit(u=231.5)})
    registers = [{"name": "voltage_l1", "address": 0, "type": "float32", "unit": "V"}]
    device = {"driver": "modbus", "address": "3", "settings": {"map": {"register": registers}}}
    finding = on_pty(
        tmp_path, lambda path: AtSpeed(meter(), termios.B19200, path), device, baudrate=9600
    )
    assert finding["code"] == "wrong_serial_form" and finding["where"] == "line L1"
    assert finding["value"].startswith("19200") and "19200 Bd" in finding["seen"]


def test_a_dead_serial_line(tmp_path):
    finding = on_pty(tmp_path, lambda path: Silent(), iec(mode="fixed"), "4", baudrate=9600)
    assert finding["code"] == "line_silent" and "Swap A and B" in finding["change"]


@pytest.mark.parametrize(
    "configured, new_session, speaks",
    [
        ("modbus", iec_meter, "iec62056-21"),
        ("iec62056-21", tcp_units({1: unit(u=230.0)}), "modbus"),
        ("mbus", tcp_units({1: unit(u=230.0)}), "modbus"),
    ],
)
def test_the_wrong_driver(tmp_path, configured, new_session, speaks):
    device = {"driver": configured, "address": "1", "settings": {}}
    if configured == "modbus":
        device["settings"] = {"map": {"register": [{"name": "voltage_l1", "address": 0}]}}
    finding = on_tcp(tmp_path, new_session, device, limit="6")
    assert (finding["code"], finding["value"]) == ("wrong_driver", speaks)


def water(address, serial):
    return SimulatedMeter(lambda now: {"volume": Decimal(12)}, id=serial, address=address)


def mbus(address):
    parameters = [{"register": "volume", "channel": "C1/T:v", "unit": "m3"}]
    return {"driver": "mbus", "address": address, "parameters": parameters}


def test_a_wrong_mbus_address_lists_the_bus(tmp_path):
    bus = MbusBus([water(3, "11111111"), water(4, "22222222")])
    finding = on_tcp(tmp_path, bus.session, mbus("9"))
    assert finding["code"] == "wrong_address"
    assert "11111111" in finding["seen"] and "22222222" in finding["seen"]


def test_two_mbus_meters_with_the_same_address(tmp_path):
    bus = MbusBus([water(0, "11111111"), water(0, "22222222")])
    finding = on_tcp(tmp_path, bus.session, mbus("0"))
    assert finding["code"] == "collision" and "22222222" in finding["seen"]


def dlms(secret="", address="1", **settings):
    parameters = [{"register": "1.0.1.8.0.255", "channel": "C1/T:1.8.0", "unit": "kWh"}]
    return {"driver": "dlms", "address": address, "settings": settings, "secret": secret,
            "parameters": parameters}


GMAC = {"authentication": "gmac", "system_title": "4143544300000001"}


@pytest.mark.parametrize(
    "name, device, code",
    [
        ("key", dlms(f"{AUTHENTICATION}:{AUTHENTICATION}", **GMAC), "wrong_key"),
        ("suite", dlms(BOTH, suite=1, **GMAC), "wrong_suite"),
        ("password", dlms("not-this-one", authentication="low", client=2), "wrong_password"),
        ("framing", dlms(framing="hdlc"), "wrong_framing"),
    ],
)
def test_each_dlms_mistake_is_told_from_the_others(tmp_path, name, device, code):
    with running_meter("wrapper") as (_, address):
        port = int(address.rpartition(":")[2])
        finding = one(tmp_path, device, {"port": port, "timeout_s": 1.0})
    assert finding["code"] == code, finding
    shown = str(finding)
    assert ENCRYPTION not in shown and AUTHENTICATION not in shown and "not-this-one" not in shown


@pytest.mark.parametrize(
    "framing, wire_address, device, value",
    [
        ("wrapper", b"", dlms(address="7"), "1"),
        ("hdlc", b"\x02\x23", dlms(address="1/5", framing="hdlc"), "1/17"),
    ],
)
def test_a_wrong_dlms_address_is_found(tmp_path, framing, wire_address, device, value):
    class Meter:
        """Answers the public client at one address only."""

        def feed(self, data: bytes) -> bytes:
            if framing == "hdlc" and data[3:5] == wire_address:
                return hdlc.build(b"\x21", wire_address, hdlc.UA)
            if framing == "wrapper" and data[:6] == b"\0\1\0\x10\0\1":
                return wrapper.build(1, 16, bytes.fromhex("6103A20100"))
            return b""

    finding = on_tcp(tmp_path, Meter, device)
    assert (finding["code"], finding["value"]) == ("wrong_address", value)


def test_a_meter_clock_that_is_off_is_a_warning(tmp_path):
    readout = "0.9.1(01:00:00)\r\n0.9.2(20-01-01)\r\n" + READOUT
    finding = on_tcp(
        tmp_path, lambda: IecMeterSession("/ACT5PROD", "80000001", lambda mode: readout), iec()
    )
    assert (finding["code"], finding["severity"]) == ("clock_off", "warning")


def test_a_register_the_meter_does_not_have_lists_those_it_has(tmp_path):
    device = iec()
    device["parameters"] = [{"register": "9.9.9", "channel": "C1/T:x", "unit": "kWh"}]
    finding = on_tcp(tmp_path, iec_meter, device)
    assert finding["code"] == "missing_register" and "1.8.0" in finding["means"]


def test_an_unknown_port_lists_those_there_are(tmp_path):
    finding = one(tmp_path, iec(), {"kind": "serial", "device_path": "/dev/ttyNONE"})
    assert (finding["code"], finding["key"]) == ("port_missing", "device_path")
