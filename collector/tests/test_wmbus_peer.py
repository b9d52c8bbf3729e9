# SPDX-License-Identifier: MIT
"""wmbusmeters as independent peer: it opens what our simulated radio meters send."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from radio_support import KEY, NOW, OTHER_KEY, meter

from actwin_collector.simulate.wmbus import delivered

PROGRAM = os.environ.get("ACTWIN_WMBUSMETERS") or str(
    Path(__file__).resolve().parents[2] / ".local" / "wmbusmeters" / "run"
)
pytestmark = pytest.mark.skipif(
    not os.access(PROGRAM, os.X_OK), reason="no wmbusmeters: run scripts/wmbusmeters.sh"
)
# A meter type it knows, whose records are plain ones of the standard.
METER = {"manufacturer": "SEN", "version": 0x68}


def ask(source: str, key: str, stdin: str = "") -> list[dict]:
    command = [PROGRAM, "--format=json", source, "W", "iperl", "12345678", key]
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=20)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


@pytest.mark.parametrize("mode", [5, 7])
def test_it_reads_our_encrypted_telegram(mode):
    wire = meter(mode, **METER).telegram(NOW)
    (found,) = ask(wire.hex().upper(), KEY)
    assert (found["total_m3"], found["max_flow_m3h"]) == (54.321, 0.1)
    assert all("total_m3" not in row for row in ask(wire.hex().upper(), OTHER_KEY))


def test_it_reads_our_stream_of_rtl_wmbus_lines():
    radio = meter(7, **METER)
    lines = [delivered("rtl-wmbus", radio.telegram(NOW), NOW, -70).decode() for _ in range(3)]
    found = ask("stdin:rtlwmbus", KEY, "".join(lines))
    assert [(row["total_m3"], row["rssi_dbm"]) for row in found] == [(54.321, -70)] * 3
