# SPDX-License-Identifier: MIT
"""``simulate history`` and ``simulate run`` as a user calls them."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from protocol_rig import device, read, serial_link

from actwin_collector.__main__ import main
from actwin_collector.outbox import Outbox
from actwin_collector.protocol.modbus import ModbusDriver
from actwin_collector.simulate.scenario import load_scenario

SCENARIO = """
site = "S"
seed = 5
first_day = 2026-08-01
[[meter]]
key = "T"
serial = "80000001"
protocol = "iec62056-21"
port = 0
profile = "workshop"
peak = 60_000
[[meter]]
key = "R"
serial = "80000002"
protocol = "modbus"
map = "eastron_sdm630"
pty = "rtu"
unit = 4
profile = "two_shift"
peak = 90_000
opening = [123_456_789, 0, 0]
[[meter]]
key = "W"
serial = "80000003"
protocol = "mbus"
port = 1
profile = "water"
peak = 5000
"""
FROM, TO = "2026-09-01T00:00:00+03:00", "2026-09-02T00:00:00+03:00"
START = int(datetime.fromisoformat(FROM).timestamp())


def parameter(register, unit, scale="1"):
    return {"register": register, "channel": f"S/{register}", "unit": unit, "scale": scale}


def site_document():
    def one(key, driver, *parameters):
        rows = [{**row, "channel": f"S/{key}:{row['register']}"} for row in parameters]
        return {"key": key, "driver": driver, "line": "l", "schedule": "s", "parameters": rows}

    return {
        "version": 1,
        "lines": [{"key": "l", "kind": "tcp", "host": "127.0.0.1", "port": 1}],
        "schedules": [{"key": "s"}],
        "devices": [
            one("T", "iec62056-21", parameter("1.8.0", "kWh"), parameter("1.8.2", "kWh", "2")),
            one("R", "modbus", parameter("1.8.0", "kWh"), parameter("voltage_l1", "V")),
            one("W", "mbus", parameter("volume", "m3")),
            one("REAL", "mbus", parameter("energy", "kWh")),
        ],
    }


@pytest.fixture
def files(tmp_path):
    (tmp_path / "scenario.toml").write_text(SCENARIO)
    (tmp_path / "site.json").write_text(json.dumps(site_document()))
    return tmp_path


def write_history(files, *more, outbox="outbox.db"):
    return main(
        ["simulate", "history", "--scenario", str(files / "scenario.toml"),
         "--config", str(files / "site.json"), "--from", FROM, "--to", TO,
         "--outbox", str(files / outbox), *more]
    )  # fmt: skip


def taken(path):
    with closing(Outbox(path)) as outbox:
        return outbox.take(100_000).readings


def test_history_is_what_the_meters_show_in_slot_order(files, capsys):
    assert write_history(files) == 0
    captured = capsys.readouterr()
    assert captured.out == "480 readings of 5 channels\n" and "REAL" in captured.err
    readings = taken(files / "outbox.db")
    stamps = [reading.ts for reading in readings]
    assert stamps == sorted(stamps)
    assert sorted(set(stamps)) == list(range(START + 900, START + 86_401, 900))
    known = load_scenario(files / "scenario.toml")
    for reading in readings:
        key, _, register = reading.channel.removeprefix("S/").partition(":")
        factor = 2 if register == "1.8.2" else 1
        assert Decimal(reading.value) == known.index_at(key, register, reading.ts) * factor
        assert reading.status == 0


def test_history_twice_adds_nothing(files, capsys):
    write_history(files)
    assert write_history(files) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "0 readings of 5 channels"


def test_history_in_other_steps_agrees_where_they_meet(files):
    write_history(files)
    write_history(files, "--step", "450", outbox="fine.db")
    fine = {(r.channel, r.ts): r.value for r in taken(files / "fine.db")}
    assert len(fine) == 960
    assert all(fine[r.channel, r.ts] == r.value for r in taken(files / "outbox.db"))


@pytest.mark.parametrize(
    "more",
    [
        ["--step", "0"],
        ["--from", "2027-01-01T00:00:00Z"],
        ["--config", "/nowhere.json"],
        ["--scenario", "nowhere"],
    ],
)
def test_history_with_wrong_options_says_why(files, capsys, more):
    assert write_history(files, *more) == 1
    assert capsys.readouterr().err.startswith("actwin-collector: ")


def test_register_the_meter_lacks_is_named(files, capsys):
    document = site_document()
    document["devices"][0]["parameters"][0]["register"] = "99.9.9"
    (files / "site.json").write_text(json.dumps(document))
    assert write_history(files) == 1
    assert "99.9.9" in capsys.readouterr().err


def test_run_serves_until_told_to_stop(files):
    ready = files / "ready.json"
    ready.write_text("{}")  # left by a run that was killed
    command = [sys.executable, "-m", "actwin_collector", "simulate", "run",
               "--scenario", str(files / "scenario.toml"), "--port-base", "0",
               "--pty-dir", str(files / "run"), "--ready-file", str(ready)]  # fmt: skip
    with subprocess.Popen(command) as process:
        try:
            addresses = wait_for(ready, process)
            assert set(addresses) == {"T", "R", "W"}
            spec = device("modbus", "1.8.0", address="4", map="eastron_sdm630")
            before = int(datetime.now(UTC).timestamp())
            sample = read(ModbusDriver(), serial_link(addresses["R"]), spec).samples["1.8.0"]
            after = int(datetime.now(UTC).timestamp())
            known = load_scenario(files / "scenario.toml")
            shown = {known.index_at("R", "1.8.0", at) * 1000 for at in range(before, after + 1)}
            assert sample.value in shown
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
    assert not ready.exists() and not (files / "run" / "rtu").is_symlink()


def wait_for(ready, process):
    for _ in range(600):
        if ready.exists() and (found := json.loads(ready.read_text())):
            return found
        assert process.poll() is None
        time.sleep(0.05)
    raise AssertionError("the simulator did not become ready")


@pytest.mark.parametrize("mode", ["modem", "push"])
def test_simulate_carries_a_meter_until_told_to_stop(mode):
    with socket.create_server(("127.0.0.1", 0)) as collector, socket.create_server(
        ("127.0.0.1", 0)
    ) as meter:
        there = "{}:{}".format(*collector.getsockname())
        words = ["--hello", r"IMEI=1\r\n"] if mode == "modem" else ["--body", "hex"]
        process = subprocess.Popen(
            [sys.executable, "-m", "actwin_collector", "simulate", mode, *words,
             "--meter", "{}:{}".format(*meter.getsockname()),
             "--to", there if mode == "modem" else f"tcp://{there}"]
        )
        try:
            for each in (collector, meter):
                each.settimeout(20)
            asked, _ = meter.accept()
            asked.sendall(b"reading")
            heard, _ = collector.accept()
            heard.settimeout(20)
            text = b""
            while (part := heard.recv(100)) and len(text) < 14:
                text += part
                if text.endswith(b"reading"):
                    break
            assert text == (b"IMEI=1\r\nreading" if mode == "modem" else b"reading".hex().encode())
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
            for each in (asked, heard):
                each.close()


def test_simulate_names_a_wrong_target(capsys):
    assert main(["simulate", "push", "--meter", "127.0.0.1:1", "--to", "ftp://x"]) == 1
    assert "push.to: 'ftp://x' does not begin with" in capsys.readouterr().err
