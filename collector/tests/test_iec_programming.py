# SPDX-License-Identifier: MIT
"""Programming mode against the simulated meter: profile, log, clock, password, faults."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from iec_support import PASSWORD, Rig, local, meter, site, spec
from protocol_rig import ScriptedLink, serial_link, tcp_link

from actwin_collector.model import (
    AddressError,
    ChecksumError,
    CollectorError,
    ConfigError,
    NoAnswer,
    UnsupportedError,
)
from actwin_collector.protocol.iec62056_21 import Iec62056Driver, driver
from actwin_collector.protocol.iec62056_21.codec import command_message, frame
from actwin_collector.protocol.iec62056_21.errors import (
    AccessDenied,
    MeterError,
    PasswordDisabled,
    PasswordRefused,
)

START, END = local(2026, 9, 14, 22, 0), local(2026, 9, 15, 6, 0)
COLUMNS = ["1.8.0*kWh", "5.8.0*kvarh", "8.8.0*kvarh", "1.5.0*kW"]
EMH = "/EMH5LZQJ-XC"


@pytest.fixture
def rig(tmp_path):
    return lambda scenario: Rig(scenario, tmp_path)


def ask(driver, given, timeout=2.0):
    """Return the call that asks for the span's load profile."""
    return lambda link: driver.read_profile(link, given, timeout, START, END)


def profile(rig, link, timeout=2.0, **settings):
    return rig.hold(link, ask(rig.driver, spec(**settings), timeout))


def set_clock(rig, link, given):
    return rig.hold(link, lambda it: rig.driver.set_clock(it, given, 2.0))


def check_rows(rig, rows, code="1.8.0"):
    assert [row.ts for row in rows] == [START + timedelta(minutes=15 * n) for n in range(1, 33)]
    for row in rows:
        at = int(row.ts.timestamp())
        sample = row.samples[code]
        assert sample.value == rig.scenario.index_at("T", "1.8.0", at) * 1000
        assert (sample.unit, sample.status) == ("Wh", 0)


@pytest.mark.parametrize("place", [{"port": 0}, {"pty": "iec"}])
def test_turkish_profile_has_every_period_of_the_span_and_no_other(rig, place):
    kit = rig(meter(place))

    def work(addresses):
        link = serial_link(addresses["T"]) if "pty" in place else tcp_link(addresses["T"])
        return profile(kit, link, profile_columns=COLUMNS)

    rows = kit.run(work)
    check_rows(kit, rows)
    first = rows[0].samples
    assert first["P.01#1"] == first["1.8.0"]
    before = kit.scenario.index_at("T", "1.8.0", int(START.timestamp())) * 1000
    assert first["1.29.0"].unit == "Wh"
    assert abs(first["1.29.0"].value - (first["1.8.0"].value - before)) <= 1


def test_vdew_profile_names_its_columns_itself(rig):
    kit = rig(meter(identification=EMH))
    rows = kit.run(lambda at: profile(kit, tcp_link(at["T"])))
    check_rows(kit, rows)
    assert rows[0].samples["1-0:1.5.0"] == rows[0].samples["1.5.0"]


def test_misaddressed_meter_is_refused_before_anything_is_asked(rig):
    kit = rig(meter())

    def work(addresses):
        with pytest.raises(AddressError):
            profile(kit, tcp_link(addresses["T"]), serial="80000009")
        return profile(kit, tcp_link(addresses["T"]), serial="80000000", profile_columns=COLUMNS)

    check_rows(kit, kit.run(work))


def test_meters_on_one_line_answer_to_their_own_address_only(rig):
    kit = rig(site(*[(key, "iec62056-21", {"pty": "bus"}, {}) for key in "TU"]))

    def read(addresses, address, serial):
        given = spec(address=address, serial=serial)
        link = serial_link(addresses["T"])
        return kit.hold(link, lambda it: kit.driver.read(it, given, 0.5)).meter.id

    def work(addresses):
        for serial in ("80000000", "80000001"):
            assert read(addresses, serial, serial) == serial
        with pytest.raises(AddressError):
            read(addresses, "80000001", "80000000")
        with pytest.raises(CollectorError):
            read(addresses, "", "")

    kit.run(work)


