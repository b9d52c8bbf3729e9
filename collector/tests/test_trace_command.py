# SPDX-License-Identifier: MIT
"""Traces from live dialogues and from the daemon, and traces played again as a line."""

from __future__ import annotations

import asyncio
import json
import threading
from datetime import UTC, datetime

import pytest
from field_rig import Field, site
from line_meter import command, start
from protocol_rig import device, read
from radio_support import KEY
from radio_support import meter as radio_meter
from test_cli import wait_for
from test_simulate_meters import scenario
from test_tracing import rtu

from actwin_collector.channel.replay import ReplayLink
from actwin_collector.model import CollectorError, LineSpec
from actwin_collector.protocol.iec62056_21 import Iec62056Driver
from actwin_collector.protocol.modbus import ModbusDriver
from actwin_collector.simulate.runner import ScenarioRunner
from actwin_collector.simulate.wmbus import delivered
from actwin_collector.tracing.files import read_trace

CONFIG = """
[collector]
code = "C1"
state_dir = "state"
config_from = "file"
[[lines]]
key = "L1"
kind = "tcp"
host = "127.0.0.1"
port = {port}
timeout_s = 2.0
[[schedules]]
key = "S"
poll_seconds = 1
store_seconds = 1
[[devices]]
key = "T"
driver = "iec62056-21"
line = "L1"
schedule = "S"
address = "{address}"
settings = {{ char_timeout = 0.3 }}
secret = "meter-pass-77"
[[devices.parameters]]
register = "1.8.0"
channel = "C1/T:1.8.0"
unit = "kWh"
"""


@pytest.fixture
def meter(tmp_path):
    """A simulated meter in a thread; gives its port."""
    ready, loop = threading.Event(), asyncio.new_event_loop()
    runner = ScenarioRunner(scenario(), 0, tmp_path)

    def serve():
        asyncio.set_event_loop(loop)
        loop.run_until_complete(runner.start())
        loop.call_soon(ready.set)
        loop.run_forever()
        loop.run_until_complete(runner.stop())
        loop.close()

    thread = threading.Thread(target=serve)
    thread.start()
    assert ready.wait(20)
    yield int(runner.addresses["T"].rpartition(":")[2])
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)


def config(folder, port, address="80000001"):
    path = folder / "config.toml"
    path.write_text(CONFIG.format(port=port, address=address))
    return path


def replayed(path, driver, spec, **settings):
    line = LineSpec("R", "replay", device_path=str(path), settings=settings)
    return read(driver, ReplayLink(line), spec)


def test_a_trace_shows_bytes_with_their_meaning_and_plays_again(tmp_path, meter):
    saved = tmp_path / "saved.trace"
    done = command(
        tmp_path, "trace", "T", "--config", config(tmp_path, meter), "--save", saved
    )
    assert done.returncode == 0, done.stderr
    for text in (
        "request to 80000001", "identification: maker", "ACK: protocol 0", "data sets, ETX",
        "check character right", "-- ok", "tx 2f 3f",
    ):
        assert text in done.stdout
    spec = device("iec62056-21", "1.8.0", address="80000001")
    result = replayed(saved, Iec62056Driver(), spec)
    assert result.samples["1.8.0"].value > 9_999_000
    shown = command(tmp_path, "trace", "--file", saved)
    assert shown.returncode == 0 and "request to 80000001" in shown.stdout


def test_a_silent_meter_is_shown_as_such(tmp_path, meter):
    done = command(
        tmp_path, "trace", "T", "--config", config(tmp_path, meter, address="99")
    )
    assert done.returncode == 1
    assert "-- no_answer" in done.stdout


def test_the_daemon_traces_a_marked_device_until_told_otherwise(tmp_path, meter):
    path = config(tmp_path, meter)
    asked = command(tmp_path, "trace", "T", "--config", path, "--on")
    assert asked.returncode == 0 and "next poll" in asked.stdout
    daemon = start(tmp_path, "--log-format", "json", "-v", "run", "--config", path)
    trace = tmp_path / "state" / "trace" / "T.trace"
    try:
        wait_for(lambda: trace.exists() and " -- ok" in trace.read_text())
        assert command(tmp_path, "trace", "T", "--config", path, "--off").returncode == 0
        shown = command(tmp_path, "trace", "T", "--config", path, "--last")
    finally:
        daemon.terminate()
        daemon.wait(20)
        logged = daemon.stderr.read()
        daemon.stderr.close()
    assert "request to 80000001" in shown.stdout and "-- ok" in shown.stdout
    title, entries = read_trace(trace)
    assert title["driver"] == "iec62056-21" and len(entries) > 5
    lines = [json.loads(line) for line in logged.splitlines()]
    assert lines and all({"ts", "level", "logger", "message"} <= line.keys() for line in lines)
    assert "meter-pass-77" not in logged + trace.read_text() + shown.stdout


