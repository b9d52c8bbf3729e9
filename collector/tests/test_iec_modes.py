# SPDX-License-Identifier: MIT
"""Modes A, B, C and E, the speed of the line, parity, echoes, and what a quirk file changes."""

from __future__ import annotations

import time

import pytest
from iec_support import Rig, meter, spec
from protocol_rig import ScriptedLink, read, serial_link

from actwin_collector.model import (
    CollectorError,
    ConfigError,
    LineSpec,
    NoAnswer,
)
from actwin_collector.protocol.iec62056_21 import Iec62056Driver
from actwin_collector.protocol.iec62056_21.codec import frame
from actwin_collector.protocol.iec62056_21.errors import DlmsMeter, ParityError
from actwin_collector.protocol.iec62056_21.quirks import builtin_settings, options_for

GOOD = frame("0.0.0(10000007)\r\n1.8.0(000012.345*kWh)\r\n!\r\n")


def run(*script, **settings):
    link = ScriptedLink(*script)
    return link, lambda: read(Iec62056Driver(), link, spec(**settings))


def even(data: bytes) -> bytes:
    return bytes(b | 0x80 if b.bit_count() % 2 else b for b in data)


def test_mode_a_sends_its_data_unasked_at_the_opening_speed():
    link, go = run(b"/ABC METER\r\n".replace(b" ", b"a") + GOOD)
    assert go().samples["1.8.0"].status == 0
    assert len(link.sent) == 1
    assert [entry["baudrate"] for entry in link.serial[:-1]] == [300]


def test_mode_b_changes_to_the_speed_its_identification_names():
    link, go = run(b"/ABCEMETER\r\n" + GOOD)
    assert go().samples["1.8.0"].status == 0
    assert len(link.sent) == 1
    assert [entry["baudrate"] for entry in link.serial[:-1]] == [300, 9600]


def test_mode_b_by_setting_wants_a_letter():
    _, go = run(b"/ABC5METER\r\n" + GOOD, mode="b")
    with pytest.raises(ConfigError):
        go()


def test_meter_that_only_speaks_dlms_is_named_as_such():
    for answer in (b"", b"\x7e\xa0\x07\x03\x21\x93\x0f\x01\x7e"):
        _, go = run(b"/ABC5\\2METER\r\n", answer)
        with pytest.raises(DlmsMeter) as caught:
            go()
        assert caught.value.code == "dlms_meter" and "driver dlms" in caught.value.message


def test_meter_that_offers_dlms_too_is_read_as_usual():
    _, go = run(b"/ISK5\\2MT372\r\n", GOOD)
    assert go().samples["1.8.0"].status == 0


def test_speed_of_the_line_is_followed_on_a_real_pty(tmp_path):
    kit = Rig(meter({"pty": "iec"}), tmp_path)

    def work(addresses):
        good = kit.hold(
            serial_link(addresses["T"]),
            lambda it: kit.driver.read(it, spec(switch_delay=0.05), 1.0),
        )
        with pytest.raises(CollectorError):  # too late: the meter has spoken at another speed
            kit.hold(
                serial_link(addresses["T"]),
                lambda it: kit.driver.read(it, spec(switch_delay=0.8, char_timeout=0.3), 0.5),
            )
        return good

    assert kit.run(work).samples["1.8.0"].status == 0


@pytest.mark.parametrize("software", [True, False])
def test_wrong_parity_is_named(software):
    bad = bytearray(even(GOOD))
    bad[20] ^= 0x80
    bad[25] ^= 0x03
    damaged = bytes(bad)
    link = ScriptedLink(even(b"/ABC5X\r\n"), *[damaged] * 4)
    link.software_7e1 = software
    with pytest.raises(ParityError) as caught:
        read(Iec62056Driver(), link, spec(software_7e1=software))
    assert caught.value.code == "parity_error"


def test_right_parity_is_no_error_and_eight_bits_are_none():
    for wire in (even, lambda data: data):
        link = ScriptedLink(wire(b"/ABC5X\r\n"), wire(GOOD))
        assert read(Iec62056Driver(), link, spec()).samples["1.8.0"].status == 0


def test_nothing_but_an_echo_is_no_answer():
    echo = lambda sent: sent  # noqa: E731
    _, go = run(lambda sent: sent + b"/ABC5X\r\n", echo)
    with pytest.raises(NoAnswer, match="echo"):
        go()


