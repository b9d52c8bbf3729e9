# SPDX-License-Identifier: MIT
"""``check`` against the shipped simulators, both as processes: each mistake by its name."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from field_rig import check, site
from line_meter import environment

ENCRYPTION = "000102030405060708090A0B0C0D0E0F"
AUTHENTICATION = "D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF"
KEYS = f"{ENCRYPTION}:{AUTHENTICATION}"
KEYED = f'encryption_key = "{ENCRYPTION}", authentication_key = "{AUTHENTICATION}"'
METERS = {
    "IEC": 'protocol = "iec62056-21", port = 0, settings = { password = "12345678" }',
    "PARITY": 'protocol = "iec62056-21", port = 1, settings = { parity = true }',
    "PROTOCOL2": 'protocol = "iec62056-21", port = 2, settings = { protocol = "2" }',
    "MODE_C": 'protocol = "iec62056-21", pty = "mode-c"',
    "STAYS": 'protocol = "iec62056-21", pty = "stays", settings = { stays = true }',
    "FIXED": 'protocol = "iec62056-21", pty = "fixed", speed = 9600',
    "MODE_D": 'protocol = "iec62056-21-push", port = 3, settings = { kind = "d", every = 1 }',
    "OPEN": 'protocol = "dlms", port = 10',
    "PASSWORD": 'protocol = "dlms", port = 11, settings = { password = "training" }',
    "KEYED": f'protocol = "dlms", port = 12, settings = {{ {KEYED} }}',
    "SUITE1": f'protocol = "dlms", port = 13, settings = {{ suite = 1, {KEYED} }}',
    "HDLC": 'protocol = "dlms", port = 14, unit = 3, settings = { framing = "hdlc" }',
    "MODE_E": 'protocol = "dlms", pty = "mode-e",'
    ' settings = { framing = "hdlc", mode_e = true }',
    "SLOW": 'protocol = "dlms", pty = "slow", speed = 19200, settings = { framing = "hdlc" }',
    "MODBUS": 'protocol = "modbus", port = 20, unit = 4, map = "eastron_sdm630"',
    "SWAPPED": 'protocol = "modbus", port = 21, map = "carlo_gavazzi_em330"',
    "RTU": 'protocol = "modbus", pty = "rtu", speed = 19200, map = "eastron_sdm630"',
    "MBUS": 'protocol = "mbus", port = 30, unit = 5',
    "MBUS_PTY": 'protocol = "mbus", pty = "mbus", unit = 5, speed = 2400',
}
WATER = {"MBUS", "MBUS_PTY"}
ENERGY = [{"register": "1.8.0", "channel": "C1/T:1.8.0", "unit": "kWh"}]


@pytest.fixture(scope="module")
def meters(tmp_path_factory):
    """Where each simulated meter is: ``host:port`` or the path of its pty."""
    folder = tmp_path_factory.mktemp("field")
    rows = [
        f'{{ key = "{key}", serial = "{80360001 + at}", peak = 9000,'
        f' profile = "{"water" if key in WATER else "workshop"}",'
        f" inductive = 150, {more} }}"
        for at, (key, more) in enumerate(METERS.items())
    ]
    scenario, ready = folder / "scenario.toml", folder / "ready"
    table = ",\n".join(rows)
    scenario.write_text(
        f'site = "S"\nseed = 7\nfirst_day = 2026-01-01\nmeter = [\n{table}\n]\n'
    )
    command = ["simulate", "run", "--scenario", scenario, "--port-base", "0",
               "--pty-dir", folder / "ptys", "--ready-file", ready]  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "actwin_collector", *map(str, command)], env=environment(folder)
    )
    try:
        for _ in range(600):
            if ready.exists() or process.poll() is not None:
                break
            time.sleep(0.1)
        yield json.loads(ready.read_text())
    finally:
        process.terminate()
        process.wait(30)


def serial_of(key):
    return str(80360001 + list(METERS).index(key))


def line_to(place, **line):
    if place.startswith("/"):
        return {"kind": "serial", "device_path": Path(place), "baudrate": 9600, **line}
    return {"port": int(place.rpartition(":")[2]), **line}


def looked_at(tmp_path, place, device, limit="30", **line):
    """Check one device; returns exit code and findings."""
    path = site(tmp_path, device, line_to(place, **{"timeout_s": 0.8, **line}))
    return check(tmp_path, path, "--limit", limit)


def iec(address="", secret="", **settings):
    return {"driver": "iec62056-21", "address": address, "secret": secret,
            "settings": {"char_timeout": 0.3, **settings},
            "parameters": ENERGY}  # fmt: skip


def dlms(secret="", address="1", **settings):
    return {"driver": "dlms", "address": address, "settings": settings, "secret": secret,
            "parameters": ENERGY}  # fmt: skip


def gmac(secret, **settings):
    more = {"authentication": "gmac", "system_title": "4143544300000001", **settings}
    return dlms(secret, **more)


def modbus(address, map="eastron_sdm630"):
    return {"driver": "modbus", "address": address, "settings": {"map": map}}


def mbus(address):
    return {"driver": "mbus", "address": address,
            "parameters": [{"register": "volume", "channel": "C1/T:v", "unit": "m3"}]}  # fmt: skip


RIGHT = [
    ("IEC", iec("80360001", "12345678"), {}),
    ("PARITY", iec(), {"software_7e1": True}),
    ("PROTOCOL2", iec(protocol="2"), {}),
    ("MODE_C", iec(), {}),
    ("STAYS", iec(max_speed="0"), {}),
    ("FIXED", iec(mode="fixed"), {}),
    ("OPEN", dlms(), {}),
    ("PASSWORD", dlms("training", authentication="low"), {}),
    ("KEYED", gmac(KEYS), {}),
    ("SUITE1", gmac(KEYS, suite=1), {}),
    ("HDLC", dlms(address="3", framing="hdlc"), {}),
    ("MODE_E", dlms(mode_e=True), {}),
    ("SLOW", dlms(), {"baudrate": 19200}),
    ("MODBUS", modbus("4"), {}),
    ("SWAPPED", modbus("1", "carlo_gavazzi_em330"), {}),
    ("RTU", modbus("1"), {"baudrate": 19200}),
    ("MBUS", mbus("5"), {}),
    ("MBUS_PTY", mbus("5"), {"baudrate": 2400, "parity": "E"}),
]


@pytest.mark.parametrize("key, device, line", RIGHT, ids=[row[0] for row in RIGHT])
def test_a_right_device_has_no_finding(tmp_path, meters, key, device, line):
    assert looked_at(tmp_path, meters[key], device, **line) == (0, [])


OTHER = "F" * 32
SWAPPED_MAP = {
    "register": [
        {"name": "voltage_l1", "address": 0, "type": "int32", "unit": "V", "scale": "0.1",
         "function": 4},
        {"name": "frequency", "address": 51, "type": "int16", "unit": "Hz", "scale": "0.1",
         "function": 4},
    ]
}  # fmt: skip
WRONG = [
    # mistake, meter, device, line → code, key, value
    ("IEC address", "IEC", iec("99999999"), {}, "wrong_address", "address", "80360001"),
    ("IEC serial", "IEC", iec(serial="123"), {}, "wrong_address", "settings.serial", ""),
    ("IEC parity", "PARITY", iec(), {}, "needs_7e1", "software_7e1", "true"),
    ("IEC speed", "FIXED", iec(mode="fixed"), {"baudrate": 4800},
     "wrong_serial_form", "baudrate, bytesize, parity", "9600, 7, E"),
    ("fixed taken for C", "FIXED", iec(), {}, "wrong_speed", "settings.mode",
     "fixed, baudrate 9600"),
    ("C taken for fixed", "MODE_C", iec(mode="fixed"), {"baudrate": 300},
     "wrong_mode", "settings.mode", "c"),
    ("speed kept", "STAYS", iec(), {}, "wrong_mode", "settings.max_speed", "0"),
    ("protocol character", "PROTOCOL2", iec(), {}, "wrong_mode", "settings.protocol", "2"),
    ("IEC password", "IEC", iec(secret="99887766"), {}, "password_refused", "secret", ""),
    ("no IEC password", "IEC", iec(read_with_password=True), {}, "password_missing", "secret", ""),
    ("IEC for DLMS", "OPEN", iec(), {}, "wrong_driver", "driver", "dlms"),
    ("IEC for mode E", "MODE_E", iec(), {}, "wrong_driver", "driver, settings.mode_e",
     "dlms, true"),
    ("DLMS address", "OPEN", dlms(address="7"), {}, "wrong_address", "address", "1"),
    ("HDLC address", "HDLC", dlms(address="9", framing="hdlc"), {}, "wrong_address", "address",
     "3"),
    ("hdlc for wrapper", "OPEN", dlms(framing="hdlc"), {}, "wrong_framing", "settings.framing",
     "wrapper"),
    ("wrapper for hdlc", "HDLC", dlms(address="3"), {}, "wrong_framing", "settings.framing",
     "hdlc"),
    ("mode E missed", "MODE_E", dlms(), {}, "wrong_mode", "settings.mode_e", "true"),
    ("mode E in vain", "SLOW", dlms(mode_e=True), {"baudrate": 19200},
     "wrong_mode", "settings.mode_e", "false"),
    ("DLMS speed", "SLOW", dlms(), {}, "wrong_serial_form", "baudrate", "19200"),
    ("DLMS password", "PASSWORD", dlms(OTHER, authentication="low"), {}, "wrong_password",
     "secret", ""),
    ("nothing for password", "PASSWORD", dlms(client=1), {}, "wrong_authentication",
     "settings.authentication", ""),
    ("nothing for keys", "KEYED", dlms(client=1), {}, "wrong_authentication",
     "settings.authentication", ""),
    ("password for keys", "KEYED", dlms(OTHER, authentication="low"), {},
     "wrong_authentication", "settings.authentication", ""),
    ("keys for password", "PASSWORD", gmac(KEYS), {}, "wrong_authentication",
     "settings.authentication", ""),
    ("encryption key", "KEYED", gmac(f"{OTHER}:{AUTHENTICATION}"), {}, "wrong_key", "secret", ""),
    ("authentication key", "KEYED", gmac(f"{ENCRYPTION}:{OTHER}"), {}, "wrong_key", "secret", ""),
    ("keys swapped", "KEYED", gmac(f"{AUTHENTICATION}:{ENCRYPTION}"), {}, "wrong_key", "secret",
     ""),
    ("suite", "SUITE1", gmac(KEYS), {}, "wrong_suite", "settings.suite", "1"),
    ("system title", "KEYED", gmac(KEYS, meter_title="4143540000000009"), {}, "wrong_address",
     "settings.meter_title", ""),
    ("DLMS for IEC", "IEC", dlms(), {}, "wrong_driver", "driver", "iec62056-21"),
    ("unit id", "MODBUS", modbus("9"), {}, "wrong_unit", "address", "4"),
    ("word order", "SWAPPED", modbus("1", SWAPPED_MAP), {}, "wrong_word_order", "settings.map",
     'word_order = "little", byte_order = "big"'),
    ("another map", "MODBUS", modbus("4", "carlo_gavazzi_em330"), {}, "implausible",
     "settings.map", ""),
    ("Modbus speed", "RTU", modbus("1"), {}, "wrong_serial_form", "baudrate", "19200"),
    ("M-Bus address", "MBUS", mbus("99"), {}, "wrong_address", "address",
     f"{serial_of('MBUS')}39080107"),
    ("M-Bus speed", "MBUS_PTY", mbus("5"), {"parity": "E"}, "wrong_serial_form", "baudrate",
     "2400"),
]  # fmt: skip


@pytest.mark.parametrize(
    "name, key, device, line, code, setting, value", WRONG, ids=[row[0] for row in WRONG]
)
def test_each_mistake_is_named(tmp_path, meters, name, key, device, line, code, setting, value):
    ended, findings = looked_at(tmp_path, meters[key], device, **line)
    # A poll of a whole readout every minute is too much for 300 Bd: another mistake, seen too.
    [found] = [each for each in findings if each["code"] != "busy_line"]
    assert ended == 1
    assert (found["code"], found["key"], found["value"]) == (code, setting, value)
    of_line = code in ("wrong_serial_form", "needs_7e1")
    assert found["where"] == ("line L1" if of_line else "device T")
    assert found["means"] and found["change"]
    shown = json.dumps(findings)
    assert not any(secret in shown for secret in (ENCRYPTION, AUTHENTICATION, OTHER, "99887766"))


def test_a_refused_password_is_not_given_again_until_it_is_changed(tmp_path, meters):
    codes = []
    for secret in ("99887766", "99887766", "12345678"):
        _, findings = looked_at(tmp_path, meters["IEC"], iec(secret=secret))
        codes.append([found["code"] for found in findings])
    assert codes == [["password_refused"], ["password_disabled"], []]
