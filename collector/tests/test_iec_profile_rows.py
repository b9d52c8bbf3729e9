# SPDX-License-Identifier: MIT
"""What a load profile's columns mean, when its periods ended, and how sure its rows are."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal

import pytest
from iec_support import local
from mbus_support import PROTOCOLS, files, needs_data
from protocol_rig import device

from actwin_collector.model import ConfigError
from actwin_collector.protocol.iec62056_21.options import Options
from actwin_collector.protocol.iec62056_21.rows import profile_rows, request_text

HEAD = (
    "P.01({stamp})({status})(15)(2)(1.5.0)(kW)(1-0:1.8.0)(kWh)\r\n"
    "(1.5)(00012.345)\r\n(2.5)(00013.000)\r\n"
)
TURKISH = (
    "P.01(26-01-01,00:15)(000.250)(000.100)(00)\r\n"
    "P.01(26-01-01,00:30)(000.500)(000.000)(04)\r\n"
)


def options(**settings):
    return Options.of(device("iec62056-21", "1.8.0", **settings))


def rows(text, **settings):
    return profile_rows(text, options(**settings))


def vdew(stamp="0260115001500", status="00", **settings):
    return rows(HEAD.format(stamp=stamp, status=status), **settings)


def test_header_stands_for_the_end_of_the_first_period():
    first, second = vdew()
    assert (first.ts, second.ts) == (local(2026, 1, 15, 0, 15), local(2026, 1, 15, 0, 30))
    assert first.samples["1.8.0"].value == Decimal(12345)
    assert first.samples["P.01#2"] == first.samples["1-0:1.8.0"] == first.samples["1.8.0"]


def test_mean_power_stays_a_power_and_its_energy_has_a_name_of_its_own():
    first = vdew()[0].samples
    assert (first["1.5.0"].value, first["1.5.0"].unit) == (Decimal(1500), "W")
    assert (first["1.29.0"].value, first["1.29.0"].unit) == (Decimal(375), "Wh")
    assert "1.8.0:energy" not in first and "P.01#2:energy" not in first


@pytest.mark.parametrize(
    ("stamp", "settings", "utc"),
    [
        ("0260715001500", {}, "2026-07-14T21:15:00+00:00"),
        ("1260715001500", {"utc_offset": "+01:00"}, "2026-07-14T22:15:00+00:00"),
        ("0260715001500", {"utc_offset": "+01:00"}, "2026-07-14T23:15:00+00:00"),
        ("1260715001500", {"summer_time": "ignore"}, "2026-07-14T21:15:00+00:00"),
        ("2260715001500", {}, "2026-07-15T00:15:00+00:00"),
        ("02607150015", {}, "2026-07-14T21:15:00+00:00"),
        ("260715001500", {}, "2026-07-14T21:15:00+00:00"),
        ("0260715001500", {"profile_stamp": "start"}, "2026-07-14T21:30:00+00:00"),
    ],
)
def test_stamp_is_taken_in_the_meters_offset(stamp, settings, utc):
    assert vdew(stamp, **settings)[0].ts == datetime.fromisoformat(utc)


@pytest.mark.parametrize(
    ("status", "suspect"),
    [("00", 0), ("80", 0), ("08", 0), ("20", 1), ("04", 1), ("00000000", 0), ("00002000", 1),
     ("zz", 1), ("", 0)],
)
def test_status_bits_make_a_row_suspect(status, suspect):
    assert {sample.status for row in vdew(status=status) for sample in row.samples.values()} == {
        suspect
    }
    if status == "20":
        lenient = vdew(status=status, profile_harmless="F8")
        assert lenient[0].samples["1.8.0"].status == 0


def test_turkish_columns_get_their_names_units_and_status_from_the_settings():
    first, second = rows(
        TURKISH, profile_columns=["1.29.0*kWh", "5.29.0*kvarh"], profile_status="last"
    )
    assert first.ts == local(2026, 1, 1, 0, 15)
    assert (first.samples["1.29.0"].value, first.samples["1.29.0"].unit) == (Decimal(250), "Wh")
    assert (first.samples["P.01#2"].unit, first.samples["P.01#2"].status) == ("varh", 0)
    assert second.samples["1.29.0"].status == 1
    assert set(rows(TURKISH)[0].samples) == {"P.01#1", "P.01#2"}
    claimed = ["1.29.0*kWh", "5.29.0*kvarh", "32.7.0*V"]
    assert "32.7.0" in rows(TURKISH, profile_columns=claimed)[0].samples


def test_demand_columns_without_code_give_energy_by_position():
    sample = rows(TURKISH, profile_columns=["X*kW", "Y*kvar"], profile_kind="demand",
                  profile_status="last", profile_minutes=30)[0].samples
    assert (sample["P.01#1:energy"].value, sample["P.01#1:energy"].unit) == (Decimal(125), "Wh")


@pytest.mark.parametrize(
    "settings",
    [
        {"profile_columns": ["1.8.0*kWh"], "profile_kind": "energy"},
        {"profile_columns": ["1.8.0*kW"]},
        {"profile_columns": ["1.5.0*kWh"]},
        {"profile_columns": ["X*kWh"], "profile_kind": "demand"},
        {"profile_columns": ["X*kW"], "profile_kind": "index"},
        {"profile_columns": ["(x"]},
        {"profile_harmless": "xyz"},
        {"events": ["everything"]},
    ],
)
def test_kinds_that_contradict_each_other_are_refused(settings):
    with pytest.raises(ConfigError):
        rows(TURKISH, **settings)


def test_gaps_rows_on_the_headers_line_and_new_headers_are_understood():
    text = (
        "P.01(0260115001500)(00)(15)(2)(1.5.0)(kW)(1.8.0)(kWh)(1.5)(10.0)(----)(10.5)\r\n"
        "P.01(0260115010000)(00)(15)(1)(1.5.0)(kW)\r\n()\r\n(3)\r\n"
    )
    found = rows(text)
    assert [row.ts.minute for row in found] == [15, 30, 0, 15]
    assert [row.samples["1.5.0"].value if "1.5.0" in row.samples else None for row in found] == [
        Decimal(1500), None, None, Decimal(3000)
    ]
    assert rows("P.01(00000000000)\r\n") == []


def test_request_is_an_hour_wider_and_in_the_meters_form():
    span = (local(2026, 1, 1, 0, 0), local(2026, 1, 2, 0, 0))
    assert request_text(options(), "P.01", *span) == "P.01(02512312300;02601020100)"
    turkish = options(profile_form="turkish")
    assert request_text(turkish, "P.01", *span) == "P.01(25-12-31,23:00;26-01-02,01:00)"


@needs_data
@pytest.mark.parametrize(
    "path", files(PROTOCOLS / "iec62056-21" / "load_profiles", "*.json"), ids=lambda p: p.stem
)
def test_recorded_profiles_give_rows_with_all_their_columns(path):
    lines = json.loads(path.read_text("utf-8"))["lines"]
    found = rows("\r\n".join(lines), utc_offset="+01:00")
    assert len(found) == len(lines) - 1
    for row, line in zip(found, lines[1:], strict=True):
        values = [Decimal(text) for text in line.strip("()").split(")(")]
        samples = [row.samples[f"P.01#{at}"] for at in range(1, len(values) + 1)]
        assert [sample.value for sample in samples] == [value * 1000 for value in values]
        assert {sample.status for sample in samples} == {0}
        assert row.ts.utcoffset().total_seconds() == 7200
