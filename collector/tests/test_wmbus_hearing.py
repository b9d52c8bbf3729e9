# SPDX-License-Identifier: MIT
"""Heard telegrams become readings, or are refused by name: keys, replays, downgrades, due dates."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from radio_support import KEY, NOW, OTHER_KEY, device, heard, meter

from actwin_collector.model import CollectorError, ConfigError
from actwin_collector.protocol.wmbus import WmbusDriver, compact
from actwin_collector.protocol.wmbus import driver as driver_module
from actwin_collector.protocol.wmbus.frame import crc16
from actwin_collector.protocol.wmbus.hearing import LayoutKeeper
from actwin_collector.protocol.wmbus.memory import Memory


@pytest.fixture
def driver(tmp_path):
    return WmbusDriver(Memory(tmp_path / "memory.sqlite"), lambda: NOW)


def refusal(driver, wire, spec) -> str:
    with pytest.raises(CollectorError) as caught:
        driver.open_heard(heard(wire), spec)
    assert KEY not in caught.value.message and OTHER_KEY not in caught.value.message
    return caught.value.code


@pytest.mark.parametrize("mode", [0, 5, 7])
def test_a_telegram_becomes_a_reading(driver, mode):
    spec = device("volume", "volume_flow", secret=KEY if mode else "")
    push = driver.open_heard(heard(meter(mode).telegram(NOW), -71), spec)
    sample = push.result.samples["volume"]
    assert (sample.value, sample.unit, sample.status) == (Decimal("54.321"), "m3", 0)
    # The meter's own clock, which shows +03:00 and no seconds.
    assert sample.meter_ts == NOW
    assert push.result.meter.extra["rssi"] == "-71"
    assert push.rows == ()


@pytest.mark.parametrize("mode", [5, 7])
def test_wrong_and_missing_key(driver, mode):
    wire = meter(mode).telegram(NOW)
    wrong = refusal(driver, wire, device(secret=OTHER_KEY))
    assert wrong == {5: "wrong_key", 7: "bad_mac"}[mode]
    assert refusal(driver, wire, device()) == "key_missing"


@pytest.mark.parametrize("mode", [5, 7])
def test_two_keys_while_one_is_changed(driver, mode):
    spec = device(secret=f"{OTHER_KEY} {KEY}")
    push = driver.open_heard(heard(meter(mode).telegram(NOW)), spec)
    assert push.result.samples["volume"].value == Decimal("54.321")


def test_a_message_counter_that_does_not_grow_is_a_replay_over_restarts_too(driver, tmp_path):
    radio, spec = meter(7), device(secret=KEY)
    first, second = radio.telegram(NOW), radio.telegram(NOW)
    driver.open_heard(heard(second), spec)
    assert refusal(driver, second, spec) == "replayed"
    driver.confirm_heard(heard(second), spec)
    again = WmbusDriver(Memory(tmp_path / "memory.sqlite"), lambda: NOW)
    for each in (driver, again):
        # What was sent before the meter was known may have been recorded then.
        assert refusal(each, second, spec) == refusal(each, first, spec) == "replayed"
    again.open_heard(heard(radio.telegram(NOW)), spec)


@pytest.mark.parametrize("restarted", [True, False])
def test_a_telegram_whose_values_were_not_kept_may_come_again(driver, tmp_path, restarted):
    wire, spec = meter(7).telegram(NOW), device(secret=KEY)
    driver.open_heard(heard(wire), spec)
    if restarted:
        driver = WmbusDriver(Memory(tmp_path / "memory.sqlite"), lambda: NOW)
    else:
        driver.forget_heard(heard(wire), spec)
    assert driver.open_heard(heard(wire), spec).result.samples
    driver.confirm_heard(heard(wire), spec)
    driver.forget_heard(heard(wire), spec)
    assert refusal(driver, wire, spec) == "replayed"


def test_confirming_in_another_order_never_lowers_the_counter(driver, tmp_path):
    radio, spec = meter(7), device(secret=KEY)
    first, second = radio.telegram(NOW), radio.telegram(NOW)
    driver.open_heard(heard(first), spec)
    driver.open_heard(heard(second), spec)
    driver.confirm_heard(heard(second), spec)
    driver.confirm_heard(heard(first), spec)
    again = WmbusDriver(Memory(tmp_path / "memory.sqlite"), lambda: NOW)
    assert refusal(again, second, spec) == "replayed"


def test_a_downgrade_is_refused_before_the_counter_is_durable(driver):
    spec = device(secret=KEY)
    driver.open_heard(heard(meter(7).telegram(NOW)), spec)
    assert refusal(driver, meter(5).telegram(NOW), spec) == "security_downgrade"


def test_a_refused_telegram_does_not_use_up_its_counter(driver):
    wire = meter(7).telegram(NOW)
    assert refusal(driver, wire, device(secret=OTHER_KEY)) == "bad_mac"
    assert refusal(driver, wire, device(secret=KEY, address="KAM12345678")) == "wrong_address"
    driver.open_heard(heard(wire), device(secret=KEY))


def test_no_place_for_counters_is_named(monkeypatch):
    for name in ("ACTWIN_COLLECTOR_STATE", "STATE_DIRECTORY", "ACTWIN_COLLECTOR_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ACTWIN_COLLECTOR_CONFIG", "/nowhere/config.toml")
    code = refusal(WmbusDriver(), meter(7).telegram(NOW), device(secret=KEY))
    assert code == "bad_config"


def test_an_unencrypted_telegram_of_a_meter_with_a_key_is_a_downgrade(driver):
    wire = meter(0).telegram(NOW)
    assert refusal(driver, wire, device(secret=KEY)) == "security_downgrade"
    push = driver.open_heard(heard(wire), device(secret=KEY, allow_unencrypted="yes"))
    assert push.result.samples


def test_mode_5_after_mode_7_is_a_downgrade(driver):
    spec = device(secret=KEY)
    driver.open_heard(heard(meter(7).telegram(NOW)), spec)
    assert refusal(driver, meter(5).telegram(NOW), spec) == "security_downgrade"


def test_records_appended_in_the_clear_are_not_believed(driver):
    wire = meter(5).telegram(NOW) + bytes.fromhex("44130F270000 426C5F3A")
    forged = bytes((len(wire) - 1,)) + wire[1:]
    spec = device("volume", "volume@1", secret=KEY)
    push = driver.open_heard(heard(forged), spec)
    assert list(push.result.samples) == ["volume"] and push.rows == ()
    trusting = device("volume@1", secret=KEY, allow_unencrypted="yes")
    assert driver.open_heard(heard(forged), trusting).rows


def test_any_changed_byte_of_an_authenticated_telegram_gives_no_other_reading(driver):
    wire, spec = meter(7).telegram(NOW), device(secret=KEY)
    for position in range(11, len(wire)):
        changed = wire[:position] + bytes((wire[position] ^ 4,)) + wire[position + 1 :]
        try:
            push = driver.open_heard(heard(changed), spec)
        except CollectorError:
            continue
        assert push.result.samples["volume"].value == Decimal("54.321")


@pytest.mark.parametrize(
    ("address", "ok"),
    [
        ("12345678", True),
        ("bay12345678", True),
        ("BAY-12345678", True),
        ("1234567839080107", True),
        ("KAM12345678", False),
        ("1234567839080207", False),
        ("1234567839080106", False),
        ("87654321", False),
    ],
)
def test_the_address_may_name_the_maker(driver, address, ok):
    wire, spec = meter().telegram(NOW), device(address=address)
    if ok:
        assert driver.sender_of(spec) == "12345678"
        assert driver.open_heard(heard(wire), spec).result.samples
    else:
        assert refusal(driver, wire, spec) == "wrong_address"


def test_an_address_that_is_none_is_named(driver):
    with pytest.raises(ConfigError) as caught:
        driver.sender_of(device(address="12"))
    assert caught.value.code == "bad_address"
    with pytest.raises(ConfigError) as caught:
        driver.sender_of(device(secret=f"{KEY},00"))
    assert caught.value.code == "bad_key"


def test_damaged_and_truncated_telegrams(driver):
    wire = meter().telegram(NOW)
    assert refusal(driver, wire[:-3], device()) == "truncated"
    assert refusal(driver, wire[:10], device()) == "truncated"


def records_only(records: str) -> bytes:
    body = bytes.fromhex("44 3908 78563412 0107 7A 01 00 0000" + records)
    return bytes((len(body),)) + body


def test_due_values_carry_their_own_date(driver):
    # Now 16.899 m3, at the end of 31 October 6.217 m3, and a date in the future.
    wire = records_only("0413 03420000 426C 5F3A 4413 49180000 82016C 1F4C 84011310270000")
    push = driver.open_heard(heard(wire), device("volume"))
    assert push.result.samples["volume"].value == Decimal("16.899")
    (row,) = push.rows
    assert row.ts == datetime(2026, 10, 31, 21, tzinfo=UTC)
    assert row.samples["volume"].value == Decimal("6.217")


def test_month_ends_of_a_makers_block_are_dated_by_the_meters_clock(driver):
    # On 24 November 2026; January to December are 1.00 to 12.00 m3.
    months = b"".join((100 * month).to_bytes(3, "little") for month in range(1, 13))
    clock = "046D 1E0F 583B"
    head = "44 B409 78563412 1307 7A 01 00 0000 0C13 21430500"
    body = bytes.fromhex(f"{head} {clock} 0F 10") + months
    push = driver.open_heard(heard(bytes((len(body),)) + body), device("volume"))
    assert push.result.samples["volume"].value == Decimal("54.321")
    found = [(row.ts.isoformat()[:10], row.samples["volume"].value) for row in push.rows]
    # Local midnight is 21:00 UTC of the day itself; November has not ended yet this year.
    assert found[0] == ("2025-11-30", 11) and found[1] == ("2025-12-31", 12)
    assert found[2] == ("2026-01-31", 1) and found[-1] == ("2026-10-31", 10)
    assert len(found) == 12


def test_a_stored_register_is_a_row_and_no_value_of_the_moment(driver):
    wire = records_only("0413 03420000 426C 5F3A 4413 49180000")
    push = driver.open_heard(heard(wire), device("volume@1", utc_offset="+00:00"))
    assert push.result.samples == {}
    (row,) = push.rows
    assert row.ts == datetime(2026, 11, 1, tzinfo=UTC)
    assert row.samples["volume@1"].value == Decimal("6.217")


def test_a_meter_in_error_is_suspect(driver):
    body = bytes.fromhex("44 3908 78563412 0107 7A 01 10 0000 0413 03420000")
    push = driver.open_heard(heard(bytes((len(body),)) + body), device())
    assert push.result.samples["volume"].status == 1


def test_layouts_of_compact_frames_survive_a_restart(driver, tmp_path, monkeypatch):
    headers, values = bytes.fromhex("840413 0259"), bytes.fromhex("10270000 D007")
    full = bytes.fromhex("840413 10270000 0259 D007")
    short = crc16(headers).to_bytes(2, "little") + crc16(full).to_bytes(2, "little") + values

    def link(records: bytes) -> bytes:
        inner = crc16(records).to_bytes(2, "little") + records
        body = bytes.fromhex("44 3908 78563412 0107 8D 20 01 00000000") + inner
        return bytes((len(body),)) + body

    monkeypatch.setattr(compact, "_heard", {})
    monkeypatch.setattr(driver_module, "_layouts", LayoutKeeper())
    spec = device("volume@8")
    assert not driver.open_heard(heard(link(b"\x79" + short)), spec).result.samples
    driver.open_heard(heard(link(b"\x78" + full)), spec)
    # As after a restart: the process has forgotten, the file has not.
    monkeypatch.setattr(compact, "_heard", {})
    monkeypatch.setattr(driver_module, "_layouts", LayoutKeeper())
    again = WmbusDriver(Memory(tmp_path / "memory.sqlite"), lambda: NOW + timedelta(days=1))
    push = again.open_heard(heard(link(b"\x79" + short)), spec)
    assert push.result.samples["volume@8"].value == Decimal("10.000")