def test_a_replay_refuses_what_was_not_asked_then_unless_told_to(tmp_path):
    trace = tmp_path / "t"
    trace.write_text(
        '# {"device": "T", "driver": "modbus"}\n'
        f"2026-01-01T00:00:00.000Z tx {rtu('010300000001').hex(' ')}\n"
        f"2026-01-01T00:00:00.010Z rx {rtu('01030200e6').hex(' ')}\n"
    )
    one = {"name": "v", "address": 0, "type": "uint16", "unit": "V"}
    spec = device("modbus", "v", address="1", map={"register": [one]}, framing="rtu")
    assert replayed(trace, ModbusDriver(), spec).samples["v"].value == 230
    other = device("modbus", "v", address="2", map={"register": [one]}, framing="rtu")
    with pytest.raises(CollectorError) as caught:
        replayed(trace, ModbusDriver(), other)
    assert caught.value.code == "replay_mismatch"
    with pytest.raises(CollectorError) as caught:
        replayed(trace, ModbusDriver(), other, match="order")
    assert caught.value.code == "wrong_address"  # the recorded unit answers


def test_a_replay_follows_transaction_numbers_and_ends(tmp_path):
    trace = tmp_path / "t"
    trace.write_text(
        "2026-01-01T00:00:00.000Z tx aa aa 00 00 00 06 01 03 00 00 00 01\n"
        "2026-01-01T00:00:00.010Z rx aa aa 00 00 00 05 01 03 02 00 e6\n"
    )
    one = {"name": "v", "address": 0, "type": "uint16", "unit": "V"}
    spec = device("modbus", "v", address="1", map={"register": [one]}, framing="tcp")
    link = ReplayLink(LineSpec("R", "replay", device_path=str(trace)))
    assert read(ModbusDriver(), link, spec).samples["v"].value == 230
    with pytest.raises(CollectorError) as caught:
        read(ModbusDriver(), link, spec)
    assert caught.value.code == "replay_ended"


def test_hidden_bytes_of_a_trace_match_any_password(tmp_path):
    trace = tmp_path / "t"
    trace.write_text(
        "2026-01-01T00:00:00.000Z tx 01 50 31 02 28 ** ** 29 03 **\n"
        "2026-01-01T00:00:00.010Z rx 06\n"
    )

    async def play(sent):
        link = ReplayLink(LineSpec("R", "replay", device_path=str(trace)))
        await link.open()
        await link.write(sent)
        return await link.read(10, 1)

    assert asyncio.run(play(b"\x01P1\x02(42)\x03\x60")) == b"\x06"
    with pytest.raises(CollectorError):
        asyncio.run(play(b"\x01P2\x02(42)\x03\x60"))


def test_the_daemon_traces_and_keeps_what_a_radio_meter_sends(tmp_path):
    sender = radio_meter(5)

    def messages():
        now = datetime.now(UTC)
        return [delivered("im871a", sender.telegram(now), now)]

    with Field() as field:
        spec = {"driver": "wmbus", "address": sender.id, "secret": KEY,
                "parameters": [{"register": "volume", "channel": "C1/T:v", "unit": "m3"}]}
        path = site(tmp_path, spec, {"port": field.air(messages), "settings": {"receiver": "auto"}})
        refused = command(tmp_path, "trace", "T", "--config", path)
        assert refused.returncode == 1 and "[only_heard]" in refused.stderr
        assert command(tmp_path, "trace", "T", "--config", path, "--on").returncode == 0
        daemon = start(tmp_path, "run", "--config", path)
        trace = tmp_path / "state" / "trace" / "T.trace"
        try:
            wait_for(lambda: trace.exists() and " -- ok" in trace.read_text())
        finally:
            daemon.terminate()
            daemon.wait(20)
            daemon.stderr.close()
    shown = command(tmp_path, "trace", "T", "--config", path, "--last").stdout
    assert "SND_NR from BAY 12345678" in shown and "security mode 5" in shown and "-- ok" in shown
    kept = command(tmp_path, "raw", "T", "--config", path).stdout
    assert kept.count("SND_NR from BAY 12345678") == 1
    assert KEY not in shown + kept