def test_line_gets_its_own_form_back_even_after_a_failure():
    link = ScriptedLink(b"/ABC5X\r\n")
    link.line = LineSpec("line", "serial", baudrate=19200, parity="E")
    with pytest.raises(NoAnswer):
        read(Iec62056Driver(), link, spec())
    assert link.serial[-1] == {"baudrate": 19200, "bytesize": 8, "parity": "E"}


OWN = """
[[quirk]]
name = "ours"
match = '^/ABC'
source = "our bench"
[quirk.settings]
protocol = "2"
wakeup = 3
address_form = "ABC{address}"
wakeup_pause = 0.0
"""


def test_own_quirk_file_counts_before_the_shipped_and_below_the_devices_settings(tmp_path):
    (tmp_path / "own.toml").write_text(OWN)
    folder = str(tmp_path)
    assert options_for(spec(quirks_dir=folder), "/ABC5X").protocol == "2"
    assert options_for(spec(quirks_dir=folder, protocol="1"), "/ABC5X").protocol == "1"
    assert options_for(spec(quirks_dir=folder, quirk="none"), "/ABC5X").protocol == "0"
    assert options_for(spec(quirks_dir=folder), "/MSY5X").profile_command == "R2"
    link, go = run(b"", b"/ABC5X\r\n", GOOD, quirks_dir=folder, quirk="ours", address="7")
    go()
    assert link.sent == [bytes(3), b"/?ABC7!\r\n", b"\x06250\r\n"]
    assert options_for(spec(quirks_dir=folder, quirk="ours", address="ABC7")).address == "ABC7"


def test_quirk_may_start_from_another(tmp_path):
    (tmp_path / "own.toml").write_text(OWN.replace("source =", 'like = "mass"\nsource ='))
    found = options_for(spec(quirks_dir=str(tmp_path)), "/ABC5X")
    assert (found.protocol, found.profile_command) == ("2", "R2")
    makel = options_for(spec(), "/MSY5<1>C520.KMY.2251")
    assert (makel.events, makel.status_bits) == (("8", "9"), "mass")


def test_own_quirks_are_found_in_the_state_folder_and_read_again_when_changed(tmp_path):
    (tmp_path / "iec62056-21").mkdir()
    path = tmp_path / "iec62056-21" / "own.toml"
    path.write_text(OWN)
    state = str(tmp_path)
    assert options_for(spec(state_dir=state), "/ABC5X").protocol == "2"
    path.write_text(OWN.replace('"2"', '"1"') + "# longer")
    assert options_for(spec(state_dir=state), "/ABC5X").protocol == "1"


@pytest.mark.parametrize(
    "text",
    ["[[quirk", "quirk = 1", OWN.replace("'^/ABC'", "'('"), OWN + "colour = 'red'",
     OWN.replace('name = "ours"', ""), OWN.replace('source =', 'like = "nobody"\nsource =')],
)
def test_broken_quirk_file_is_a_configuration_error(tmp_path, text):
    (tmp_path / "own.toml").write_text(text)
    with pytest.raises(ConfigError):
        options_for(spec(quirks_dir=str(tmp_path)), "/ABC5X")


def test_unknown_quirk_is_named(tmp_path):
    with pytest.raises(ConfigError, match="makel"):
        options_for(spec(quirk="maker"))


@pytest.mark.parametrize(
    ("identification", "command"),
    [
        ("/MSY5<1>C520.KMY.2251", "R2"),
        ("/XYZ6<2>ADM(M550.2251)", "R2"),
        ("/LUN5<1>X", "R2"),
        ("/EMH5LZQJ-XC", "R5"),
        ("/LGZ52ZMD120APt.G03", "R5"),
    ],
)
def test_shipped_quirks_fit_the_identifications_they_are_for(identification, command):
    assert options_for(spec(), identification).profile_command == command
    assert builtin_settings(identification)


def test_meter_is_left_alone_between_its_answer_and_our_next_message():
    def waited(identification, **settings):
        link, go = run(identification, GOOD, **settings)
        moments = []
        link.trace = lambda way, data: moments.append(time.monotonic())
        go()
        return moments[2] - moments[1]  # from the identification to the choice

    assert waited(b"/ABC5X\r\n", reaction=0.2) >= 0.19
    assert 0.015 <= waited(b"/ABc5X\r\n", reaction=0.2) < 0.15
    assert waited(b"/ABC5X\r\n", reaction=0.0) < 0.1
