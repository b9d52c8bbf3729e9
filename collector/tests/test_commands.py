# SPDX-License-Identifier: MIT
"""What Odoo asks of a running collector: done once, in the line's turn, and answered."""

import asyncio
import json
import logging
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from engine_fakes import FakeClock, FakeDriver, FakeLink, make_device, make_settings
from engine_fakes import one_site as site_of
from fake_odoo import DB, KEY, LOGIN, FakeOdoo

from actwin_collector.commands import Commander
from actwin_collector.commands.bench import Bench
from actwin_collector.commands.command import MAX_TEXT, Result, parse_commands
from actwin_collector.commands.commander import masked
from actwin_collector.commands.ledger import Ledger
from actwin_collector.commands.ring import LogRing
from actwin_collector.config import CollectorSettings, OdooSettings, Settings
from actwin_collector.masking import Masker
from actwin_collector.model import (
    LineSpec,
    NoAnswer,
    ParameterSpec,
    ProfileRow,
    Reading,
    Sample,
)
from actwin_collector.outbox import Outbox
from actwin_collector.protocol import registry
from actwin_collector.scheduler import Scheduler
from actwin_collector.service import Service
from actwin_collector.threads import in_thread

CHANNEL = "S/D1:1.8.0"


class Meter(FakeDriver):
    """Also keeps a profile, takes a clock, and sends what it is asked over the link."""

    async def read(self, link, device, timeout):
        await link.write(b"password " + device.address.encode())
        return await super().read(link, device, timeout)

    async def read_profile(self, link, device, timeout, start, end):
        samples = {"1.8.0": Sample(Decimal("5"), "Wh"), "other": Sample(Decimal("1"), "Wh")}
        return [ProfileRow(datetime(2026, 3, 1, hour, tzinfo=UTC), samples) for hour in (1, 2)]

    async def set_clock(self, link, device, timeout):
        self.calls.append((f"clock of {device.key}", 0.0))


class StillClock(FakeClock):
    """Nothing becomes due by itself."""

    async def sleep(self, seconds):
        await asyncio.sleep(0.001)


class Wire(FakeLink):
    async def _send(self, data):
        pass


class Uplink:
    """Gives commands out and takes results, as Odoo does; ``lost`` answers are not heard."""

    def __init__(self):
        self.commands, self.results, self.lost = [], [], 0

    def fetch_commands(self, collector):
        return list(self.commands)

    def report_commands(self, collector, results):
        json.dumps(results)
        self.results += results
        told = {row["id"] for row in results}
        self.commands = [row for row in self.commands if row.get("id") not in told]
        if self.lost:
            self.lost -= 1
            return []
        return list(told)


class Stage:
    """A scheduler, an outbox and a commander, without a service around them."""

    def __init__(self, tmp_path, monkeypatch, answer=lambda device: 7, **line):
        monkeypatch.setattr(registry, "get_driver", lambda name: self.driver)
        self.tmp_path, self.uplink = tmp_path, Uplink()
        self.clock = StillClock()
        self.driver = Meter(self.clock, answer)
        self.outbox = Outbox(tmp_path / "outbox.sqlite")
        self.masker, self.log = Masker(), LogRing()
        self.masker.learn(["password"])
        parameters = (ParameterSpec("1.8.0", CHANNEL, "kWh"),)
        device = make_device("D1", address="12", parameters=parameters)
        self.site = site_of(device, L1=LineSpec("L1", "tcp", **line), L2=LineSpec("L2", "tcp"))
        self.scheduler = Scheduler(
            self.store, make_settings(), self.clock, Wire, lambda name: self.driver
        )
        self.commander = self.make_commander()

    async def store(self, readings, events, comms, marks, progress):
        await in_thread(self.outbox.append, readings, events, comms, marks, progress)

    def make_commander(self):
        bench = Bench(
            make_settings(), self.scheduler, self.outbox, self.store, self.masker, self.log,
            lambda: self.site, lambda: {"uplink": "gone"},
        )
        return Commander(self.uplink, "C1", bench, Ledger(self.tmp_path / "commands.json"))

    async def ask(self, kind, device="D1", line="L1", **args):
        """Ask, and return the result as Odoo gets it."""
        left = args.pop("seconds_left", 60)
        self.uplink.commands = [
            {"id": f"id-{kind}-{len(self.uplink.results)}", "kind": kind, "device": device,
             "line": line, "args": args, "seconds_left": left}
        ]
        wanted = len(self.uplink.results) + 1
        async with asyncio.timeout(20):
            while len(self.uplink.results) < wanted:
                await self.commander.once()
                await asyncio.sleep(0.001)
        return self.uplink.results[-1]

    def stored(self):
        batch = self.outbox.take()
        return [(row.channel, row.value) for row in batch.readings] if batch else []