@pytest.mark.parametrize(("fault", "every"), [("bcc", 3), ("noise", 1), ("truncated", 4)])
def test_damaged_blocks_are_asked_for_again(rig, fault, every):
    kit = rig(meter(fault=fault, fault_every=every))
    rows = kit.run(
        lambda at: profile(
            kit, tcp_link(at["T"]), 0.3, profile_columns=COLUMNS, profile_pause=0.3,
            char_timeout=0.2,
        )
    )
    check_rows(kit, rows)


def test_blocks_that_stay_damaged_and_silence_are_named(rig):
    def failing(fault):
        kit = rig(meter(fault=fault))

        def work(addresses):
            with pytest.raises(CollectorError) as caught:
                profile(kit, tcp_link(addresses["T"]), 0.2, profile_pause=0.2, char_timeout=0.1)
            return type(caught.value)

        return kit.run(work)

    assert failing("bcc") is ChecksumError
    assert failing("silent") is NoAnswer


def test_log_of_a_vdew_meter_is_read_by_its_quirk(rig):
    kit = rig(meter(identification=EMH))
    since = local(2026, 8, 1)
    events = kit.run(
        lambda at: kit.hold(
            tcp_link(at["T"]), lambda it: kit.driver.read_events(it, spec(), 2.0, since)
        )
    )
    assert [event.code for event in events] == ["P.98:80", "P.98:40"] * 2
    assert events[0].ts == local(2026, 8, 12, 3, 10) and events[0].text == "power_down"


def test_turkish_packets_give_outages_and_cover_openings(rig):
    kit = rig(meter())

    def read(at, since):
        link = tcp_link(at["T"])
        return kit.hold(link, lambda it: kit.driver.read_events(it, spec(), 2.0, since))

    events = kit.run(lambda at: read(at, local(2025, 1, 1)))
    assert [event.code for event in events] == ["96.71", "96.77.0", "96.77.0"]
    assert events[0].ts == local(2026, 1, 1, 10, 0)
    assert "from 2026-08-12T03:10" in events[1].text
    assert kit.run(lambda at: read(at, events[1].ts)) == events[2:]


def test_clock_is_set_with_the_password_and_only_with_it(rig):
    kit = rig(meter())
    def work(addresses):
        with pytest.raises(ConfigError) as caught:
            set_clock(kit, tcp_link(addresses["T"]), spec())
        kit.driver._now = lambda: datetime(2026, 9, 16, 1, 2, 3, tzinfo=UTC)
        set_clock(kit, tcp_link(addresses["T"]), spec(secret=PASSWORD))
        result = kit.hold(
            tcp_link(addresses["T"]), lambda it: kit.driver.read(it, spec(), 2.0)
        )
        return caught.value.code, result.samples["1.8.0"].meter_ts

    code, shown = kit.run(work)
    assert code == "password_missing"
    assert shown == local(2026, 9, 16, 4, 2, 3)


def test_wrong_password_is_sent_once_and_never_again_not_even_by_a_new_process(rig, tmp_path):
    kit = rig(meter())
    wrong = spec(secret="00000000")

    def work(addresses):
        with pytest.raises(PasswordRefused) as caught:
            set_clock(kit, tcp_link(addresses["T"]), wrong)
        assert caught.value.code == "password_refused"
        link = tcp_link(addresses["T"])
        sent = []
        link.trace = lambda way, data: sent.append(data) if way == "tx" else None
        again = Rig(kit.scenario, tmp_path)
        with pytest.raises(PasswordDisabled) as caught:
            set_clock(again, link, wrong)
        assert caught.value.code == "password_disabled"
        assert not any(b"00000000" in data for data in sent)
        set_clock(again, tcp_link(addresses["T"]), spec(secret=PASSWORD))

    kit.run(work)


