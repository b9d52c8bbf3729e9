# SPDX-License-Identifier: MIT
"""The daemon as a process: what it hears reaches Odoo once, whatever happens in between."""
import http.client
import json
import os
import signal
import time

import pytest
from fake_odoo import FakeOdoo
from line_meter import command, write_config
from push_support import free_port
from radio_support import KEY, NOW, meter
from test_cli import daemons, run_daemon, stop, wait_for  # noqa: F401
from test_http_push import TOKEN, request

from actwin_collector.listening.dead import DeadMessage, DeadMessages
from actwin_collector.model import Heard


def document(port, store=2):
    return {
        "version": 1,
        "lines": [{"key": "L1", "kind": "http", "port": port, "secret": "s3cret"}],
        "schedules": [{"key": "S1", "poll_seconds": store, "store_seconds": store}],
        "devices": [{
            "key": "W1", "driver": "wmbus", "line": "L1", "address": "12345678",
            "schedule": "S1", "secret": KEY,
            "parameters": [{"register": "volume", "channel": "S/W1", "unit": "m3"}],
        }],
    }


@pytest.fixture
def heard(tmp_path):
    with FakeOdoo() as odoo:
        port = free_port()
        odoo.config = document(port)
        yield tmp_path, odoo, port, write_config(tmp_path, odoo)


def test_pushes_reach_odoo_once_over_a_kill(heard, daemons):  # noqa: F811
    home, odoo, port, config = heard
    radio = meter(7)
    daemon = run_daemon(home, config, daemons)
    file = home / "state" / "status.json"
    wait_for(lambda: "L1" in json.loads(file.read_text())["lines"])
    sent = [radio.telegram(NOW) for _ in range(3)]
    for telegram in sent:
        assert request(port, telegram, TOKEN)[0] == 200
    os.kill(daemon.pid, signal.SIGKILL)
    daemon.wait()
    daemon = run_daemon(home, config, daemons)
    wait_for(lambda: odoo.readings)
    # The counter outlived the process as well: what was recorded on the air opens nothing.
    wait_for(lambda: request(port, sent[0], TOKEN)[0] == 422)
    assert request(port, radio.telegram(NOW), TOKEN)[0] == 200
    wait_for(lambda: len(odoo.readings) >= 2)
    stop(daemon)
    assert set(odoo.readings.values()) == {"54.321"}
    assert odoo.conflicts == []


def test_status_tells_of_unknown_meters_and_of_silent_ones(heard, daemons):  # noqa: F811
    home, odoo, port, config = heard
    daemon = run_daemon(home, config, daemons)
    wait_for(lambda: command(home, "status", "--config", config).returncode == 0)
    stranger = meter(0, id="87654321").telegram(NOW)
    wait_for(lambda: _accepted(port, stranger))
    wait_for(lambda: any(s.get("unassigned") for s in odoo.statuses))
    [entry] = odoo.statuses[-1]["unassigned"]
    assert (entry["line"], entry["driver"], entry["sender"]) == ("L1", "wmbus", "87654321")
    assert stranger.hex().upper() in entry["raw"]
    wait_for(lambda: odoo.statuses[-1]["devices"]["W1"]["silent"])
    assert odoo.statuses[-1]["devices"]["W1"]["error_counts"]["not_heard"] >= 1
    # The file that the command shows is written a moment apart from the report to Odoo.
    file = home / "state" / "status.json"
    wait_for(lambda: json.loads(file.read_text())["devices"]["W1"]["silent"])
    text = command(home, "status", "--config", config).stdout
    assert "unassigned: wmbus 87654321 on L1" in text
    assert "silent: not_heard" in text
    wait_for(lambda: any(each["code"] == "unassigned_meter" for each in odoo.events))
    stop(daemon)
    # The list outlives the process, and a device of that name ends it.
    daemon = run_daemon(home, config, daemons)
    wait_for(lambda: json.loads(file.read_text()).get("unassigned"))
    odoo.config["devices"][0]["address"] = "87654321"
    odoo.config["version"] += 1
    wait_for(lambda: not json.loads(file.read_text())["unassigned"])
    stop(daemon)


