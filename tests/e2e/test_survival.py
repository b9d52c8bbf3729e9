"""SIGKILL of Odoo, PostgreSQL and the collector while readings stream in loses and doubles none."""

import os
import random
import signal
import subprocess
import time
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CHANNELS = 20
SLOTS = 1500
PAUSE = 0.03  # about a minute of ingest in all, restarts included
FIRST = 1_700_000_040
SEED = 20261123


@pytest.fixture
def channels(house):
    call = house.rpc()
    site = call("actwin.site", "search", [("code", "=", "OSB1")])[0]
    point = call("actwin.point", "create", {"name": "Crash test", "code": "CRASH", "site_id": site})
    call("actwin.channel", "create", [
        {"point_id": point, "key": f"OSB1/CRASH:{number}", "obis": str(number), "kind": "instant",
         "unit": "kW", "quantity": "power"}
        for number in range(CHANNELS)
    ])


class Stream:
    """The writer and the sender of one outbox; both can be killed and started again."""

    def __init__(self, house, folder):
        self.house = house
        self.outbox = folder / "outbox.sqlite"
        self.python = f"{house.environment['ACTWIN_TOOLCHAIN']}/venv-collector/bin/python"
        self.log = open(folder / "stream.log", "w")  # noqa: SIM115 (closed in stop)
        self.writer = self.sender = None
        self.last_round = False

    def _start(self, *command):
        return subprocess.Popen(
            [str(part) for part in command], cwd=ROOT,
            env=self.house.environment, stdout=self.log, stderr=subprocess.STDOUT,
        )

    def start_writer(self):
        script = os.path.join(os.path.dirname(__file__), "outbox_writer.py")
        self.writer = self._start(
            self.python, script, self.outbox, FIRST, SLOTS, CHANNELS, PAUSE
        )

    def start_sender(self):
        config = self.house.home / "run" / "collector.toml"
        self.sender = self._start(
            self.python, "-m", "actwin_collector", "drain", "--config", config,
            "--outbox", self.outbox, "--batch-size", 300, "--tries", 1, "--quiet",
        )

    def kill(self):
        """SIGKILL both, at whatever they are doing."""
        for process in (self.writer, self.sender):
            if process and process.poll() is None:
                process.kill()
                process.wait()

    def step(self):
        """Start again what has ended and is still needed; True when all is written and sent."""
        if self.writer.poll() not in (None, 0):
            self.start_writer()
        if self.sender.poll() is None:
            return False
        # Only a sender that began after the last slot was written has surely sent it.
        if self.last_round and self.sender.returncode == 0:
            return True
        self.last_round = self.writer.poll() == 0
        self.start_sender()
        return False

    def stop(self):
        self.kill()
        self.log.close()


def pid_in(path):
    return int(path.read_text().split()[0])


def kill_odoo(house):
    os.kill(pid_in(house.home / "run" / "odoo.pid"), signal.SIGKILL)
    time.sleep(1)
    start_odoo(house)


def start_odoo(house):
    house.run(
        "bash", "-c",
        'scripts/service.sh start odoo "$PWD/bin/odoo" -d "$ACTWIN_DB" --max-cron-threads=2',
    )


def kill_postgres(house):
    directory = house.run("scripts/cluster.sh", "dir").strip().splitlines()[-1]
    with open(f"{directory}/data/postmaster.pid") as file:
        os.kill(int(file.readline()), signal.SIGKILL)
    time.sleep(1)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        # The postmaster's children leave on their own once they notice; until then a new
        # one refuses to start.
        with suppress(AssertionError):
            house.run("scripts/cluster.sh", "start")
            return
        time.sleep(1)
    raise AssertionError("PostgreSQL did not come back")


def kill_collector(house, stream):
    with suppress(ProcessLookupError, FileNotFoundError):
        os.kill(pid_in(house.home / "run" / "collector.pid"), signal.SIGKILL)
    stream.kill()
    stream.start_writer()
    stream.start_sender()
    house.run(
        "bash", "-c",
        'scripts/service.sh start collector "$PWD/bin/actwin-collector" run '
        '--config "$ACTWIN_HOME/run/collector.toml"',
    )


def test_nothing_is_lost_or_doubled(house, channels, tmp_path):
    stream = Stream(house, tmp_path)
    kills = [
        lambda: kill_odoo(house),
        lambda: kill_postgres(house),
        lambda: kill_collector(house, stream),
    ]
    dice = random.Random(SEED)
    dice.shuffle(kills)
    stream.start_writer()
    time.sleep(0.5)
    stream.start_sender()
    try:
        for kill in kills:
            time.sleep(dice.uniform(3, 12))
            kill()
        deadline = time.monotonic() + 240
        while not stream.step():
            assert time.monotonic() < deadline, "the stream never came to its end"
            time.sleep(0.3)
    finally:
        stream.stop()
    check_readings(house)


def value(channel, slot):
    """What outbox_writer.py sends."""
    return Decimal(f"{slot * 7 + channel}.{slot % 1000:03d}")


def check_readings(house):
    expected = {
        (f"OSB1/CRASH:{channel}", FIRST + 60 * slot): value(channel, slot)
        for channel in range(CHANNELS)
        for slot in range(SLOTS)
    }
    rows = house.sql(
        """
        SELECT c.key, extract(epoch FROM r.ts)::bigint, r.value
          FROM actwin_reading r JOIN actwin_channel c ON c.id = r.channel_id
         WHERE c.key LIKE 'OSB1/CRASH:%%' AND r.ts > '2023-11-01' AND r.ts < '2023-12-31'
        """
    )
    found = {(key, epoch): read for key, epoch, read in rows}
    assert len(rows) == len(found)
    assert found == expected
