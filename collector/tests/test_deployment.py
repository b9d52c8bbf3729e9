# SPDX-License-Identifier: MIT
"""The unit file, the image, and what systemd is told, over a real socket."""

from __future__ import annotations

import asyncio
import configparser
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from fake_odoo import FakeOdoo
from line_meter import LineMeter, site_document, start, write_config

from actwin_collector import sdnotify
from actwin_collector.service import Service
from actwin_collector.status import summary

ROOT = Path(__file__).parents[1]
UNIT = ROOT / "actwin-collector.service"
ANALYZE = shutil.which("systemd-analyze")
needs_systemd = pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not installed")


@pytest.fixture
def manager(tmp_path, monkeypatch):
    """A service manager's socket; gives it."""
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(path)
        sock.settimeout(20)
        monkeypatch.setenv("NOTIFY_SOCKET", path)
        yield sock


def unit():
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str
    parser.read_string(UNIT.read_text())
    return parser


def test_the_unit_restarts_always_and_is_watched():
    service = unit()["Service"]
    assert service["Type"] == "notify" and service["Restart"] == "always"
    assert int(service["RestartSec"]) <= 10 and int(service["WatchdogSec"]) <= 300
    assert service["SupplementaryGroups"] == "dialout"
    assert service["StateDirectory"] == "actwin-collector" and service["User"] != "root"
    assert unit()["Unit"]["StartLimitIntervalSec"] == "0"
    assert unit()["Install"]["WantedBy"] == "multi-user.target"


def test_the_units_command_is_one_the_collector_takes():
    words = unit()["Service"]["ExecStart"].split()[1:]
    done = subprocess.run(
        [sys.executable, "-m", "actwin_collector", *words, "--help"],
        capture_output=True, text=True, check=False,
    )
    assert done.returncode == 0, done.stderr


@needs_systemd
def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path):
    copy = tmp_path / UNIT.name
    copy.write_text(re.sub(r"ExecStart=\S+", "ExecStart=/bin/true", UNIT.read_text()))
    done = subprocess.run([ANALYZE, "verify", copy], capture_output=True, text=True, check=False)
    named = [line for line in done.stderr.splitlines() if UNIT.name in line]
    assert named == []


@needs_systemd
def test_the_unit_is_hardened():
    done = subprocess.run(
        [ANALYZE, "security", "--offline=true", "--threshold=20", UNIT],
        capture_output=True, text=True, check=False,
    )
    assert done.returncode == 0, done.stdout[-300:]


def test_the_image_runs_as_nobody_special_and_watches_itself():
    text = (ROOT / "Dockerfile").read_text()
    assert re.search(r"^USER (?!root)", text, re.MULTILINE)
    assert 'HEALTHCHECK' in text and '["actwin-collector", "status", "--json"]' in text
    command = re.search(r"^CMD (.*)$", text, re.MULTILINE)[1]
    words = re.findall(r'"([^"]+)"', command)
    done = subprocess.run(
        [sys.executable, "-m", "actwin_collector", *words, "--help"],
        capture_output=True, text=True, check=False,
    )
    assert done.returncode == 0, done.stderr


def test_nobody_is_told_when_nobody_listens(monkeypatch, tmp_path):
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "nothing"))
    sdnotify.notify("READY=1")
    monkeypatch.delenv("NOTIFY_SOCKET")
    sdnotify.notify("READY=1")


@pytest.mark.parametrize(
    "variables, seconds",
    [({}, None), ({"WATCHDOG_USEC": "4000000"}, 2.0), ({"WATCHDOG_USEC": "x"}, None),
     ({"WATCHDOG_USEC": "4000000", "WATCHDOG_PID": "1"}, None)],
)
def test_the_watchdog_is_fed_twice_a_limit_by_whom_it_watches(monkeypatch, variables, seconds):
    for name in ("WATCHDOG_USEC", "WATCHDOG_PID"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert sdnotify.watchdog_seconds() == seconds


def test_a_stalled_line_is_no_longer_vouched_for(manager, monkeypatch):
    monkeypatch.setenv("WATCHDOG_USEC", "100000")

    class Line:
        alive = True

        def is_alive(self, allowance):
            return self.alive

    async def watch():
        service = Service.__new__(Service)
        service.scheduler = Line()
        task = asyncio.create_task(service._watchdog_loop())
        told = await asyncio.to_thread(manager.recv, 100)
        service.scheduler.alive = False
        await asyncio.sleep(0.2)
        manager.settimeout(0.01)
        late = _drain(manager)
        await asyncio.sleep(0.3)
        silence = _drain(manager)
        service.scheduler.alive = True
        manager.settimeout(5)
        again = await asyncio.to_thread(manager.recv, 100)
        task.cancel()
        return told, len(late) <= 2, silence, again

    assert asyncio.run(watch()) == (b"WATCHDOG=1", True, [], b"WATCHDOG=1")


def _drain(sock):
    told = []
    try:
        while len(told) < 50:
            told.append(sock.recv(4096))
    except TimeoutError:
        pass
    return told


BLOCKING = '''
import time
from actwin_collector.protocol.base import Driver

class Blocking(Driver):
    name = "line"
    SETTINGS = {"greeting": ""}

    async def read(self, link, device, timeout):
        time.sleep(60)  # a bug: it holds up everything

    @classmethod
    def decode(cls, telegram):
        raise NotImplementedError
'''


def test_a_driver_that_holds_up_the_process_ends_the_feeding(tmp_path, manager):
    (tmp_path / "line_driver.py").write_text(BLOCKING.replace("Blocking(", "LineDriver("))
    info = tmp_path / "line_driver-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: line-driver\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[actwin.collector.drivers]\nline = line_driver:LineDriver\n"
    )
    meter = LineMeter()
    with FakeOdoo() as odoo:
        odoo.config = site_document(meter.port)
        daemon = start(
            tmp_path, "run", "--config", write_config(tmp_path, odoo), WATCHDOG_USEC="400000"
        )
        try:
            assert b"READY=1" in manager.recv(4096)
            manager.settimeout(2.0)  # five times the limit: systemd would have restarted it
            told = _drain(manager)
        finally:
            daemon.kill()
            daemon.wait()
            daemon.stderr.close()
            meter.stop()
    assert told.count(b"WATCHDOG=1") <= 10


def test_the_summary_names_what_fails():
    good = {"last_error": "", "last_error_at": "", "last_ok": "2026-01-01T00:00:00Z"}
    bad = {"last_error": "no_answer: …", "last_error_at": "2026-01-02T00:00:00Z", "last_ok": ""}
    status = {
        "devices": {"A": good, "B": bad}, "outbox": {"pending": 7}, "problems": ["x"],
        "uplink": {"up": False, "failures": 3},
    }
    assert summary(status) == (
        "2 devices, 1 failing (B), 7 readings wait, Odoo is not reached, 1 problems"
    )
