# SPDX-License-Identifier: MIT
import contextlib
import json
import os
import signal
import socket
import time

import pytest
from fake_odoo import FakeOdoo
from line_meter import LineMeter, command, install_driver, site_document, start, write_config

from actwin_collector.listening.dead import DeadMessage, DeadMessages
from actwin_collector.model import Reading
from actwin_collector.outbox import Outbox
from actwin_collector.site import load_cache, parse_site, save_cache


@pytest.fixture
def meter():
    meter = LineMeter()
    yield meter
    meter.stop()


@pytest.fixture
def odoo(meter):
    with FakeOdoo() as fake:
        fake.config = site_document(meter.port)
        yield fake


@pytest.fixture
def home(tmp_path):
    install_driver(tmp_path)
    return tmp_path


@pytest.fixture
def daemons():
    running = []
    yield running
    for process in running:
        if process.poll() is None:
            process.kill()
        process.wait()
        process.stderr.close()


def wait_for(condition, seconds=20.0):
    """Wait until a condition holds; the limit only ends a broken test."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "never came true"
        time.sleep(0.05)


def run_daemon(home, config, daemons, **extra):
    ready = home / "ready"
    with contextlib.suppress(FileNotFoundError):
        ready.unlink()
    daemon = start(home, "run", "--config", config, "--ready-file", ready, **extra)
    daemons.append(daemon)
    wait_for(lambda: ready.exists() or daemon.poll() is not None)
    return daemon


def stop(daemon):
    daemon.send_signal(signal.SIGTERM)
    assert daemon.wait(20) == 0


def indices_grow(odoo):
    ends = sorted(odoo.readings)
    values = [int(odoo.readings[key]) for key in ends]
    return values == sorted(set(values)) and set(odoo.stored.values()) == {1}


def test_the_daemon_delivers_live_readings_and_stops_cleanly(home, odoo, daemons):
    config = write_config(home, odoo)
    daemon = run_daemon(home, config, daemons)
    wait_for(lambda: len(odoo.readings) >= 3)
    wait_for(lambda: any(s["devices"].get("D1", {}).get("ok") for s in odoo.statuses))
    file = home / "state" / "status.json"
    wait_for(lambda: json.loads(file.read_text())["devices"].get("D1", {}).get("ok"))
    status = command(home, "status", "--config", config, "--json")
    assert status.returncode == 0
    assert json.loads(status.stdout)["devices"]["D1"]["last_error"] == ""
    assert "running since" in command(home, "status", "--config", config).stdout
    stop(daemon)
    assert indices_grow(odoo)
    assert odoo.conflicts == []
    assert odoo.comms[0]["device"] == "D1"
    assert command(home, "status", "--config", config).returncode == 1
    assert (home / "state" / "config-cache.json").stat().st_mode & 0o777 == 0o600


def test_kill_9_of_the_daemon_loses_and_doubles_nothing(home, odoo, daemons):
    config = write_config(home, odoo)
    for round_ in range(3):
        daemon = run_daemon(home, config, daemons)
        wait_for(lambda wanted=2 * round_ + 2: len(odoo.readings) >= wanted)
        os.kill(daemon.pid, signal.SIGKILL)
        daemon.wait()
    assert command(home, "drain", "--config", config).returncode == 0
    assert indices_grow(odoo)
    assert odoo.conflicts == []


def test_it_starts_from_the_cache_while_odoo_is_away_and_delivers_later(
    home, meter, odoo, daemons
):
    config = write_config(home, odoo)
    save_cache(odoo.config, home / "state" / "config-cache.json")
    odoo.stop()
    daemon = run_daemon(home, config, daemons)
    wait_for(lambda: meter.count >= 3)
    assert odoo.readings == {}
    odoo.start()
    wait_for(lambda: len(odoo.readings) >= 3)
    stop(daemon)
    assert indices_grow(odoo)


def test_a_changed_configuration_is_taken_and_a_wrong_one_is_not(home, meter, odoo, daemons):
    config = write_config(home, odoo)
    daemon = run_daemon(home, config, daemons)
    wait_for(lambda: odoo.readings)
    broken = site_document(meter.port, version=2)
    broken["devices"][0]["line"] = "L9"
    odoo.config = broken
    wait_for(lambda: any("L9" in p for s in odoo.statuses[-1:] for p in s["problems"]))
    before = len(odoo.readings)
    wait_for(lambda: len(odoo.readings) > before + 1)
    good = site_document(meter.port, version=3)
    good["devices"][0]["parameters"][0]["channel"] = "S/NEW:1.8.0"
    odoo.config = good
    wait_for(lambda: any(channel == "S/NEW:1.8.0" for channel, _ in odoo.readings))
    stop(daemon)


def test_systemd_is_told_of_readiness_life_and_stop(home, odoo, daemons, tmp_path):
    path = str(tmp_path / "n")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(path)
        sock.settimeout(20)
        config = write_config(home, odoo)
        extra = {"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "400000"}
        daemon = run_daemon(home, config, daemons, **extra)
        assert "READY=1" in sock.recv(4096).decode()
        told = [sock.recv(4096) for _ in range(3)]
        assert b"WATCHDOG=1" in told and any(each.startswith(b"STATUS=1 dev") for each in told)
        stop(daemon)
        told = b""
        while b"STOPPING=1" not in told:
            told = sock.recv(4096)


def test_read_prints_one_reading_and_stores_nothing(home, odoo):
    config = write_config(home, odoo)
    answer = command(home, "read", "D1", "--config", config, "--json")
    assert answer.returncode == 0, answer.stderr
    assert json.loads(answer.stdout)["channels"] == {"S/D1:1.8.0": "1"}
    table = command(home, "read", "D1", "--config", config, "--raw")
    assert "S/D1:1.8.0" in table.stdout
    assert odoo.readings == {}


def test_read_names_a_silent_meter_and_an_unknown_device(home, meter, odoo):
    config = write_config(home, odoo)
    meter.silent = True
    silent = command(home, "read", "D1", "--config", config)
    assert (silent.returncode, "no_answer" in silent.stderr) == (1, True)
    unknown = command(home, "read", "D9", "--config", config)
    assert "no device 'D9' (known: D1)" in unknown.stderr
    assert "Traceback" not in silent.stderr + unknown.stderr


def test_trace_shows_the_bytes(home, odoo):
    config = write_config(home, odoo)
    answer = command(home, "trace", "D1", "--config", config)
    assert answer.returncode == 0
    assert "tx 3f 0a" in answer.stdout
    assert "rx 31 0a" in answer.stdout


def test_check_is_silent_about_what_is_right(home, odoo):
    answer = command(home, "check", "--read", "--config", write_config(home, odoo))
    assert answer.returncode == 0, answer.stdout
    assert answer.stdout.splitlines()[-1] == "ok"
    assert "can be read by others" not in answer.stdout
    (home / "key").chmod(0o644)
    assert "can be read by others" in command(home, "check", "--config", "config.toml").stdout


def test_check_saves_the_sites_document_for_others(home, odoo):
    saved = home / "site.json"
    words = ("check", "--config", write_config(home, odoo), "--save", saved)
    assert command(home, *words).returncode == 0
    document = load_cache(saved)
    assert document["lines"] == odoo.config["lines"]
    assert parse_site(document, "test", strict=False).device("D1")
    odoo.stop()
    saved.unlink()
    assert command(home, *words).returncode == 1
    assert not saved.exists()


def test_check_names_every_mistake(home, meter, odoo):
    odoo.config = site_document(meter.port, colour="red")
    config = write_config(home, odoo)
    config.write_text(config.read_text() + "[overrides.lines.L9]\nport = 1\n")
    meter.stop()
    answer = command(home, "check", "--config", config)
    assert answer.returncode == 1
    for text in ("overrides.lines.L9", "unknown setting 'colour'", "line L1: "):
        assert f"mistake: {text}" in answer.stdout or text in answer.stdout
    assert "3 mistake(s)" in answer.stdout
    (home / "key").write_text("wrong")
    assert "access_denied" in command(home, "check", "--config", config).stdout


def test_check_without_odoo_says_so(home, odoo):
    config = write_config(home, odoo)
    odoo.stop()
    answer = command(home, "check", "--config", config)
    assert answer.returncode == 1
    assert "port_refused" in answer.stdout


def test_a_wrong_file_is_named_without_traceback(home):
    (home / "c.toml").write_text("[collector]\ncode = 1.5\n")
    answer = command(home, "status", "--config", home / "c.toml")
    assert answer.returncode == 1
    for text in ("collector.code", "collector.state_dir", "odoo"):
        assert text in answer.stderr
    assert "Traceback" not in answer.stderr


def test_scan_lists_who_answers(home, meter, odoo):
    meter.addresses = {"3", "5"}
    config = write_config(home, odoo)
    words = ("scan", "L1", "--driver", "line", "--timeout", "0.2", "--config", config)
    answer = command(home, *words, "--addresses", "2-5,9")
    assert answer.returncode == 0, answer.stderr
    assert [line.split()[0] for line in answer.stdout.splitlines()] == ["3", "5", "9", "3"]
    assert "bad_frame" in answer.stdout
    search = command(home, *words)
    assert [line.split() for line in search.stdout.splitlines()] == [
        ["3", "3"], ["5", "5"], ["2", "found"]
    ]
    assert command(home, *words, "--addresses", "7").returncode == 1
    assert "no line 'L9' (known: L1)" in command(home, "scan", "L9", "--config", config).stderr


def fill(path, n):
    outbox = Outbox(path)
    outbox.append(Reading("S/H:1.8.0", 900 * k, str(k)) for k in range(n))
    outbox.close()


def test_drain_sends_a_whole_outbox(home, odoo):
    fill(home / "history.sqlite", 2500)
    config = write_config(home, odoo)
    words = ("drain", "--config", config, "--outbox", home / "history.sqlite", "--batch-size", 999)
    first = command(home, *words)
    assert (first.returncode, len(odoo.readings)) == (0, 2500), first.stderr
    assert "2500 readings in 3 batches: 2500 accepted" in first.stdout
    assert "0 readings" in command(home, *words).stdout


def test_drain_tells_of_rejected_rows_and_requeues_them(home, odoo):
    fill(home / "h.sqlite", 10)
    odoo.unknown_channels = {"S/H:1.8.0"}
    words = ("drain", "--config", write_config(home, odoo), "--outbox", home / "h.sqlite")
    assert command(home, *words).returncode == 3
    odoo.unknown_channels = set()
    assert command(home, *words, "--requeue-dead").returncode == 0
    assert len(odoo.readings) == 10


def test_what_was_refused_is_listed_and_sent_again_by_choice(home, odoo):
    state = home / "state"
    fill(state / "outbox.sqlite", 3)
    message = DeadMessage("L1", "m/1", 1_800_000_000, "KeyError: x", b"\x01\x02")
    DeadMessages(state / "dead-messages").keep(message)
    odoo.unknown_channels = {"S/H:1.8.0"}
    config = write_config(home, odoo)
    words = ("drain", "--config", config)
    assert command(home, *words).returncode == 3
    listed = command(home, *words, "--dead")
    assert listed.returncode == 0, listed.stderr
    assert "3 readings refused for good: 3 unknown_channel" in listed.stdout
    assert "S/H:1.8.0 of 1970-01-01T00:15:00" in listed.stdout and "= 1:" in listed.stdout
    assert "1 messages that the collector failed on" in listed.stdout
    assert "line L1 from m/1: KeyError: x" in listed.stdout and "0102" in listed.stdout
    rows = json.loads(command(home, *words, "--dead", "--json", "--limit", 1).stdout)
    assert rows["counts"] == {"unknown_channel": 3}
    [reading] = rows["readings"]
    assert (reading["value"], reading["code"]) == ("2", "unknown_channel")
    assert [each["telegram"] for each in rows["messages"]] == ["0102"]
    assert len(odoo.readings) == 0, "a list sends nothing"
    status = json.loads(command(home, "status", "--config", config, "--json").stdout)
    assert status["outbox"]["dead"] == 3
    odoo.unknown_channels = set()
    other = command(home, *words, "--requeue-dead", "--code", "bad_value")
    assert (other.returncode, len(odoo.readings)) == (0, 0)
    again = command(home, *words, "--requeue-dead")
    assert (again.returncode, len(odoo.readings)) == (0, 3)
    assert "1 messages are heard again" in again.stdout
    assert len(DeadMessages(state / "dead-messages").waiting()) == 1
    assert "0 readings refused for good\n" in command(home, *words, "--dead").stdout


def test_drain_fails_when_nothing_can_be_delivered(home, odoo):
    fill(home / "h.sqlite", 10)
    config = write_config(home, odoo)
    words = ("drain", "--config", config, "--outbox", home / "h.sqlite", "--tries", 2)
    odoo.stop()
    assert command(home, *words).returncode == 1
    odoo.start()
    (home / "key").write_text("wrong")
    denied = command(home, *words)
    assert (denied.returncode, "access_denied" in denied.stderr) == (1, True)
    missing = command(home, "drain", "--config", config, "--outbox", home / "no.sqlite")
    assert missing.returncode == 1
    assert not (home / "no.sqlite").exists()
