# SPDX-License-Identifier: MIT
import base64
import random
import zlib

import pytest
from fake_odoo import DB, KEY, LOGIN, FakeOdoo
from hypothesis import given
from hypothesis import strategies as st

from actwin_collector.config import OdooSettings
from actwin_collector.model import Comm, Event, Reading
from actwin_collector.outbox import Batch, Outbox
from actwin_collector.sender import Backoff, Sender
from actwin_collector.uplink import UplinkError, make_uplink
from actwin_collector.uplink.base import pack, parse_answer, unpack

TRANSPORTS = ["xmlrpc", "json2"]


@pytest.fixture
def odoo():
    with FakeOdoo() as fake:
        yield fake


@pytest.fixture
def outbox(tmp_path):
    box = Outbox(tmp_path / "o.sqlite")
    yield box
    box.close()


def uplink_to(odoo, tmp_path, transport="xmlrpc", key=KEY, timeout=1.0, **values):
    file = tmp_path / "key"
    file.write_text(key + "\n")
    settings = {"url": odoo.url, "db": DB, "login": LOGIN} | values
    return make_uplink(
        OdooSettings(
            api_key_file=file, transport=transport, timeout_seconds=timeout, **settings
        )
    )


def rows(n, channel="S/A:1.8.0"):
    return [Reading(channel, 1772323200 + 900 * k, f"{k}.5") for k in range(n)]


def send_all(sender, tries=40):
    """Send until nothing waits, whatever goes wrong on the way; returns the error codes met."""
    met = []
    for _ in range(tries):
        try:
            if not sender.send_one():
                return met
        except UplinkError as error:
            met.append(error.code)
    raise AssertionError(f"never done: {met}")


reading = st.builds(
    Reading,
    st.sampled_from(["A:1.8.0", "B:2.8.0", "Ç/ş"]),
    st.integers(-(2**40), 2**40),
    st.decimals(allow_nan=False, allow_infinity=False).map(lambda d: format(d, "f")[:60]),
    st.integers(0, 2),
)


@given(st.lists(reading, max_size=40))
def test_what_is_packed_is_unpacked_the_same(readings):
    header, payload = pack("C1", Batch("b1", tuple(readings)))
    assert unpack(header, payload) == readings
    assert header["n"] == len(readings)
    assert len(set(header["channels"])) == len(header["channels"])


def test_the_packed_form_is_the_agreed_one():
    batch = Batch(
        "b1",
        (Reading("A", 1, "0.5", 2), Reading("B", 2, "7"), Reading("A", 3, "8")),
        (Event("D", 5, "x", "y"),),
        (Comm("D", 1.70004, 2.2, False, 2, "no_answer"),),
    )
    header, payload = pack("C1", batch)
    assert header.pop("sent_at").endswith("Z")
    assert header == {
        "batch_id": "b1", "collector": "C1", "n": 3, "channels": ["A", "B"],
        "events": [{"device": "D", "ts": 5, "code": "x", "text": "y"}],
        "comm": [
            {"device": "D", "started": 1.7, "ended": 2.2, "ok": False, "attempts": 2,
             "error": "no_answer"}
        ],
    }

    assert zlib.decompress(base64.b64decode(payload)) == (
        bytes.fromhex("00000000 01000000 00000000")
        + bytes.fromhex("0100000000000000 0200000000000000 0300000000000000")
        + bytes([2, 0, 0])
        + b"0.5\n7\n8"
    )


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_everything_is_delivered_oldest_first(odoo, outbox, tmp_path, transport):
    outbox.append(rows(25), [Event("D", 1, "e")], [Comm("D", 1, 2, True)])
    sender = Sender(outbox, uplink_to(odoo, tmp_path, transport), "C1", 10)
    assert send_all(sender) == []
    assert list(odoo.readings.items()) == [((r.channel, r.ts), r.value) for r in rows(25)]
    assert (sender.totals.batches, sender.totals.accepted) == (4, 25)  # the event by itself
    assert len(odoo.events) == len(odoo.comms) == 1
    assert outbox.take() is None


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize(
    ("trouble", "code"),
    [("fault", "server_error"), ("lose", "unreachable"), ("slow", "unreachable")],
)
def test_after_any_trouble_each_reading_is_stored_once(
    odoo, outbox, tmp_path, transport, trouble, code
):
    outbox.append(rows(30))
    uplink = uplink_to(odoo, tmp_path, transport, timeout=1.0)
    odoo.slow_seconds = 1.5
    sender = Sender(outbox, uplink, "C1", 10)
    assert sender.send_one()
    # twice: the standard library repeats a dropped request once by itself
    odoo.troubles = [trouble, trouble]
    met = send_all(sender)
    assert set(met) in ({code}, {"http_500"})
    assert set(odoo.stored.values()) == {1}
    assert len(odoo.readings) == 30
    assert odoo.conflicts == []
    assert outbox.stats().pending == 0


