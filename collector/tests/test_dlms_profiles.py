# SPDX-License-Identifier: MIT
"""Load profiles and event logs by range and by entry, from our simulated meter and from scripts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from dlms_rig import BOTH_KEYS, GMAC, GUARDED, at, meters, serving, spec
from protocol_rig import device, hold, tcp_link
from test_dlms_dialogue import Meter, WrapperLine

from actwin_collector.model import CollectorError, FrameError, UnsupportedError
from actwin_collector.protocol.dlms import DlmsDriver
from actwin_collector.protocol.dlms.cosem import encode_clock, parse_name
from actwin_collector.protocol.dlms.counters import CounterStore
from actwin_collector.protocol.dlms.layouts import MOST, Layout, LayoutCache
from actwin_collector.protocol.dlms.profile import Column
from actwin_collector.protocol.dlms.rows import event_rows, profile_rows
from actwin_collector.protocol.dlms.spans import days_a_call, entries, windows

ZONE = timezone(timedelta(hours=3))
START, END = at("2026-09-10T00:00"), at("2026-09-12T00:00")
OPEN = {"client": 1}


@pytest.fixture
def driver(tmp_path):
    return DlmsDriver(CounterStore(tmp_path / "counters.sqlite"), now=lambda: END)


def profile(driver, address, device_, start=START, end=END):
    link = tcp_link(address)
    return hold(link, lambda: driver.read_profile(link, device_, 2.0, start, end))


def expected(model, register, start=START, end=END):
    first = int(start.timestamp())
    return [
        Decimal(model.scaled(register, moment))
        for moment in range(first + 900, int(end.timestamp()) + 1, 900)
    ]


@pytest.mark.parametrize("framing", ["wrapper", "hdlc"])
@pytest.mark.parametrize("range_access", [True, False])
@pytest.mark.parametrize("ciphered", [False, True])
def test_rows_of_a_span_are_complete_exact_and_in_order(driver, framing, range_access, ciphered):
    guarded = GUARDED if ciphered else {}
    found = meters({"framing": framing, "range_access": range_access, **guarded})
    security = GMAC if ciphered else OPEN
    wanted = spec(framing=framing, secret=BOTH_KEYS if ciphered else "", **security)
    with serving(found) as address:
        rows = profile(driver, address, wanted)
    stamps = [START + timedelta(minutes=15 * (number + 1)) for number in range(192)]
    assert [row.ts for row in rows] == stamps
    for name in ("1.8.0", "1.0.1.8.0.255"):
        assert [row.samples[name].value for row in rows] == expected(found[0].model, "1.8.0")
    assert [row.samples["5.8.0"].value for row in rows] == expected(found[0].model, "5.8.0")
    assert {(row.samples["5.8.0"].unit, row.samples["5.8.0"].status) for row in rows} == {
        ("varh", 0)
    }


@pytest.mark.parametrize("range_access", [True, False])
def test_long_span_is_asked_for_in_pieces(driver, range_access, monkeypatch):
    found = meters({"range_access": range_access})
    asked = []
    select = found[0].model.objects[parse_name("1.0.99.1.0.255")].selected
    original = select[2]
    select[2] = lambda kind, value: asked.append(kind) or original(kind, value)
    start = at("2026-08-20T00:00")
    with serving(found) as address:
        rows = profile(driver, address, spec(profile_days=7, **OPEN), start)
        assert [row.samples["1.8.0"].value for row in rows] == expected(
            found[0].model, "1.8.0", start
        )
        # 23 days; by entry from the newest row, three days later, backwards
        assert asked == ([1] * 4 if range_access else [1] + [2] * 4)
        asked.clear()
        profile(driver, address, spec(profile_days=7, **OPEN), END - timedelta(hours=1))
        # What the meter refused once is not tried again.
        assert set(asked) == {1 if range_access else 2}


def test_layout_is_asked_once_until_the_firmware_changes(driver):
    found = meters()
    columns = found[0].model.objects[parse_name("1.0.99.1.0.255")].readers
    asked, original = [], columns[3]
    columns[3] = lambda: asked.append(1) or original()
    with serving(found) as address:
        for _ in range(3):
            profile(driver, address, spec(**OPEN), END - timedelta(hours=1))
        assert len(asked) == 1
        from actwin_collector.protocol.dlms import encode

        firmware = found[0].model.objects[parse_name("1.0.0.2.0.255")].readers
        firmware[2] = lambda: encode.octets(b"ACTSIM 1.1")
        profile(driver, address, spec(**OPEN), END - timedelta(hours=1))
        assert len(asked) == 2


def test_rows_without_a_clock_follow_the_row_before_them():
    """The meter of the script stamps only the first row, and gives one that was not asked for."""
    link = WrapperLine(Meter())
    start = datetime(2026, 8, 1, 9, 30, tzinfo=UTC)
    rows = hold(
        link,
        lambda: DlmsDriver().read_profile(
            link, device("dlms", address="1"), 0.2, start, start + timedelta(minutes=15)
        ),
    )
    assert [(row.ts, row.samples["1.8.0"].value, row.samples["1.8.0"].unit) for row in rows] == [
        (start + timedelta(minutes=15), Decimal(200), "Wh")
    ]


def test_span_without_rows_is_empty_and_another_meter_is_refused(driver):
    with serving(meters()) as address:
        assert profile(driver, address, spec(**OPEN), at("2027-01-01T00:00"),
                       at("2027-01-02T00:00")) == []  # fmt: skip
        with pytest.raises(CollectorError) as caught:
            profile(driver, address, spec(serial="1", **OPEN))
        assert caught.value.code == "wrong_address"


def test_meter_without_profile_or_log_is_unsupported(driver):
    with serving(meters()) as address:
        for settings in ({"profile": "none"}, {"profile": "1.0.99.2.0.255"}):
            with pytest.raises(UnsupportedError):
                profile(driver, address, spec(**settings, **OPEN))
        link = tcp_link(address)
        for settings in ({}, {"events": ["0.0.99.98.7.255"]}):
            with pytest.raises(UnsupportedError):
                hold(link, lambda s=settings: driver.read_events(link, spec(**s, **OPEN), 2, START))


@pytest.mark.parametrize("range_access", [True, False])
def test_events_after_an_instant_with_what_they_mean(driver, range_access):
    found = meters({"range_access": range_access})
    link_spec = spec(events=["0.0.99.98.0.255"], **OPEN)
    with serving(found) as address:
        link = tcp_link(address)
        early = START - timedelta(days=40)
        everything = hold(link, lambda: driver.read_events(link, link_spec, 2, early))
        assert everything and [event.ts for event in everything] == sorted(
            event.ts for event in everything
        )
        assert {event.code for event in everything} == {"1", "2"}
        assert everything[0].text == "power down; 0.0.99.98.0.255"
        later = hold(link, lambda: driver.read_events(link, link_spec, 2, everything[1].ts))
        assert later == everything[2:]


def column(name: str, class_id: int = 3, attribute: int = 2) -> Column:
    return Column(class_id, parse_name(name), attribute)


CLOCK = column("0.0.1.0.0.255", 8)
STATUS = column("0.0.96.10.1.255", 1)


def stamp(hour: int, status: int = 0) -> bytes:
    moment = datetime(2026, 9, 1, hour, tzinfo=ZONE)
    return encode_clock(moment)[:11] + bytes((status,))


@pytest.mark.parametrize(
    ("flags", "suspect"),
    [(0, 0), (0x02, 1), (0x04, 1), (0x20, 1), (0x08, 0), (0x80, 0), ("00100000", 1),
     (b"\x00\x02", 1), (None, 0)],
)  # fmt: skip
def test_status_column_makes_a_row_suspect(flags, suspect):
    layout = Layout((CLOCK, STATUS, column("1.8.0")))
    [row] = profile_rows([[stamp(1), flags, 5]], layout, ZONE)
    assert row.samples["1.8.0"].status == suspect
    [row] = profile_rows([[stamp(1), flags, 5]], layout, ZONE, suspect_bits=0)
    assert row.samples["1.8.0"].status == 0


def test_doubtful_clock_makes_a_row_suspect():
    layout = Layout((CLOCK, column("1.8.0")))
    rows = profile_rows([[stamp(1), 5], [stamp(2, 0x02), 6]], layout, ZONE)
    assert [row.samples["1.8.0"].status for row in rows] == [0, 1]


def test_columns_are_named_scaled_and_never_doubled():
    demand = column("1.6.0", 4, 5)
    layout = Layout(
        (CLOCK, column("1.8.0"), column("1.1.1.8.0.255"), column("32.7.0"), demand),
        {column("1.8.0"): (3, 30), column("32.7.0"): (-1, 35)},
    )
    [row] = profile_rows([[stamp(1), 7, 8, 2301, 9]], layout, ZONE)
    values = {name: (sample.value, sample.unit) for name, sample in row.samples.items()}
    assert values == {
        "1.0.1.8.0.255": (Decimal(7000), "Wh"),
        "1.8.0": (Decimal(7000), "Wh"),
        "1.1.1.8.0.255": (Decimal(8), ""),
        "1.0.32.7.0.255": (Decimal("230.1"), "V"),
        "32.7.0": (Decimal("230.1"), "V"),
        "1.0.1.6.0.255#5": (Decimal(9), ""),
        "1.6.0#5": (Decimal(9), ""),
    }


def test_newest_row_first_is_turned_round_and_gaps_are_no_values():
    layout = Layout((CLOCK, column("1.8.0")), {}, 3600, newest_first=True)
    rows = profile_rows([[None, 7], [None, None], [stamp(1), 5]], layout, ZONE)
    assert [(row.ts.hour, dict(row.samples) and row.samples["1.8.0"].value) for row in rows] == [
        (1, 5), (2, {}), (3, 7)
    ]  # fmt: skip


def test_row_with_no_time_at_all_is_left_out():
    layout = Layout((CLOCK, column("1.8.0")), {}, 900)
    assert [row.samples["1.8.0"].value for row in profile_rows(
        [[None, 5], [stamp(1), 6], [None, 7]], layout, ZONE)] == [6, 7]  # fmt: skip
    without_period = Layout((CLOCK, column("1.8.0")))
    assert len(profile_rows([[stamp(1), 6], [None, 7]], without_period, ZONE)) == 1
    assert profile_rows([[5]], Layout((column("1.8.0"),)), ZONE) == []


@pytest.mark.parametrize("buffer", [None, 5, [[1, 2, 3]], [5]])
def test_buffer_of_another_form_is_a_named_error(buffer):
    with pytest.raises(FrameError):
        profile_rows(buffer, Layout((CLOCK, column("1.8.0"))), ZONE)


def test_scaler_no_meter_has_is_a_named_error():
    with pytest.raises(FrameError):
        profile_rows([], Layout((column("1.8.0"),), {column("1.8.0"): (99, 30)}), ZONE)


def test_event_columns_beside_the_code_are_told():
    layout = Layout((CLOCK, column("0.0.96.11.0.255", 1), column("0.0.96.15.1.255", 1)))
    [event] = event_rows([[stamp(1), 44, 17]], layout, ZONE, parse_name("0.0.99.98.1.255"))
    assert (event.code, event.text) == (
        "44",
        "meter cover removed; 96.15.1=17; 0.0.99.98.1.255",
    )


def test_pieces_of_a_span():
    assert windows(START, START, 3) == []
    assert [(b - a).days for a, b in windows(START, START + timedelta(days=7), 3)] == [3, 3, 1]
    assert entries(10, 4, newest_first=False) == [(7, 10), (3, 6), (1, 2)]
    assert entries(10, 4, newest_first=True) == [(1, 4), (5, 8), (9, 10)]
    assert entries(0, 4, newest_first=False) == []
    assert len(entries(0xFFFF_FFFF, 1, newest_first=False)) <= 2000


def test_wide_rows_close_together_are_asked_for_in_smaller_pieces():
    wide = tuple(column(f"1.0.{number}.8.0.255") for number in range(20))
    assert days_a_call(Layout(wide, period=900), 10) == 10
    assert days_a_call(Layout(wide, period=60), 10) == 3
    assert days_a_call(Layout(wide, period=1), 10) == 1
    assert days_a_call(Layout(wide), 10) == 10


def test_remembered_layouts_are_bounded():
    cache = LayoutCache()
    for number in range(MOST + 10):
        cache.keep((number,), Layout(()))
        cache.refuses_range((number,))
    assert cache.get((0,)) is None and cache.get((MOST + 9,)) is not None
    assert cache.selects_by_range((0,)) and not cache.selects_by_range((MOST + 9,))
