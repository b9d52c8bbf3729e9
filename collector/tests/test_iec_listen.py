# SPDX-License-Identifier: MIT
"""Meters that send unasked: cut out of any stream, checked, opened with their device's settings."""

from __future__ import annotations

import asyncio
import json
import random
from decimal import Decimal

import pytest
from iec_support import NOW, local, site
from mbus_support import PROTOCOLS, needs_data
from protocol_rig import device, serial_link, tcp_link

from actwin_collector.model import AddressError, ChecksumError, NoAnswer
from actwin_collector.protocol.iec62056_21 import Iec62056Driver
from actwin_collector.simulate.iecpush import telegram
from actwin_collector.simulate.runner import ScenarioRunner

KINDS = ("d", "a", "p1")
SITE = site(("T", "iec62056-21-push", {"port": 0}, {}))
METER = SITE.meters["T"]
SERIAL = METER.spec.serial


def listener():
    return Iec62056Driver().listener({})


def heard_in(stream, step=None, on=None):
    """Return (senders, errors by name) of a stream that arrives in pieces."""
    on = on or listener()
    heard = []
    for at in range(0, len(stream), step or len(stream) or 1):
        heard += on.feed(stream[at : at + (step or len(stream))])
    return [each.sender for each in heard], on.errors


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("step", [None, 1, 7, 64])
def test_telegrams_are_heard_whatever_pieces_they_come_in(kind, step):
    stream = telegram(METER, kind, NOW) + telegram(METER, kind, NOW + 60)
    assert heard_in(stream, step) == ([SERIAL] * 2, {})