def test_message_that_failed_is_counted_and_heard_again_on_demand(heard, daemons):  # noqa: F811
    home, odoo, port, config = heard
    at = int(time.time()) - 3600
    telegram = {"telegram": meter(7).telegram(NOW).hex().upper(), "format": "raw"}
    dead = DeadMessages(home / "state" / "dead-messages")
    found = Heard("12345678", telegram)
    dead.keep(DeadMessage("L1", "127.0.0.1", at, "KeyError: x", b"\x01", "wmbus", found))
    daemon = run_daemon(home, config, daemons)
    wait_for(lambda: odoo.statuses and odoo.statuses[-1]["dead_messages"] == 1)
    status = command(home, "status", "--config", config).stdout
    assert "failed: 1 messages that the collector failed on (drain --dead)" in status
    again = command(home, "drain", "--config", config, "--requeue-dead", "--quiet")
    assert "1 messages are heard again" in again.stdout
    wait_for(lambda: odoo.readings)
    # Its slot is long over: it stands for that one.
    [(_, ts)] = odoo.readings
    assert at <= ts <= at + 2
    wait_for(lambda: odoo.statuses[-1]["dead_messages"] == 0)
    assert dead.waiting() == [] and dead.count() == 0
    stop(daemon)


def _accepted(port, telegram):
    try:
        return request(port, telegram, TOKEN)[0] == 202
    except OSError:
        return False


def test_check_names_mistakes_and_does_not_take_the_port(heard, daemons):  # noqa: F811
    home, odoo, port, config = heard
    odoo.config["lines"][0]["settings"] = {"colour": 1}
    daemon = run_daemon(home, config, daemons)
    found = command(home, "check", "--config", config)
    assert "line L1: listens" in found.stdout
    assert "mistake: line L1: unknown setting 'colour'" in found.stdout
    assert found.returncode == 1
    asked = command(home, "read", "W1", "--config", config)
    assert asked.returncode == 1
    assert "listens" in asked.stderr
    stop(daemon)


_KILLER = """
import os
from actwin_collector import outbox
from actwin_collector.protocol.wmbus.driver import WmbusDriver

def die(*_):
    os.kill(os.getpid(), 9)

def after(call):
    return lambda *args: (call(*args), die())

step = os.environ.get("KILL_AT")
if step == "before_open":
    WmbusDriver.open_heard = die
elif step == "opened":
    append = outbox.Outbox._append
    outbox.Outbox._append = lambda self, *rows: die() if rows[4] else append(self, *rows)
elif step == "committed":
    WmbusDriver.confirm_heard = die
elif step == "confirmed":
    WmbusDriver.confirm_heard = after(WmbusDriver.confirm_heard)
"""


@pytest.mark.parametrize("step", ["before_open", "opened", "committed", "confirmed"])
def test_a_push_reaches_odoo_once_wherever_the_process_is_killed(heard, daemons, step):  # noqa: F811
    home, odoo, port, config = heard
    odoo.config = document(port, store=4)
    (home / "killer").mkdir()
    (home / "killer" / "sitecustomize.py").write_text(_KILLER)
    daemon = run_daemon(
        home, config, daemons, KILL_AT=step, PYTHONPATH=str(home / "killer")
    )
    telegram = meter(7).telegram(NOW)
    wait_for(lambda: _is_lost(port, telegram, daemon))
    assert daemon.wait(20) == -signal.SIGKILL
    daemon = run_daemon(home, config, daemons)
    # The sender had no answer and repeats; then somebody replays what was on the air.
    wait_for(lambda: _answered(port, telegram) == 200)
    wait_for(lambda: odoo.readings)
    wait_for(lambda: request(port, telegram, TOKEN)[0] == 422)
    assert request(port, telegram, TOKEN)[1]["error"] == "replayed"
    stop(daemon)
    assert list(odoo.readings.values()) == ["54.321"]
    assert (odoo.conflicts, set(odoo.stored.values())) == ([], {1})


def _answered(port, telegram):
    try:
        return request(port, telegram, TOKEN)[0]
    except OSError:
        return 0


def _is_lost(port, telegram, daemon):
    """Whether a message that was sent killed the process."""
    try:
        status = request(port, telegram, TOKEN)[0]
    except (OSError, http.client.HTTPException):
        return daemon.poll() is not None
    raise AssertionError(f"answered {status}")
