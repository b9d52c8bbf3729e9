# SPDX-License-Identifier: MIT
"""Wired telegrams of wmbusmeters' tests, against the readings it reports."""

from __future__ import annotations

import pytest
from mbus_support import PROTOCOLS, lines, missing_numbers, needs_data

from actwin_collector.protocol.mbus import MbusDriver

pytestmark = needs_data

TELEGRAMS = lines(PROTOCOLS / "mbus" / "wmbusmeters_mbus_telegrams.jsonl")


@pytest.mark.parametrize("row", TELEGRAMS, ids=lambda row: f"{row['driver']}-{row['name']}")
def test_every_expected_number_is_decoded(row):
    telegram = MbusDriver.decode({"telegram": row["telegram"]})
    assert telegram.meter.id == row["expected"]["id"]
    missing = missing_numbers(row["expected"], telegram.records)
    # wmbusmeters calls this maker's own 48-bit number years; the bare number is in the records.
    raw = missing.pop("operating_time_y", None)
    assert raw is None or any(record.value == raw for record in telegram.records)
    assert missing == {}