@pytest.mark.parametrize("kind", KINDS)
def test_stream_that_begins_in_the_middle_is_followed_from_the_next_start(kind):
    whole = telegram(METER, kind, NOW)
    senders, errors = heard_in(whole[len(whole) // 2 :] + whole + b"\x7f\x00\xff/12" + whole)
    assert senders == [SERIAL] * 2
    assert errors["noise"] >= 1


@pytest.mark.parametrize("kind", KINDS)
def test_telegram_that_breaks_off_is_dropped_and_counted(kind):
    whole = telegram(METER, kind, NOW)
    assert heard_in(whole[:60] + whole) == ([SERIAL], {"truncated": 1})


@pytest.mark.parametrize("kind", ["a", "p1"])
def test_damaged_telegram_is_counted_and_gives_nothing(kind):
    whole = telegram(METER, kind, NOW)
    at = whole.index(b"kWh") - 3
    bad = whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]
    assert heard_in(bad + whole) == ([SERIAL], {"bad_checksum": 1})


def test_endless_text_is_dropped():
    on = listener()
    on.feed(b"/ABC5X\r\n\r\n" + b"1.8.0(1*kWh)\r\n" * 10_000)
    assert on.errors == {"oversized": 1}
    assert heard_in(telegram(METER, "d", NOW), on=on)[0] == [SERIAL]


def test_stream_of_nothing_but_starts_is_endured():
    on = listener()
    assert on.feed(b"/ABC5X\r\n" * 7000) == []
    assert on.errors == {"truncated": 6999}
    assert heard_in(telegram(METER, "d", NOW), on=on)[0] == [SERIAL]


def test_parity_bits_do_not_matter():
    whole = telegram(METER, "d", NOW)
    even = bytes(b | 0x80 if b.bit_count() % 2 else b for b in whole)
    assert heard_in(even) == ([SERIAL], {})


def test_datagram_is_a_telegram_by_itself():
    on = listener()
    whole = telegram(METER, "p1", NOW)
    assert [each.sender for each in on.message(whole.rstrip())] == [SERIAL]
    assert on.message(b"hello") == [] and on.errors
    assert len(on.message(whole)) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_opened_telegram_gives_the_meters_registers(kind):
    driver = Iec62056Driver()
    spec = device("iec62056-21", "1.8.0", address=SERIAL.zfill(12))
    (heard,) = driver.listener({}).feed(telegram(METER, kind, NOW))
    assert heard.sender == driver.sender_of(spec)
    push = driver.open_heard(heard, spec)
    sample = push.result.samples["1.8.0"]
    assert sample.value == SITE.index_at("T", "1.8.0", NOW) * 1000
    assert sample.status == (1 if kind == "d" else 0)
    if kind == "p1":
        assert sample.meter_ts.timestamp() == NOW


def test_mode_d_has_no_check_and_may_be_accepted_as_it_is():
    driver = Iec62056Driver()
    (heard,) = driver.listener({}).feed(telegram(METER, "d", NOW))
    spec = device("iec62056-21", "1.8.0", unchecked="accept")
    assert driver.open_heard(heard, spec).result.samples["1.8.0"].status == 0


def test_telegram_of_another_meter_or_damaged_later_is_refused():
    driver = Iec62056Driver()
    (heard,) = driver.listener({}).feed(telegram(METER, "p1", NOW))
    with pytest.raises(AddressError):
        driver.open_heard(heard, device("iec62056-21", "1.8.0", serial="4711"))
    text = heard.telegram["text"].replace("kWh", "MWh", 1)
    heard = type(heard)(heard.sender, {"text": text})
    with pytest.raises(ChecksumError):
        driver.open_heard(heard, device("iec62056-21", "1.8.0"))


@needs_data
@pytest.mark.parametrize("name", ["example_data_b", "example_data_d_landisgyr_360"])
def test_recorded_telegrams_are_heard(name):
    case = json.loads((PROTOCOLS / "iec62056-21" / f"{name}.json").read_text("utf-8"))
    driver = Iec62056Driver()
    (heard,) = driver.listener({}).feed(bytes.fromhex(case["wire_hex"]))
    spec = device("iec62056-21", "1.8.0", utc_offset="+01:00")
    push = driver.open_heard(heard, spec)
    if name == "example_data_b":
        assert heard.sender == "E2206017647934515"
        assert push.result.samples["0-1:24.2.1"].value == Decimal("4890.857")
        assert [event.text for event in push.events] == [
            "power failure of 43178677 s",
            "power failure of 5627 s",
        ]
        assert push.result.samples["1.8.1"].meter_ts.isoformat() == "2018-09-24T13:21:32+02:00"
    else:
        assert push.result.samples["1.8.0"].value == Decimal(10501076)
        assert push.result.samples["1.8.0"].status == 0
        assert push.result.meter.extra["check"] == "verified"


def test_hourly_gas_value_of_the_older_form_is_a_volume():
    gas = "0-1:24.3.0(121030140000)(00)(60)(1)(0-1:24.2.1)(m3)\r\n(00024.123)\r\n"
    text = f"/KMP5 KA6U001\r\n\r\n{gas}!\r\n"
    (record,) = Iec62056Driver.decode({"text": text}).records
    assert (record.value, record.unit) == (Decimal("24.123"), "m3")
    assert record.ts == "2012-10-30T14:00:00"
    assert record.raw[-1] == "00024.123"


def test_any_bytes_between_telegrams_cost_at_most_a_neighbour():
    rng = random.Random(62056)
    for _ in range(300):
        kind = rng.choice(KINDS)
        whole = telegram(METER, kind, NOW)
        noise = bytes(rng.choices(b"/!()\r\n\x02\x03ABC\x7f\x00\xff19.", k=rng.randrange(80)))
        senders, _ = heard_in(noise + whole + whole, rng.randrange(1, 50))
        assert senders and set(senders) <= {SERIAL}


@pytest.mark.parametrize("place", [{"port": 0}, {"pty": "push"}])
def test_simulated_pusher_is_heard_over_a_line(place, tmp_path):
    scenario = site(("T", "iec62056-21-push", place, {"kind": "a", "every": 0.05}))

    async def main():
        runner = ScenarioRunner(scenario, 0, tmp_path, clock=lambda: NOW)
        await runner.start()
        link = (serial_link if "pty" in place else tcp_link)(runner.addresses["T"])
        await link.open()
        on, heard = listener(), []
        try:
            while len(heard) < 2:
                heard += on.feed(await link.read(4096, 2.0))
        except NoAnswer:
            pass
        finally:
            await link.close()
            await runner.stop()
        return heard

    assert [each.sender for each in asyncio.run(main())][:2] == [SERIAL] * 2


def test_events_of_a_pushed_readout_have_the_meters_own_time():
    clock = "0.9.1(10:00:00)\r\n0.9.2(26-09-01)\r\n"
    text = f"/MSY5<1>X\r\n0.0.0(7)\r\n{clock}F.F.0(0000006000000080)\r\n!\r\n"
    driver = Iec62056Driver()
    (heard,) = driver.listener({}).feed(text.encode())
    (event,) = driver.open_heard(heard, device("iec62056-21", "1.8.0")).events
    assert (event.code, event.text) == ("F.F.0:7", "body cover was open")
    assert event.ts == local(2026, 9, 1, 10, 0)


def test_list_that_every_telegram_repeats_is_told_once():
    driver = Iec62056Driver()
    spec = device("iec62056-21", "1.8.1")
    entries = ["(260901100000W)(0000000240*s)", "(260902100000W)(0000000300*s)"]

    def told(count):
        log = f"1-0:99.97.0({count})(0-0:96.7.19){''.join(entries[:count])}\r\n"
        text = f"/ABC5X\r\n\r\n1-0:1.8.1(1*kWh)\r\n{log}!\r\n"
        (heard,) = driver.listener({}).feed(text.encode())
        return [event.text for event in driver.open_heard(heard, spec).events]

    assert told(1) == ["power failure of 240 s"]
    assert told(1) == []
    assert told(2) == ["power failure of 300 s"]