def test_meter_locks_after_three_wrong_passwords(rig):
    kit = rig(meter())

    def work(addresses):
        tries = [("1", ""), ("2", ""), ("3", ""), (PASSWORD, "")]
        for secret, confirm in tries:
            wrong = spec(secret=secret, password_confirm=confirm)
            with pytest.raises(PasswordRefused):
                set_clock(kit, tcp_link(addresses["T"]), wrong)
        kit.now += 6 * 3600 + 1
        sure = spec(secret=PASSWORD, password_confirm="yes")
        set_clock(kit, tcp_link(addresses["T"]), sure)

    kit.run(work)


def scripted(*answers):
    """Ask for a profile on a scripted link: identification, P0, then the answers."""
    link = ScriptedLink(b"/EMH5TEST\r\n", command_message("P0", "(1)"), *answers)
    return link, lambda: Rig.hold(link, ask(Iec62056Driver(), spec(), 0.2))


@pytest.mark.parametrize(
    ("answer", "error", "code"),
    [
        (frame("(ERROR)"), MeterError, "meter_error"),
        (frame("1.8.0(ER03)"), MeterError, "meter_error"),
        (frame("(ERROR07)"), AccessDenied, "access_denied"),
        (command_message("B0"), AccessDenied, "access_denied"),
        (b"\x15", MeterError, "meter_error"),
        (b"", NoAnswer, "no_answer"),
        (frame("P.01(nonsense)(00)"), CollectorError, "bad_frame"),
    ],
)
def test_error_answers_are_named_and_the_meter_is_released(answer, error, code):
    repeats = 4 if answer == b"\x15" else 1
    link, go = scripted(*[answer] * repeats)
    with pytest.raises(error) as caught:
        go()
    assert caught.value.code == code
    assert link.sent[-1] == command_message("B0")


def test_span_without_rows_is_empty_and_no_error():
    _, go = scripted(frame("P.01(ERROR)"))
    assert go() == []


def test_clock_is_not_written_across_midnight(rig, monkeypatch):
    kit = rig(meter())
    monkeypatch.setattr(driver, "_MIDNIGHT_MARGIN", timedelta(seconds=0.05))
    moments = iter([local(2026, 9, 15, 23, 59, 59, 980_000), *[local(2026, 9, 16)] * 2])
    kit.driver._now = lambda: next(moments)

    def work(addresses):
        link = tcp_link(addresses["T"])
        sent = []
        link.trace = lambda way, data: sent.append(data) if way == "tx" else None
        set_clock(kit, link, spec(secret=PASSWORD))
        return b"".join(sent)

    sent = kit.run(work)
    assert b"0.9.2(26-09-16)" in sent and b"0.9.1(00:00:00)" in sent


def test_echo_of_a_two_wire_line_is_dropped():
    text = "P.01(0260914221500)(00)(15)(1)(1.5.0)(kW)\r\n(1.5)\r\n"
    echoed = [lambda sent, answer=a: sent + answer for a in (frame(text),)]
    link = ScriptedLink(
        lambda sent: sent + b"/EMH5TEST\r\n",
        lambda sent: sent + command_message("P0", "(1)"),
        *echoed,
    )
    rows = Rig.hold(link, ask(Iec62056Driver(), spec(), 0.2))
    assert [row.samples["1.5.0"].value for row in rows] == [Decimal(1500)]


def test_partial_blocks_are_acknowledged_one_by_one():
    head = "P.01(0260914221500)(00)(15)(1)(1.5.0)(kW)\r\n(1.5)\r\n"
    first = frame(head)[:-2] + b"\x04"
    check = 0
    for byte in first[1:]:
        check ^= byte
    link, go = scripted(first + bytes([check]), frame("(2.5)\r\n"))
    assert [row.samples["1.5.0"].value for row in go()] == [1500, 2500]
    assert link.sent[3] == b"\x06"


def test_a_mode_without_programming_is_unsupported():
    link = ScriptedLink(b"/ABCAMETER\r\n")
    with pytest.raises(UnsupportedError):
        Rig.hold(link, ask(Iec62056Driver(), spec(), 0.2))
