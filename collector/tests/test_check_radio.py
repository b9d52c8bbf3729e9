# SPDX-License-Identifier: MIT
"""Radio meters set up wrongly on purpose, heard through a simulated receiver."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from field_rig import Field, check, site
from line_meter import command
from radio_support import KEY, OTHER_KEY, meter

from actwin_collector.protocol.wmbus.memory import FILE, Memory
from actwin_collector.simulate.receivers import RECEIVERS
from actwin_collector.simulate.wmbus import delivered

PARAMETERS = [{"register": "volume", "channel": "C1/T:v", "unit": "m3"}]


def now():
    return datetime.now(UTC)


def radio(address="12345678", secret="", **settings):
    return {"driver": "wmbus", "address": address, "secret": secret, "settings": settings,
            "parameters": PARAMETERS}


def heard(
    tmp_path, device, *meters, receiver="rtl-wmbus", configured="auto", limit="3", rssi=-70,
    box=None,
):  # fmt: skip
    """Check a device while these meters are on the air; returns exit code and findings."""

    def messages():
        on_air = meters if box is None or box.is_on else ()
        return [delivered(receiver, each.telegram(now()), now(), rssi) for each in on_air]

    with Field() as field:
        answer = box.feed if box else lambda data: b""
        port = field.air(messages, answer=answer)
        line = {"port": port, "settings": {"receiver": configured}}
        return check(tmp_path, site(tmp_path, device, line), "--limit", limit)


def one(tmp_path, device, *meters, **more):
    code, findings = heard(tmp_path, device, *meters, **more)
    assert len(findings) == 1, findings
    assert code == (1 if findings[0]["severity"] == "mistake" else 0)
    assert KEY not in str(findings) and OTHER_KEY not in str(findings)
    return findings[0]


@pytest.mark.parametrize("mode", [0, 5, 7])
def test_a_meter_that_is_heard_and_opens_is_well(tmp_path, mode):
    device = radio(secret=KEY if mode else "")
    assert heard(tmp_path, device, meter(mode)) == (0, [])
    assert not (tmp_path / "state" / FILE).exists(), "a check notes nothing"


@pytest.mark.parametrize("mode", [5, 7])
@pytest.mark.parametrize("secret, code", [(OTHER_KEY, "wrong_key"), ("", "key_missing")])
def test_a_wrong_key_and_none(tmp_path, mode, secret, code):
    finding = one(tmp_path, radio(secret=secret), meter(mode))
    assert (finding["code"], finding["key"]) == (code, "secret")
    assert finding["where"] == "device T"


def test_a_key_that_is_no_key(tmp_path):
    finding = one(tmp_path, radio(secret="0001"), meter(7))
    assert (finding["code"], finding["key"]) == ("bad_key", "secret")


def test_a_meter_with_a_key_that_sends_in_the_clear(tmp_path):
    finding = one(tmp_path, radio(secret=KEY), meter(0))
    assert (finding["code"], finding["key"]) == (
        "security_downgrade", "settings.allow_unencrypted"
    )


def test_counters_of_the_daemon_are_neither_a_reason_nor_changed(tmp_path):
    sender = meter(7)
    memory = Memory(tmp_path / "state" / FILE)
    memory.keep(sender.address, bytes.fromhex(KEY), 1000)
    assert heard(tmp_path, radio(secret=KEY), sender) == (0, [])
    assert memory.last(sender.address, bytes.fromhex(KEY)) == 1000


def test_a_meter_never_heard_while_others_are(tmp_path):
    finding = one(tmp_path, radio("44444444"), meter(), meter(id="87654321"), limit="2")
    assert (finding["code"], finding["severity"]) == ("not_heard", "warning")
    assert "BAY12345678 (water -70 dBm), BAY87654321 (water -70 dBm)" in finding["seen"]
    assert "--limit" in finding["change"]


@pytest.mark.parametrize("written", ["12345679", "12354678", "78563412"])
def test_a_mistyped_number_is_told_from_a_meter_out_of_reach(tmp_path, written):
    finding = one(tmp_path, radio(written), meter(), meter(id="99999999"), limit="2")
    assert (finding["code"], finding["value"]) == ("wrong_address", "BAY12345678")


def test_the_right_number_with_another_maker(tmp_path):
    finding = one(tmp_path, radio("KAM12345678"), meter())
    assert (finding["code"], finding["key"], finding["value"]) == (
        "wrong_address", "address", "BAY12345678"
    )


def test_a_silent_receiver(tmp_path):
    finding = one(tmp_path, radio(), limit="1")
    assert (finding["code"], finding["where"]) == ("receiver_silent", "line L1")


@pytest.mark.parametrize(
    "receiver, configured, value",
    [("rtl-wmbus", "im871a", "auto"), ("im871a", "rtl-wmbus", "auto"), ("raw", "cul", "raw, raw"),
     ("raw-b", "amb8465", "auto")],
)
def test_a_receiver_of_another_kind(tmp_path, receiver, configured, value):
    finding = one(tmp_path, radio(), meter(), receiver=receiver, configured=configured, limit="1")
    assert (finding["code"], finding["value"]) == ("wrong_receiver", value), finding


@pytest.mark.parametrize("kind", RECEIVERS)
def test_a_receiver_that_must_be_started_is(tmp_path, kind):
    box = RECEIVERS[kind]()
    found = heard(tmp_path, radio(), meter(), receiver=kind, configured=kind, box=box)
    assert found == (0, []) and box.is_on


@pytest.mark.parametrize(
    ("kind", "fault", "code", "key"),
    [
        ("im871a", "silent", "receiver_no_answer", "settings.receiver"),
        ("cul", "refuses", "receiver_refused", "settings.radio_mode"),
        ("amb8465", "setup", "receiver_setup", "settings.receiver"),
    ],
)
@pytest.mark.parametrize("started", [False, True])
def test_a_receiver_that_answers_wrongly_is_named(tmp_path, kind, fault, code, key, started):
    box = RECEIVERS[kind](started, fault)
    more = {"receiver": kind, "configured": kind, "box": box, "limit": "4"}
    status, (finding,) = heard(tmp_path, radio(), meter(), **more)
    assert (finding["code"], finding["where"], finding["key"]) == (code, "line L1", key)
    # One that hears meters all the same is no reason to change anything at once.
    assert (finding["severity"], status) == (("warning", 0) if started else ("mistake", 1))


def test_a_stream_without_any_telegram(tmp_path):
    with Field() as field:
        line = {"port": field.air(lambda: [b"\x00\x55 boot v1.2\r\n"]), "settings": {}}
        code, (finding,) = check(tmp_path, site(tmp_path, radio(), line), "--limit", "1")
    assert code == 1 and finding["code"] == "no_telegram" and "57600" in finding["means"]


def test_a_serial_receiver_and_a_register_the_meter_does_not_send(tmp_path):
    device = radio() | {"parameters": [{"register": "energy", "channel": "C1/T:e", "unit": "kWh"}]}
    port = tmp_path / "port"
    with Field() as field:
        answer = RECEIVERS["cul"](started=True).feed
        field.air(lambda: [delivered("cul", meter().telegram(now()), now())], port, answer)
        line = {"kind": "serial", "device_path": port, "settings": {"receiver": "cul"}}
        _, findings = check(tmp_path, site(tmp_path, device, line), "--limit", "3")
    (finding,) = [each for each in findings if each["severity"] == "mistake"]
    assert finding["code"] == "missing_register" and "volume m3" in finding["means"]


def test_a_weak_meter_is_a_warning(tmp_path):
    finding = one(tmp_path, radio(), meter(), rssi=-104)
    assert (finding["code"], finding["severity"]) == ("weak_signal", "warning")


def test_a_line_that_cannot_be_opened_is_named_once(tmp_path):
    code, (finding,) = check(tmp_path, site(tmp_path, radio(), {"port": 1}), "--limit", "1")
    assert code == 1 and finding["code"] == "port_refused"


def test_all_meters_of_a_receiver_share_the_time_to_look(tmp_path):
    def messages():
        return [delivered("rtl-wmbus", meter().telegram(now()), now())]

    with Field() as field:
        line = {"port": field.air(messages), "settings": {"receiver": "auto"}}
        path = site(tmp_path, radio(), line)
        rows = "".join(
            f'[[devices]]\nkey = "X{n}"\nline = "L1"\nschedule = "S"\ndriver = "wmbus"\n'
            f'address = "5555555{n}"\n'
            f'[[devices.parameters]]\nregister = "volume"\nchannel = "C1/X{n}:v"\nunit = "m3"\n'
            for n in range(8)
        )
        path.write_text(path.read_text() + rows)
        words = ("check", "--config", path, "--read", "--json", "--limit", "2")
        told = json.loads(command(tmp_path, *words, timeout=12).stdout)
    assert len(told["findings"]) == 8 and "device T: ok" in told["steps"]
