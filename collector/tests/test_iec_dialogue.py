# SPDX-License-Identifier: MIT
"""The dialogue with a meter, step by step on a scripted link."""

from __future__ import annotations

from decimal import Decimal

import pytest
from protocol_rig import ScriptedLink, device, read

from actwin_collector.model import (
    AddressError,
    ChecksumError,
    ConfigError,
    FrameError,
    NoAnswer,
)
from actwin_collector.protocol.iec62056_21 import Iec62056Driver
from actwin_collector.protocol.iec62056_21.codec import frame

IDENTIFICATION = b"/MSY5<1>C520.KMY.2251\r\n"
TEXT = "0.0.0(10000007)\r\n1.8.0(000012.345*kWh)\r\n!\r\n"
GOOD = frame(TEXT)
BAD = GOOD[:-1] + bytes([GOOD[-1] ^ 1])


def run(*script, address="", **settings):
    link = ScriptedLink(*script)
    quick = {"switch_delay": 0.0, "reaction": 0.0, "wakeup_pause": 0.0}
    spec = device("iec62056-21", "1.8.0", address=address, **{**quick, **settings})
    return link, lambda: read(Iec62056Driver(), link, spec)


def test_mode_c_opens_slowly_and_takes_the_speed_offered():
    link, go = run(IDENTIFICATION, GOOD)
    result = go()
    assert link.sent == [b"/?!\r\n", b"\x06050\r\n"]
    *used, restored = link.serial
    assert [entry["baudrate"] for entry in used] == [300, 9600]
    assert all((entry["bytesize"], entry["parity"]) == (7, "E") for entry in used)
    assert restored == {"baudrate": 9600, "bytesize": 8, "parity": "N"}  # as the line is set
    assert (result.samples["1.8.0"].value, result.samples["1.8.0"].unit) == (Decimal(12345), "Wh")
    assert result.samples["1.8.0"].status == 0
    assert result.raw == TEXT


def test_fixed_baud_never_touches_the_line():
    link, go = run(IDENTIFICATION, GOOD, mode="fixed")
    go()
    assert link.serial == []
    assert link.sent[1] == b"\x06050\r\n"


def test_speed_limit_stays_at_the_opening_speed():
    link, go = run(IDENTIFICATION, GOOD, max_speed="0")
    go()
    assert link.sent[1] == b"\x06000\r\n"
    assert [entry["baudrate"] for entry in link.serial[:-1]] == [300]


def test_address_protocol_character_and_wakeup_are_sent():
    link, go = run(b"", IDENTIFICATION, GOOD, address="MSY10000007", protocol="2", wakeup=4)
    go()
    assert link.sent == [bytes(4), b"/?MSY10000007!\r\n", b"\x06250\r\n"]


def test_echo_and_noise_before_the_identification_are_skipped():
    noisy = lambda sent: b"\x7f\x7f" + sent + b"\x7f" + IDENTIFICATION  # noqa: E731
    _, go = run(noisy, lambda sent: sent + GOOD)
    assert go().samples["1.8.0"].value == Decimal(12345)


def test_damaged_block_is_asked_for_again():
    link, go = run(IDENTIFICATION, BAD, BAD, GOOD)
    result = go()
    assert link.sent[2:] == [b"\x15", b"\x15"]
    assert result.samples["1.8.0"].status == 0


def test_block_damaged_every_time_is_an_error_after_three_repeats():
    link, go = run(IDENTIFICATION, BAD, BAD, BAD, BAD)
    with pytest.raises(ChecksumError):
        go()
    assert link.sent[2:] == [b"\x15"] * 3


def test_meter_that_does_not_repeat_leaves_the_damage_as_reason():
    _, go = run(IDENTIFICATION, BAD)
    with pytest.raises(ChecksumError):
        go()


def test_block_without_end_gives_suspect_values():
    _, go = run(IDENTIFICATION, GOOD[:-2])
    result = go()
    assert result.samples["1.8.0"].value == Decimal(12345)
    assert result.samples["1.8.0"].status == 1
    assert result.meter.extra["check"] == "unverified"


def test_text_without_frame_ends_at_its_closing_mark():
    link, go = run(IDENTIFICATION + TEXT.encode(), acknowledge=False)
    assert go().samples["1.8.0"].status == 1
    assert len(link.sent) == 1


def test_silence_is_no_answer():
    for script in ((), (IDENTIFICATION,)):
        _, go = run(*script)
        with pytest.raises(NoAnswer):
            go()


def test_something_else_than_an_identification_is_refused():
    _, go = run(b"hello\r\n" * 10)
    with pytest.raises(FrameError):
        go()


def test_other_meter_is_noticed():
    _, go = run(IDENTIFICATION, GOOD, serial="10000008")
    with pytest.raises(AddressError):
        go()
    _, go = run(IDENTIFICATION, GOOD, serial="010000007")
    assert go().meter.id == "10000007"


def test_tariffs_that_do_not_add_up_make_energies_suspect():
    text = "1.8.0(000012.345*kWh)\r\n1.8.1(000012.000*kWh)\r\n1.8.2(000000.{}*kWh)\r\n"
    text += "32.7.0(230.1*V)\r\n!\r\n"
    _, go = run(IDENTIFICATION, frame(text.format("345")))
    assert go().samples["1.8.0"].status == 0
    _, go = run(IDENTIFICATION, frame(text.format("999")))
    samples = go().samples
    assert {samples[code].status for code in ("1.8.0", "1.8.1", "1.8.2")} == {1}
    assert samples["32.7.0"].status == 0


def test_short_code_and_unit_setting_find_what_the_meter_prints():
    text = "1-0:1.8.0*255(000012.5)\r\n0.9.1(235958)\r\n0.9.2(260228)\r\n!\r\n"
    _, go = run(IDENTIFICATION, frame(text), units={"1.8.0": "kWh"}, utc_offset="+03:00")
    sample = go().samples["1.8.0"]
    assert (sample.value, sample.unit) == (Decimal(12500), "Wh")
    assert sample.meter_ts.isoformat() == "2026-02-28T23:59:58+03:00"


@pytest.mark.parametrize(
    "settings",
    [{"mode": "x"}, {"baudrate": 1}, {"utc_offset": "3"}, {"select": "x"}, {"wakeup": -1}],
)
def test_wrong_setting_is_a_configuration_error(settings):
    _, go = run(IDENTIFICATION, GOOD, **settings)
    with pytest.raises(ConfigError):
        go()


def test_address_that_cannot_be_sent_is_a_configuration_error():
    _, go = run(IDENTIFICATION, GOOD, address="a!b")
    with pytest.raises(ConfigError):
        go()