def test_a_repeat_after_a_lost_answer_uses_the_same_batch_even_after_a_restart(
    odoo, outbox, tmp_path
):
    outbox.append(rows(10))
    odoo.troubles = ["lose", "lose"]
    with pytest.raises(UplinkError):
        Sender(outbox, uplink_to(odoo, tmp_path), "C1", 10).send_one()
    outbox.append(rows(3, "S/B:1.8.0"))
    again = Outbox(outbox.path)
    sender = Sender(again, uplink_to(odoo, tmp_path), "C1", 500)
    assert send_all(sender) == []
    again.close()
    assert odoo.attempts[0] == odoo.attempts[1] == odoo.attempts[2]
    assert sender.totals.duplicates == 10
    assert len(odoo.readings) == 13


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_random_troubles_lose_and_double_nothing(odoo, outbox, tmp_path, transport):
    rng = random.Random(5)
    outbox.append(rows(120))
    sender = Sender(outbox, uplink_to(odoo, tmp_path, transport), "C1", 7)
    odoo.troubles = [rng.choice(["fault", "lose", ""]) for _ in range(25)]
    send_all(sender, 80)
    assert odoo.readings == {(r.channel, r.ts): r.value for r in rows(120)}
    assert set(odoo.stored.values()) == {1}


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_an_odoo_that_is_down_and_comes_back(outbox, tmp_path, transport):
    odoo = FakeOdoo().start()
    uplink = uplink_to(odoo, tmp_path, transport)
    outbox.append(rows(20))
    sender = Sender(outbox, uplink, "C1", 10)
    assert sender.send_one()
    odoo.stop()
    for _ in range(3):
        with pytest.raises(UplinkError) as caught:
            sender.send_one()
        assert (caught.value.code, caught.value.retryable) == ("unreachable", True)
    odoo.start()
    send_all(sender)
    odoo.stop()
    assert len(odoo.readings) == 20
    assert set(odoo.stored.values()) == {1}


def test_rejected_rows_become_dead_letters_and_the_rest_arrives(odoo, outbox, tmp_path):
    odoo.unknown_channels = {"S/B:1.8.0"}
    outbox.append(rows(3) + rows(2, "S/B:1.8.0"))
    sender = Sender(outbox, uplink_to(odoo, tmp_path), "C1", 100)
    send_all(sender)
    assert len(odoo.readings) == 3
    assert sender.totals.rejected == 2
    assert {each.code for each in outbox.dead_letters()} == {"unknown_channel"}


def test_a_conflicting_value_reaches_odoo(odoo, outbox, tmp_path):
    outbox.append([Reading("A", 900, "1"), Reading("A", 900, "2")])
    sender = Sender(outbox, uplink_to(odoo, tmp_path), "C1", 100)
    send_all(sender)
    assert odoo.conflicts == [("A", 900, "2")]
    assert sender.totals.conflicts == 1


def test_a_batch_too_big_for_odoo_is_halved(odoo, outbox, tmp_path):
    odoo.max_rows = 6
    outbox.append(rows(40))
    send_all(Sender(outbox, uplink_to(odoo, tmp_path), "C1", 40), 100)
    assert len(odoo.readings) == 40


