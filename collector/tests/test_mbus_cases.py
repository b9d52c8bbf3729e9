# SPDX-License-Identifier: MIT
"""Case folders: telegrams as received and what ``decode`` must answer; a field bug becomes one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from actwin_collector.cli.decode import answer
from actwin_collector.protocol.mbus import MbusDriver

CASES = sorted((Path(__file__).parent / "cases" / "mbus").iterdir())


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_case(folder):
    lines = (folder / "frames.txt").read_text(encoding="utf-8").splitlines()
    frames = [line for line in lines if line and not line.startswith("#")]
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    assert [answer(MbusDriver.decode, frame) for frame in frames] == expected
