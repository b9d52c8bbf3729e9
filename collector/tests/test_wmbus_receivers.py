# SPDX-License-Identifier: MIT
"""What radio receivers deliver: every form, in pieces, in noise, and what real ones wrote."""

from __future__ import annotations

import json
import random

import pytest
from mbus_support import PROTOCOLS, missing_numbers, needs_data
from radio_support import KEY, NOW, meter

from actwin_collector.model import CollectorError, ConfigError
from actwin_collector.protocol.wmbus import WmbusDriver
from actwin_collector.protocol.wmbus.listener import WmbusListener
from actwin_collector.simulate.wmbus import RECEIVERS, delivered

GATEWAYS = PROTOCOLS / "wmbus" / "gateway_formats"
# Forms with a check value of their own, or of the radio frame, or text.
SELF_EVIDENT = [name for name in RECEIVERS if name not in ("raw", "rc1180")]


def settings(receiver: str) -> dict:
    name, _, form = receiver.partition("-")
    return {"receiver": "raw", "frame_format": form} if name == "raw" else {"receiver": receiver}


def listen(wire: bytes, rules: dict, size: int = 1 << 20) -> tuple[list, dict]:
    listener = WmbusListener(rules, clock=lambda: 0.0)
    found = []
    for at in range(0, len(wire), size):
        found += listener.feed(wire[at : at + size])
    return found, listener.errors


@pytest.mark.parametrize("mode", [0, 5, 7])
@pytest.mark.parametrize("size", [1, 7, 4096])
@pytest.mark.parametrize("receiver", RECEIVERS)
def test_every_form_gives_the_same_telegrams(receiver, size, mode):
    radio = meter(mode)
    wires = [radio.telegram(NOW) for _ in range(3)]
    stream = b"".join(delivered(receiver, wire, NOW) for wire in wires)
    found, errors = listen(stream, settings(receiver), size)
    assert [each.telegram["telegram"] for each in found] == [w.hex().upper() for w in wires]
    assert {each.sender for each in found} == {"12345678"}
    assert errors == {}


@pytest.mark.parametrize("receiver", ["rtl-wmbus", "rtl-433", "cul", "im871a", "amb8465"])
def test_signal_strength(receiver):
    stream = delivered(receiver, meter().telegram(NOW), NOW, rssi=-81)
    (found,), _ = listen(stream, settings(receiver))
    assert found.rssi == -81


@pytest.mark.parametrize("receiver", SELF_EVIDENT)
def test_the_receiver_is_found_out(receiver):
    radio = meter(5)
    wires = [radio.telegram(NOW) for _ in range(3)]
    found, _ = listen(b"".join(delivered(receiver, wire, NOW) for wire in wires), {}, 50)
    assert [each.telegram["telegram"] for each in found] == [w.hex().upper() for w in wires]


@pytest.mark.parametrize("receiver", RECEIVERS)
def test_noise_between_telegrams_costs_none_that_follow(receiver):
    noise = random.Random(1)
    radio, stream, sent = meter(5), b"", []
    for _ in range(30):
        wire = radio.telegram(NOW)
        sent.append(wire.hex().upper())
        # Text receivers separate lines; bytes of noise that begin a frame would swallow the next.
        rubbish = bytes(noise.randrange(0x80, 0xA0) for _ in range(noise.randrange(6)))
        stream += rubbish + (b"\n" if rubbish and receiver in _TEXT else b"")
        stream += delivered(receiver, wire, NOW)
    found, errors = listen(stream, settings(receiver), 33)
    assert [each.telegram["telegram"] for each in found] == sent
    assert set(errors) == {"noise"}


_TEXT = ("hex", "rtl-wmbus", "rtl-433", "cul")


@pytest.mark.parametrize("receiver", ["cul", "im871a", "amb8465", "raw-a", "raw-b"])
def test_every_damaged_byte_is_found(receiver):
    wire = meter(5).telegram(NOW)
    good = delivered(receiver, wire, NOW)
    for position in range(len(good) - (6 if receiver == "cul" else 0)):
        changed = good[:position] + bytes((good[position] ^ 1,)) + good[position + 1 :]
        found, errors = listen(changed, settings(receiver))
        assert not [each for each in found if each.telegram["telegram"] != wire.hex().upper()]
        if receiver != "cul":
            assert not found


def test_a_crc_the_receiver_found_wrong_is_named():
    line = delivered("rtl-wmbus", meter().telegram(NOW), NOW).replace(b"T1;1;", b"T1;0;")
    assert listen(line, {}) == ([], {})
    assert listen(line, {"receiver": "rtl-wmbus"}) == ([], {"bad_checksum": 1})


def test_a_telegram_that_stopped_half_way_does_not_swallow_the_next():
    times = iter([0.0, 0.0, 60.0])
    listener = WmbusListener({"receiver": "raw"}, clock=lambda: next(times))
    wire = meter().telegram(NOW)
    assert listener.feed(wire[:-5]) == []
    (found,) = listener.feed(wire)
    assert found.telegram["telegram"] == wire.hex().upper()
    assert listener.errors == {"truncated": 1}


def test_two_telegrams_in_a_line_and_a_wrong_length_byte():
    wire = meter().telegram(NOW)
    wrong = bytes((wire[0] - 1,)) + wire[1:]
    line = f"C1;1;1;2026-01-01 00:00:00.000;97;148;12345678;0x{wrong.hex()};0x{wire.hex()}\n"
    found, errors = listen(line.encode(), {"receiver": "rtl-wmbus"})
    assert [each.telegram["telegram"] for each in found] == [wire.hex().upper()] * 2
    assert (found[0].rssi, errors) == (97, {})


