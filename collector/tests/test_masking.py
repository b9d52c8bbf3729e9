# SPDX-License-Identifier: MIT
import json

import pytest

from actwin_collector.masking import Masker

KEY = "00112233445566778899AABBCCDDEEFF"


def masker(*secrets):
    made = Masker()
    made.learn(secrets)
    return made


@pytest.mark.parametrize(
    "secret, text",
    [
        ("pass-word-1", "login with pass-word-1 failed"),
        (KEY, f"key {KEY.lower()} was refused"),
        (KEY, "key 00 11 22 33 44 55 66 77 88 99 aa bb cc dd ee ff"),
        (f"{KEY}:{KEY[::-1]}", f"first {KEY}, second {KEY[::-1]}"),
        (json.dumps({"encryption_key": KEY, "password": "geheim99"}), f"{KEY} and geheim99"),
        ("hex:0102030405", "octets 01 02 03 04 05"),
    ],
)
def test_no_form_of_a_secret_is_left_in_a_text(secret, text):
    shown = masker(secret).text(text)
    assert "***" in shown
    for part in (KEY, KEY.lower(), KEY[::-1], "pass-word-1", "geheim99", "00 11 22", "0102030405"):
        assert part not in shown


def test_a_text_without_secrets_stays_as_it_is():
    assert masker("pass-word-1").text("voltage 231.4 V") == "voltage 231.4 V"
    assert Masker().text("anything") == "anything"


def test_what_is_too_short_to_protect_does_not_blot_out_figures():
    assert masker("1", "12").text("meter 112 gave 121") == "meter 112 gave 121"


def test_bytes_of_secrets_are_stars_in_frames():
    frame = b"\x60\x1dsecret12\x00\xff"
    assert masker("secret12").hex(frame) == "60 1d ** ** ** ** ** ** ** ** 00 ff"
    assert masker("secret12").frame(frame) == b"\x60\x1d********\x00\xff"
    assert masker(KEY).hex(b"\x01" + bytes.fromhex(KEY)) == "01" + " **" * 16


def test_an_iec_password_is_hidden_even_when_nobody_told_it():
    shown = Masker().hex(b"\x01P1\x02(00)\x03\x61")
    assert shown == "01 50 31 02 28 ** ** 29 03 **"


def test_learning_again_keeps_what_was_learnt():
    made = masker("first-secret")
    made.learn(["second-secret"])
    assert made.text("first-secret second-secret") == "*** ***"
