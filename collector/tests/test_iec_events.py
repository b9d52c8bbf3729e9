# SPDX-License-Identifier: MIT
"""Logs, lists and status words as events."""

from __future__ import annotations

import pytest
from iec_support import Rig, local, spec
from protocol_rig import ScriptedLink, device

from actwin_collector.model import NoAnswer, UnsupportedError
from actwin_collector.protocol.iec62056_21 import Iec62056Driver
from actwin_collector.protocol.iec62056_21.codec import frame
from actwin_collector.protocol.iec62056_21.events import events_of
from actwin_collector.protocol.iec62056_21.options import Options
from actwin_collector.protocol.iec62056_21.status import mass_flags, vdew_flags

NOW = local(2026, 9, 1, 10, 0)


def events(text, **settings):
    return events_of(text, Options.of(device("iec62056-21", "x", **settings)), NOW)


def test_log_entry_says_what_the_status_and_its_elements_mean():
    text = (
        "P.98(0260815031000)(00000080)()(0)\r\n"
        "P.98(0260816235646)(00008020)()(2)(0.9.1)()(0.9.2)()(0235703)(0260816)\r\n"
        "P.98(0260817000000)(00)()(2)(0-0:C.11.0)()(0-0:C.11.10)()(4)(0)\r\n"
    )
    first, second, third = events(text)
    assert (first.ts, first.code, first.text) == (
        local(2026, 8, 15, 3, 10), "P.98:00000080", "power_down"
    )
    assert second.text == "clock_set, bit_15, 0.9.1=0235703, 0.9.2=0260816"
    assert third.text == "0-0:C.11.0=4, 0-0:C.11.10=0"


def test_outage_has_the_time_of_its_end_and_tells_its_start_and_length():
    text = (
        "96.7.0(01)\r\n96.77.0*1(26-08-12,03:10,26-08-12,03:52)\r\n"
        "96.77.10*2(26-08-13,04:00)(26-08-13,04:01)\r\n"
        "96.77.0*2(00-00-00,00:00,00-00-00,00:00)\r\n96.77.4(00)\r\n"
    )
    first, second = events(text)
    assert (first.ts, first.code) == (local(2026, 8, 12, 3, 52), "96.77.0")
    assert first.text == "outage of all phases from 2026-08-12T03:10:00+03:00, 42 min"
    assert second.text.startswith("short outage of phase 1 from")


def test_cover_openings_are_events_where_there_was_one():
    text = "96.70(26-05-01,09:00)\r\n96.71(00-00-00,00:00)(00)\r\n96.71*1(26-05-23,12:08)(03)\r\n"
    body, terminal = events(text)
    assert (body.code, body.text) == ("96.70", "body cover opened")
    assert terminal.text == "terminal cover opened, 3 times in the month"


def test_status_bits_are_events_of_now_only_where_they_are_those_of_mass():
    text = "F.F.0(0000000000000021)\r\n"
    assert events(text) == []
    found = events(text, status_bits="mass")
    assert [event.code for event in found] == ["F.F.0:0", "F.F.0:37", "F.F.0:38", "F.F.0:5"]
    assert {event.ts for event in found} == {NOW}


@pytest.mark.parametrize(
    ("word", "names"),
    [
        ("0000006000000000", []),
        ("0000002000000000", ["clock_battery_low"]),
        ("00000060000000C0", ["body_cover_open", "body_cover_was_open"]),
        ("0080006000100800", ["magnetic_influence_R", "phase_missing_R", "relay_fault"]),
        ("8000006000000000", ["bit_63"]),
        ("00000000", []),
        ("what", []),
    ],
)
def test_status_of_a_turkish_meter_is_named_bit_by_bit(word, names):
    assert list(mass_flags(word).values()) == names


def test_status_stands_beside_the_readings_of_a_turkish_meter():
    text = "/MSY5<1>C520.KMY.2251\r\n1.8.0(1*kWh)\r\nF.F.0({})\r\n!\r\n"
    decode = Iec62056Driver.decode
    assert decode({"text": text.format("0000006000000080")}).meter.extra["status"] == (
        "body_cover_was_open"
    )
    assert "status" not in decode({"text": text.format("0000006000000000")}).meter.extra
    other = text.replace("MSY5<1>", "ABC5").format("0000006000000080")
    assert "status" not in decode({"text": other}).meter.extra


def test_unknown_bits_of_a_word_are_numbered():
    assert vdew_flags("C0") == ["power_up", "power_down"]
    assert vdew_flags("100") == ["bit_8"] and vdew_flags("x") == []


def test_condition_is_told_when_it_begins_and_not_again_while_it_lasts():
    def answer(status, minute):
        clock = f"0.9.1(10:{minute:02}:30)\r\n0.9.2(26-09-01)\r\n"
        return frame(f"0.0.0(7)\r\n{clock}F.F.0({status})\r\n96.70(26-08-30,09:00)\r\n!\r\n")

    driver = Iec62056Driver()

    def read(status, minute):
        link = ScriptedLink(b"/MSY5<1>X\r\n", answer(status, minute))
        found = Rig.hold(
            link, lambda it: driver.read_events(it, spec(events=["8"]), 0.2, local(2026, 8, 1))
        )
        return [(event.code, event.ts) for event in found if event.code != "96.70"]

    assert read("0000006000000020", 1) == [("F.F.0:5", local(2026, 9, 1, 10, 1))]
    assert read("0000006000000020", 2) == []
    assert read("0000006000000000", 3) == []
    assert read("0000006000000020", 4) == [("F.F.0:5", local(2026, 9, 1, 10, 4))]


def test_meter_without_any_event_is_unsupported():
    link = ScriptedLink(b"/ABC5X\r\n", frame("1.8.0(1*kWh)\r\n!\r\n"))
    with pytest.raises(UnsupportedError):
        Rig.hold(link, lambda it: Iec62056Driver().read_events(it, spec(), 0.2, NOW))


def test_full_readout_replaces_packets_that_the_meter_does_not_know():
    who = b"/MSY5<1>OLD\r\n"
    full = frame("0.0.0(7)\r\n96.70(26-05-01,09:00)\r\n!\r\n")
    link = ScriptedLink(who, b"", who, full, who, b"")
    driver = Iec62056Driver()
    (event,) = Rig.hold(link, lambda it: driver.read_events(it, spec(), 0.2, local(2026, 1, 1)))
    assert event.code == "96.70"
    assert [sent for sent in link.sent if sent[0] == 6] == [
        b"\x06058\r\n", b"\x06050\r\n", b"\x06059\r\n"
    ]
    silent = ScriptedLink(who, b"", who, b"")
    with pytest.raises(NoAnswer):
        Rig.hold(silent, lambda it: driver.read_events(it, spec(), 0.2, local(2026, 1, 1)))
