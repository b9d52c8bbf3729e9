# SPDX-License-Identifier: MIT
"""smartmeter-obis, an independent reader, reads our simulated meter over a pseudo terminal."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from decimal import Decimal
from pathlib import Path

import pytest
from iec_support import NOW, Rig, meter

from actwin_collector.protocol.iec62056_21 import Iec62056Driver
from actwin_collector.simulate.readout import readout

HERE = Path(__file__).parent
MODULES = Path(os.environ.get("ACTWIN_PEERS") or HERE.parents[1] / ".local/peers") / "node_modules"
READY = shutil.which("node") and (MODULES / "smartmeter-obis").is_dir()

pytestmark = pytest.mark.skipif(
    not READY, reason="smartmeter-obis is not installed: run scripts/peers.sh (needs node and npm)"
)


def test_independent_reader_agrees_on_every_number(tmp_path):
    kit = Rig(meter({"pty": "iec"}), tmp_path)

    def work(addresses):
        command = ["node", HERE / "iec_peer.js", MODULES, addresses["T"]]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.strip().splitlines()[-1])

    found = kit.run(work)
    text = readout(kit.scenario.meters["T"], NOW)
    compared = 0
    for record in Iec62056Driver.decode({"text": text}).records:
        unit = record.raw[0].partition("*")[2]
        if unit in ("kWh", "kVArh", "kW", "V", "A"):
            (value, shown), *_ = found[record.obis]
            assert Decimal(str(value)) == Decimal(record.raw[0].partition("*")[0]), record.obis
            assert shown == unit
            compared += 1
    assert compared == 110