def test_signal_strength_behind_a_raw_telegram():
    wire = meter().telegram(NOW)
    rules = {"receiver": "amb8465-transparent", "rssi_byte": "yes"}
    found, _ = listen((wire + b"\xf6") * 2, rules)
    assert [each.rssi for each in found] == [-79, -79]


def test_the_meter_behind_a_radio_converter_is_the_sender():
    body = bytes.fromhex("44 3908 11111111 0137 72 01000010 3908 01 04 05 00 0000 0413 31D40000")
    (found,), _ = listen((bytes((len(body),)) + body).hex().encode() + b"\n", {})
    assert found.sender == "10000001"


def test_the_sender_of_an_encrypted_link_layer_is_its_address():
    body = bytes.fromhex("44 2D2C 78563412 1B16 8D 20 91 D37CAC21 E1D68CDAFFCD3DC452BD")
    (found,), _ = listen((bytes((len(body),)) + body).hex().encode() + b"\n", {})
    assert found.sender == "12345678"


def test_an_unknown_receiver_is_a_mistake_of_the_configuration():
    with pytest.raises(ConfigError) as caught:
        WmbusDriver().listener({"receiver": "cul2"})
    assert caught.value.code == "bad_receiver"


def test_a_message_is_whole_by_itself():
    wire = meter().telegram(NOW)
    listener = WmbusListener({})
    (first,) = listener.message(wire.hex().encode(), "radio/1")
    (second,) = listener.message(delivered("rtl-433", wire, NOW))
    (third,) = listener.message(wire)
    assert first.telegram == second.telegram == third.telegram
    assert listener.message(wire[:-1]) == [] and listener.errors == {"truncated": 1}


def test_a_receiver_nobody_knows_is_named():
    assert listen(b"\x81\x82\x83" * 2000, {}, 100) == ([], {"unknown_receiver": 1})


def _expected(line: str, lines: list[str], number: int) -> dict | None:
    following = lines[number + 1] if number + 1 < len(lines) else ""
    return json.loads(following) if following.startswith("{") else None


@needs_data
@pytest.mark.parametrize("name", ["serial_aes.msg", "simulation_c1.txt"])
def test_real_lines_give_the_results_beside_them(name):
    keys = json.loads((GATEWAYS / "serial_aes.keys.json").read_text())
    secrets = {entry["id"]: entry["key"] for entry in keys} if name == "serial_aes.msg" else {}
    lines = (GATEWAYS / name).read_text().splitlines()
    listener, checked = WmbusListener({}), 0
    for number, line in enumerate(lines):
        expected = _expected(line, lines, number)
        if line.startswith(("{", "#")) or not line or expected is None:
            continue
        (found,) = listener.feed(line.encode() + b"\n")
        telegram = WmbusDriver.decode({**found.telegram, "key": secrets.get(found.sender)})
        assert found.sender == telegram.meter.id == expected["id"]
        expected.pop("rssi_dbm", None)
        assert missing_numbers(expected, telegram.records) == {}, line
        checked += 1
    assert checked == {"serial_aes.msg": 2, "simulation_c1.txt": 14}[name]
    assert listener.errors == {}


@needs_data
@pytest.mark.parametrize(
    ("name", "senders", "errors"),
    [
        ("serial_rtlwmbus_linkmodes.msg", ["94740459", "88888888"], {}),
        ("serial_rtlwmbus_with_timestamps.msg", ["11772288", "00010203"], {"bad_checksum": 1}),
        ("serial_rawtty_ok.hex", ["00010203", "11772288"], {}),
    ],
)
def test_real_streams(name, senders, errors):
    data = (GATEWAYS / name).read_bytes()
    rules = {}
    if name.endswith(".hex"):
        data, rules = bytes.fromhex(data.decode()), {"receiver": "raw"}
    found, seen = listen(data, rules, 11)
    assert ([each.sender for each in found], seen) == (senders, errors)
    for each in found:
        key = "0" * 32 if each.sender == "88888888" else None
        assert WmbusDriver.decode({**each.telegram, "key": key}).records


@pytest.mark.parametrize("receiver", ["auto", *RECEIVERS])
def test_random_streams_never_raise_and_never_grow(receiver):
    rules = {} if receiver == "auto" else settings(receiver)
    noise, listener, wire = random.Random(2), WmbusListener(rules), meter(7).telegram(NOW)
    samples = [delivered(name, wire, NOW) for name in RECEIVERS]
    for _ in range(400):
        piece = bytearray(noise.choice(samples))
        for _ in range(noise.randrange(4)):
            piece[noise.randrange(len(piece))] = noise.randrange(256)
        piece += noise.randbytes(noise.randrange(40))
        listener.feed(bytes(piece[noise.randrange(4) :]))
    receivers = getattr(listener._receiver, "_candidates", [listener._receiver])
    assert all(len(each._buffer) < 5000 for each in receivers)
    assert len(listener.errors) < 12


@pytest.mark.parametrize("receiver", ["rtl-wmbus", "cul", "hex"])
def test_a_receivers_line_can_be_decoded_as_it_is(receiver):
    line = delivered(receiver, meter(5).telegram(NOW), NOW).decode()
    telegram = WmbusDriver.decode({"telegram": line, "key": KEY})
    assert telegram.meter.id == "12345678"
    row = json.loads(delivered("rtl-433", meter(5).telegram(NOW), NOW))
    assert WmbusDriver.decode({**row, "key": KEY}).records == telegram.records


@pytest.mark.parametrize("line", ["", "#", "b", "T1;1", "{", "xx", "T1;0;1;t;1;1;1;0x00"])
def test_a_line_that_holds_no_telegram_is_named(line):
    with pytest.raises(CollectorError) as caught:
        WmbusDriver.decode({"telegram": line})
    assert caught.value.code in {"bad_hex", "truncated", "bad_checksum", "bad_json"}
