"""A thousand Modbus/TCP meters a minute on one core; what an idle collector holds and uses."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import measure
import site_process as site

METERS, GATEWAYS = 1_000, 5
POLL_SECONDS = 20
ROUNDS = 2
LIMIT = 80.0
IDLE_SECONDS = 20.0
IDLE_SHARE = 0.01

_METERS = Path(__file__).with_name("modbus_meters.py")


def main():
    with tempfile.TemporaryDirectory() as folder:
        measure.write(thousand_meters(Path(folder)))
    with tempfile.TemporaryDirectory() as folder:
        measure.write(idle(Path(folder)))


def thousand_meters(folder):
    ports = site.free_ports(GATEWAYS)
    units = METERS // GATEWAYS
    config = site.write_config(folder, ports, units, POLL_SECONDS)
    with site.process(_METERS, units, *ports, folder=folder, name="meters"):
        site.wait_for(lambda: all(map(site.listening, ports)), 60, "the meters listen")
        with collector(folder, config) as child:
            per_round = METERS * len(site.REGISTERS)
            site.wait_for(lambda: site.readings(folder)[0] >= per_round, 120, "a first round")
            stored = site.readings(folder)[0]
            started, used = time.monotonic(), site.cpu_seconds(child.pid)
            end = stored + ROUNDS * per_round
            site.wait_for(lambda: site.readings(folder)[0] >= end, 240, "the rounds counted")
            used = site.cpu_seconds(child.pid) - used
            spent = time.monotonic() - started
            read = (site.readings(folder)[0] - stored) / len(site.REGISTERS)
            channels = site.readings(folder)[1]
    note = f"{channels} channels"
    return [
        measure.at_least(
            "modbus", f"meters a minute of processor time, {GATEWAYS} gateways, stored synced",
            60 * read / used, METERS, 1, "meters", note,
        ),
        measure.at_least(
            "modbus", "meters a minute of the wall clock, as scheduled", 60 * read / spent,
            METERS, 1, "meters", f"polled every {POLL_SECONDS} s",
        ),
    ]  # fmt: skip


def idle(folder):
    ports = site.free_ports(1)
    config = site.write_config(folder, ports, 5, POLL_SECONDS)
    with site.process(_METERS, 5, *ports, folder=folder, name="meters"):
        site.wait_for(lambda: site.listening(ports[0]), 60, "the meters listen")
        with collector(folder, config) as child:
            site.wait_for(lambda: site.readings(folder)[0] > 0, 60, "the first readings")
            used = site.cpu_seconds(child.pid)
            time.sleep(IDLE_SECONDS)
            used = site.cpu_seconds(child.pid) - used
            held = site.resident_bytes(child.pid)
    share, whole = used / IDLE_SECONDS, with_every_driver()
    busy = f"share of a core it uses, each meter every {POLL_SECONDS} s"
    rows = [
        ("memory of a collector with five meters", held / 1e6, LIMIT, "MB"),
        ("memory of the daemon with every driver loaded", whole / 1e6, LIMIT, "MB"),
        (busy, share, IDLE_SHARE, "of a core"),
    ]
    return [measure.at_most("idle", name, found, most, 1, unit) for name, found, most, unit in rows]


_ALL = """
import os
import actwin_collector.service
from actwin_collector.protocol.registry import DRIVERS, get_driver, names
for name in names(DRIVERS):
    get_driver(name)
with open("/proc/self/statm") as file:
    print(int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE"))
"""


def with_every_driver():
    """Bytes a process holds that has loaded the daemon and all drivers."""
    done = subprocess.run([sys.executable, "-c", _ALL], capture_output=True, check=True)
    return int(done.stdout)


def collector(folder, config):
    ready = folder / "ready"
    child = site.process(
        "-m", "actwin_collector", "run", "--config", config, "--ready-file", ready,
        folder=folder, name="collector",
    )  # fmt: skip
    return _Ready(child, ready)


class _Ready:
    """A collector that has begun its work."""

    def __init__(self, child, ready):
        self._child, self._ready = child, ready

    def __enter__(self):
        found = self._child.__enter__()
        try:
            site.wait_for(self._ready.exists, 60, "the collector is ready")
        except TimeoutError:
            self._child.__exit__(*sys.exc_info())
            raise
        return found

    def __exit__(self, *error):
        return self._child.__exit__(*error)


if __name__ == "__main__":
    main()