@pytest.fixture
def play(tmp_path, monkeypatch):
    """Run a scene on a stage whose lines work meanwhile."""

    def run(scene, **values):
        async def go():
            stage = Stage(tmp_path, monkeypatch, **values)
            await stage.scheduler.apply(stage.site, {})
            try:
                async with asyncio.timeout(30):
                    return await scene(stage)
            finally:
                await stage.commander.stop()
                await stage.scheduler.stop()
                stage.outbox.close()

        return asyncio.run(go())

    return run


def test_read_now_answers_and_its_values_become_readings(play):
    async def scene(stage):
        result = await stage.ask("read_now")
        assert (result["ok"], result["code"]) == (True, "")
        row = {"register": "1.8.0", "channel": CHANNEL, "value": "0.007", "unit": "kWh"}
        assert result["data"]["values"] == [row]
        assert stage.stored() == [(CHANNEL, "0.007")]

    play(scene)


def test_a_failure_carries_the_error_by_name_and_stores_nothing(play):
    async def scene(stage):
        result = await stage.ask("read_now")
        assert (result["ok"], result["code"], result["text"]) == (False, "no_answer", "silence")
        assert stage.stored() == []
        assert stage.scheduler.states["D1"].health.errors == {"no_answer": 1}

    play(scene, answer=lambda device: NoAnswer("silence"))


def test_trace_tells_bytes_without_secrets(play):
    async def scene(stage):
        result = await stage.ask("trace")
        assert result["ok"] and " tx ** ** **" in result["text"]
        assert "password" not in json.dumps(result) and "********" in result["text"]
        assert result["text"].endswith("-- ok")
        assert stage.stored() == []
        assert stage.scheduler.workers["L1"].link.trace is None

    play(scene)


def test_profile_rows_become_readings(play):
    async def scene(stage):
        span = {"start": "2026-03-01T00:00:00+00:00", "end": "2026-03-01T03:00:00+00:00"}
        result = await stage.ask("read_profile", **span)
        assert result["data"]["summary"] == "2 rows, 2 readings"
        assert stage.stored() == [(CHANNEL, "0.005")] * 2
        wrong = await stage.ask("read_profile", start="soon", end="later")
        assert wrong["code"] == "bad_arguments"

    play(scene)


def test_clock_logs_and_queue(play):
    async def scene(stage):
        assert (await stage.ask("set_clock"))["ok"]
        assert stage.driver.calls[-1][0] == "clock of D1"
        for number in range(5):
            stage.log.emit(logging.makeLogRecord({"msg": f"line {number} password"}))
        result = await stage.ask("logs", lines=2)
        assert [line[-10:] for line in result["text"].splitlines()] == ["line 3 ***", "line 4 ***"]
        stage.outbox.append([Reading("S/X:1", 1772323200, "1")])
        while not (batch := stage.outbox.take()).readings:
            stage.outbox.ack(batch)
        stage.outbox.ack(batch, [(0, "unknown_channel", "no such channel")])
        queue = await stage.ask("queue")
        assert queue["data"]["dead"][0]["text"] == "no such channel [unknown_channel]"
        again = await stage.ask("queue", requeue=True)
        assert (again["data"]["dead"], stage.stored()) == ([], [("S/X:1", "1")])

    play(scene)


@pytest.mark.parametrize("line", ["L1", "L2"])
def test_scan_lists_who_answers_also_on_a_line_without_devices(play, line, monkeypatch):
    async def scene(stage):
        monkeypatch.setattr(
            "actwin_collector.commands.scanning.get_driver", lambda name: stage.driver
        )
        result = await stage.ask("scan", "", line, driver="fake", addresses="1-9", timeout="0.1")
        assert [row["address"] for row in result["data"]["found"]] == ["3", "7"]

    answers = {"3": 1, "7": 1, "12": 1}
    play(scene, answer=lambda device: answers.get(device.address) or NoAnswer())


def test_check_names_mistakes(play):
    async def scene(stage):
        found = (await stage.ask("check", "", ""))["data"]["findings"]
        assert {"place": "uplink:", "text": "gone", "ok": False} in found
        assert [row["ok"] for row in found if row["place"].startswith("line")] == [True, True]

    play(scene)


def test_check_of_a_device_says_what_to_change(play, monkeypatch):
    async def scene(stage):
        monkeypatch.setattr("actwin_collector.diagnose.case.get_driver", lambda name: stage.driver)
        found = (await stage.ask("check"))["data"]["findings"][-1]
        assert (found["ok"], found["place"]) == (False, "line L1:")
        assert found["means"] and found["change"]

    play(scene, host="127.0.0.1", port=1)


