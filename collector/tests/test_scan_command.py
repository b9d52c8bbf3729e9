# SPDX-License-Identifier: MIT
"""``scan`` as a technician runs it, against simulated lines."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import termios
import time
from contextlib import suppress
from decimal import Decimal

import pytest
from dlms_support import running_meter
from field_rig import Field, rtu_units, site, tcp_units, unit
from line_meter import command
from test_check_meters import AtSpeed, dlms, iec, iec_meter, mbus

from actwin_collector.cli.scan import Hunt
from actwin_collector.simulate.mbus import MbusBus, SimulatedMeter

REGISTERS = [{"name": "voltage_l1", "address": 0, "type": "float32", "unit": "V"}]
MODBUS = {"driver": "modbus", "address": "1", "settings": {"map": {"register": REGISTERS}}}


def scan(folder, path, *words):
    """Run a scan; returns its JSON answer."""
    done = command(folder, "scan", "L1", "--config", path, "--json", *words, timeout=120)
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


def found(answer):
    return [each["address"] for each in answer["found"]]


def test_modbus_unit_ids(tmp_path):
    with Field() as field:
        port = field.tcp(tcp_units({2: unit(u=230.0), 4: unit(u=231.0)}))
        path = site(tmp_path, MODBUS, {"port": port})
        answer = scan(tmp_path, path, "--like", "T", "--addresses", "1-6")
    assert found(answer) == ["2", "4"] and answer["complete"]


def test_serial_numbers_from_a_file(tmp_path):
    (tmp_path / "serials").write_text("80000009\n80000001  # hall 3\n")
    with Field() as field:
        path = site(tmp_path, iec(), {"port": field.tcp(iec_meter)})
        answer = scan(
            tmp_path, path, "--driver", "iec62056-21", "--setting", "mode=fixed",
            "--addresses", "@serials",
        )
    assert found(answer) == ["80000001"]


def test_mbus_by_secondary_search(tmp_path):
    def water(serial):
        return SimulatedMeter(lambda now: {"volume": Decimal(1)}, id=serial)

    bus = MbusBus([water("11111111"), water("11111112")])
    with Field() as field:
        path = site(tmp_path, mbus("1"), {"port": field.tcp(bus.session)})
        answer = scan(tmp_path, path, "--driver", "mbus", "--timeout", "0.05")
    assert [address[:8] for address in found(answer)] == ["11111111", "11111112"]


def test_usual_dlms_addresses(tmp_path):
    with running_meter("wrapper") as (_, address):
        path = site(tmp_path, dlms(), {"port": int(address.rpartition(":")[2])})
        answer = scan(tmp_path, path, "--driver", "dlms", "--timeout", "1")
    assert "1" in found(answer) and answer["found"][0]["meter"]


def test_all_usual_speeds_of_a_serial_line(tmp_path):
    meter, port = rtu_units({5: unit(u=230.0)}), tmp_path / "port"
    with Field() as field:
        field.pty(lambda: AtSpeed(meter(), termios.B19200, port), port)
        path = site(tmp_path, MODBUS, {"kind": "serial", "device_path": port, "baudrate": 9600})
        answer = scan(
            tmp_path, path, "--like", "T", "--addresses", "5", "--forms", "--timeout", "0.2"
        )
        plain = command(tmp_path, "scan", "L1", "--config", path, "--like", "T", "--addresses", "5")
    assert {each["form"].split()[0] for each in answer["found"]} == {"19200"}
    assert plain.returncode == 1 and "0 found" in plain.stdout


def test_a_scan_ends_at_its_limit_and_tells_what_it_has(tmp_path):
    with Field() as field:
        path = site(tmp_path, MODBUS, {"port": field.tcp(rtu_units({1: unit(u=230.0)})),
                                       "kind": "rtu_tcp"})
        answer = scan(
            tmp_path, path, "--like", "T", "--timeout", "0.3", "--limit", "1.5"
        )
    assert found(answer) == ["1"] and not answer["complete"]


def test_an_interrupted_scan_was_not_in_vain(tmp_path):
    with Field() as field:
        path = site(tmp_path, MODBUS, {"port": field.tcp(rtu_units({1: unit(u=230.0)})),
                                       "kind": "rtu_tcp"})
        process = subprocess.Popen(
            [sys.executable, "-m", "actwin_collector", "scan", "L1", "--config", path,
             "--like", "T", "--timeout", "0.3"],
            cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        first = process.stdout.readline()
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=60)
    assert first.split()[0] == "1"
    assert "1 found (not all asked)" in rest and "Traceback" not in errors


def test_forms_need_a_serial_line(tmp_path):
    path = site(tmp_path, MODBUS, {"port": 1})
    done = command(tmp_path, "scan", "L1", "--config", path, "--like", "T", "--forms")
    assert done.returncode == 1 and "has no speed to try" in done.stderr


def test_an_interruption_that_a_wait_swallowed_ends_the_scan_all_the_same():
    hunt = Hunt(as_json=False, limit=60)

    async def scan():
        asyncio.current_task().cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(0)
        hunt.step()

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(scan())
    assert hunt.asked == 1