def test_another_refusal_of_a_whole_batch_keeps_its_rows(odoo, outbox, tmp_path, monkeypatch):
    outbox.append(rows(4))
    refusal = {"accepted": 0, "duplicates": 0, "conflicts": 0, "rejected": [[-1, "bad_header", ""]]}
    monkeypatch.setattr(odoo, "_ingest_packed", lambda header, payload: refusal)
    with pytest.raises(UplinkError) as caught:
        Sender(outbox, uplink_to(odoo, tmp_path), "C1", 10).send_one()
    assert (caught.value.code, caught.value.retryable) == ("bad_header", False)
    assert outbox.stats().pending == 4


def test_an_unreadable_event_does_not_make_the_readings_wait(odoo, outbox, tmp_path, monkeypatch):
    outbox.append(rows(4), [Event("", 1, "x")])
    answer = {
        "accepted": 3, "duplicates": 0, "conflicts": 0,
        "rejected": [[1, "unknown_channel", ""], [-1, "bad_type", "events[0] is unreadable"]],
    }
    monkeypatch.setattr(odoo, "_ingest_packed", lambda header, payload: answer)
    sender = Sender(outbox, uplink_to(odoo, tmp_path), "C1", 10)
    assert send_all(sender) == []
    assert (outbox.stats().pending, outbox.stats().dead) == (0, 1)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_wrong_key_is_named_and_not_retryable(odoo, tmp_path, transport):
    with pytest.raises(UplinkError) as caught:
        uplink_to(odoo, tmp_path, transport, key="wrong").get_config("C1")
    assert (caught.value.code, caught.value.retryable) == ("access_denied", False)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_server_that_is_not_odoo_is_named(odoo, tmp_path, transport):
    uplink = uplink_to(odoo, tmp_path, transport, url=odoo.url + "/elsewhere")
    with pytest.raises(UplinkError) as caught:
        uplink.get_config("C1")
    assert caught.value.code == "http_404"


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_configuration_and_status_travel(odoo, tmp_path, transport):
    uplink = uplink_to(odoo, tmp_path, transport)
    assert uplink.get_config("C1") == odoo.config
    answer = uplink.report_status("C1", {"version": "1", "devices": {"D": {"ok": 1}}})
    assert answer["config_version"] == 1
    assert odoo.statuses[0]["devices"] == {"D": {"ok": 1}}


@pytest.mark.parametrize(
    "answer", [None, [], {}, {"accepted": "x", "duplicates": 0, "rejected": []},
               {"accepted": 1, "duplicates": 0, "rejected": [1]}]
)
def test_an_answer_that_is_none_is_refused(answer):
    with pytest.raises(UplinkError) as caught:
        parse_answer(answer)
    assert caught.value.code == "bad_answer"


def test_pauses_grow_with_jitter_up_to_the_longest():
    backoff = Backoff(first=1, longest=60, rng=random.Random(3))
    pauses = [backoff.failure() for _ in range(12)]
    for number, pause in enumerate(pauses):
        full = min(60, 2**number)
        assert full / 2 <= pause <= full
    assert len(set(pauses)) == 12
    assert Backoff(longest=60, rng=random.Random(3)).failure(retryable=False) >= 30
    backoff.success()
    assert backoff.failure() <= 1


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_commands_travel_both_ways(odoo, tmp_path, transport):
    uplink = uplink_to(odoo, tmp_path, transport)
    odoo.commands = [{"id": "a", "kind": "logs", "device": "", "line": "", "args": {"lines": 5}}]
    assert uplink.fetch_commands("C1") == odoo.commands
    result = {"id": "a", "ok": True, "code": "", "text": "ğ", "data": {"rows": [{"n": 1}]}}
    assert uplink.report_commands("C1", [result]) == ["a"]
    assert (odoo.results, uplink.fetch_commands("C1")) == ([result], [])
    odoo.commands = None
    with pytest.raises(UplinkError) as caught:
        uplink.fetch_commands("C1")
    assert caught.value.code == "bad_answer"