@pytest.mark.parametrize(
    ("kind", "device", "line", "code"),
    [
        ("read_now", "D9", "L1", "unknown_device"),
        ("scan", "", "L9", "unknown_line"),
        ("scan", "", "L1", "bad_arguments"),
        ("dance", "", "", "unsupported"),
    ],
)
def test_what_cannot_be_done_is_named(play, kind, device, line, code):
    async def scene(stage):
        assert (await stage.ask(kind, device, line))["code"] == code

    play(scene)


def test_a_stopped_line_is_not_touched(play):
    async def scene(stage):
        assert (await stage.ask("read_now"))["code"] == "line_stopped"
        assert stage.driver.calls == []

    play(scene, enabled=False)


def test_a_command_is_done_once_whatever_is_lost(play):
    async def scene(stage):
        stage.uplink.lost = 2
        await stage.ask("read_now")
        calls = len(stage.driver.calls)
        stage.uplink.commands = [{"id": "id-read_now-0", "kind": "read_now", "device": "D1",
                                  "line": "L1", "args": {}, "seconds_left": 60}]
        for restart in (False, True):
            commander = stage.make_commander() if restart else stage.commander
            for _ in range(3):
                await commander.once()
                await asyncio.sleep(0.01)
        assert len(stage.driver.calls) == calls
        assert {row["id"] for row in stage.uplink.results} == {"id-read_now-0"}
        assert len(stage.uplink.results) == 3

    play(scene)


def test_a_command_cut_off_by_a_restart_is_told_and_not_begun_again(tmp_path):
    first = Ledger(tmp_path / "commands.json")
    first.begin("a")
    second = Ledger(tmp_path / "commands.json")
    assert second.is_known("a")
    assert [(row["id"], row["code"]) for row in second.waiting(9)] == [("a", "interrupted")]
    second.taken(["a", "never heard of"])
    third = Ledger(tmp_path / "commands.json")
    assert third.is_known("a") and not third.waiting(9)


def test_the_ledger_forgets_the_oldest_and_bears_damage(tmp_path):
    path = tmp_path / "commands.json"
    ledger = Ledger(path)
    for number in range(1100):
        ledger._rows[str(number)] = None
    ledger.taken([])
    assert not ledger.is_known("0") and ledger.is_known("1099")
    for text in ("", "[]", "{", '{"a": 7}'):
        path.write_text(text)
        assert Ledger(path).waiting(9) == []


def test_an_unwritable_ledger_begins_nothing(play, monkeypatch):
    async def scene(stage):
        def full(*unused):
            raise OSError("disk full")

        monkeypatch.setattr("actwin_collector.commands.ledger.write_atomic", full)
        with pytest.raises(OSError):
            await stage.ask("read_now")
        assert stage.driver.calls == []

    play(scene)


def test_garbage_is_no_command():
    good = {"id": "x", "kind": "logs", "device": "", "line": "", "args": None, "seconds_left": "9"}
    answer = [None, 5, "x", {}, [], {"id": 7}, good | {"id": ""}, good | {"id": "x" * 999}, good]
    assert [(c.id, c.args, c.seconds_left) for c in parse_commands(answer)] == [("x", {}, 300.0)]


def test_a_command_may_not_take_longer_than_it_has(play, monkeypatch):
    async def scene(stage):
        async def sleepy(command, bench):
            await asyncio.sleep(60)

        monkeypatch.setattr("actwin_collector.commands.commander.perform", sleepy)
        assert (await stage.ask("logs", seconds_left=-5))["code"] == "too_long"

    play(scene)


def test_results_are_masked_and_bounded():
    masker = Masker()
    masker.learn(["topsecret"])
    result = masked(
        Result(text="topsecret" + "x" * 10**6, data={"a": [{"b": "topsecret"}]}), masker
    )
    assert len(result.text) == MAX_TEXT and result.data == {"a": [{"b": "***"}]}


def test_the_daemon_answers_commands_beside_its_work(tmp_path):
    with FakeOdoo() as odoo:
        (tmp_path / "key").write_text(KEY)
        settings = Settings(
            tmp_path / "c.toml",
            CollectorSettings("C1", tmp_path, command_seconds=0.2),
            OdooSettings(odoo.url, DB, LOGIN, tmp_path / "key"),
        )
        odoo.commands = [
            {"id": kind, "kind": kind, "device": "", "line": "", "args": {}, "seconds_left": 60}
            for kind in ("logs", "queue", "check")
        ]

        async def go():
            stop = asyncio.Event()
            service = Service(settings)
            running = asyncio.create_task(service.run(stop))
            async with asyncio.timeout(20):
                while len(odoo.results) < 3:
                    await asyncio.sleep(0.05)
            stop.set()
            await running
            assert "commands" not in service.problems

        asyncio.run(go())
        assert {row["id"]: row["ok"] for row in odoo.results} == dict.fromkeys(
            ("logs", "queue", "check"), True
        )
