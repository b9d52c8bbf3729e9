# SPDX-License-Identifier: MIT
"""Dialogues on loopback with a meter of an independent implementation in its own process."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from dlms_support import AUTHENTICATION, CLIENT, ENCRYPTION, running_meter
from protocol_rig import read, tcp_link

from actwin_collector.model import CollectorError, DeviceSpec, ParameterSpec
from actwin_collector.protocol.dlms import DlmsDriver
from actwin_collector.protocol.dlms.counters import CounterStore

PASSWORD = "secret12"
REGISTERS = ("1.8.0", "2.8.0", "1.7.0", "32.7.0", "31.7.0", "0.0.96.3.10")
VALUES = {
    "1.8.0": (Decimal(12345678), "Wh"),
    "2.8.0": (Decimal(4321), "Wh"),
    "1.7.0": (Decimal(1520), "W"),
    "32.7.0": (Decimal("230.1"), "V"),
    "31.7.0": (Decimal("5.23"), "A"),
    "0.0.96.3.10": (Decimal(1), ""),
}
GMAC = {"authentication": "gmac", "system_title": CLIENT.hex()}
BOTH_KEYS = f"{ENCRYPTION}:{AUTHENTICATION}"


@pytest.fixture(scope="module", params=["wrapper", "hdlc"])
def meter(request):
    with running_meter(request.param) as found:
        yield found


@pytest.fixture(scope="module")
def driver(meter, tmp_path_factory):
    # Counters belong to one meter: both simulated ones have the same title and key.
    return DlmsDriver(CounterStore(tmp_path_factory.mktemp("state") / "counters.sqlite"))


def ask(driver, meter, *registers: str, secret: str = "", **settings):
    framing, address = meter
    spec = DeviceSpec(
        "D",
        "dlms",
        "line",
        "1",
        {"framing": framing, **settings},
        secret,
        parameters=tuple(ParameterSpec(name, f"S/{name}") for name in registers),
    )
    return read(driver, tcp_link(address), spec)


def values(result) -> dict:
    return {name: (sample.value, sample.unit) for name, sample in result.samples.items()}


SECURITY = {
    "none": ({}, ""),
    "low": ({"authentication": "low", "client": 2}, PASSWORD),
    "gmac": (GMAC, BOTH_KEYS),
    "low-ciphered": (
        {"authentication": "low", "ciphered": True, "client": 3, "system_title": CLIENT.hex()},
        json.dumps(
            {
                "password": PASSWORD,
                "encryption_key": ENCRYPTION,
                "authentication_key": AUTHENTICATION,
            }
        ),
    ),
}


@pytest.mark.parametrize("kind", SECURITY)
def test_registers_in_base_units_with_the_meters_time(driver, meter, kind):
    settings, secret = SECURITY[kind]
    for _ in range(2):  # the second time with the counters of the first behind it
        result = ask(driver, meter, *REGISTERS, secret=secret, **settings)
        assert values(result) == VALUES
        assert {sample.meter_ts for sample in result.samples.values()} == {
            datetime(2024, 5, 1, 10, 0, tzinfo=UTC)
        }
        assert (result.meter.id, result.meter.manufacturer) == ("PYD0000000001", "PYD")
        assert result.meter.extra["authentication"] == (
            "none" if kind in ("none", "low") else "verified"
        )


def test_demand_carries_the_time_it_was_reached(driver, meter):
    result = ask(driver, meter, "1.6.0", "1.4.0", "5:1.0.1.4.0.255#3")
    assert values(result) == {
        "1.6.0": (Decimal("1234.56"), "W"),
        "1.4.0": (Decimal("7.77"), "W"),
        "5:1.0.1.4.0.255#3": (Decimal("8.88"), "W"),
    }
    record = next(record for record in result.records if record.obis == "1.0.1.6.0.255")
    assert (record.ts, record.function, record.quantity) == (
        "2024-04-15T12:30:00+03:00",
        "maximum",
        "demand",
    )


@pytest.mark.parametrize("kind", ["none", "gmac"])
def test_profile_by_entry(driver, meter, kind):
    settings, secret = SECURITY[kind]
    result = ask(
        driver, meter, secret=secret, profile="1.0.99.1.0.255", profile_entries=96, **settings
    )
    rows = [record for record in result.records if record.storage]
    assert [len(rows), rows[0].value, rows[-1].value] == [96, 1000, 1665]
    assert (rows[0].ts, rows[-1].ts, rows[0].unit) == (
        "2024-05-01T00:00:00+00:00",
        "2024-05-01T23:45:00+00:00",
        "Wh",
    )
    last = ask(
        driver, meter, secret=secret, profile="1.0.99.1.0.255", profile_entries=3, **settings
    )
    assert [r.value for r in last.records if r.storage] == [1651, 1658, 1665]


def test_event_log_and_object_list(driver, meter):
    logs = {"events": ["0.0.99.98.0.255"], "profile": "none", "profile_entries": 2}
    result = ask(driver, meter, objects=True, **logs)
    events = [record for record in result.records if record.storage]
    assert [(record.quantity, record.value) for record in events] == [("event", 2), ("event", 255)]
    objects = {r.obis: r.value for r in result.records if r.quantity == "object"}
    assert objects["1.0.1.8.0.255"] == 3 and objects["0.0.1.0.0.255"] == 8


def test_register_the_meter_does_not_have_costs_only_itself(driver, meter):
    result = ask(driver, meter, "9.8.0", "1.8.0")
    assert list(result.samples) == ["1.8.0"]
    missing = [record for record in result.records if record.obis == "1.0.9.8.0.255"]
    assert missing[0].value is None and "undefined" in missing[0].raw


def test_object_of_another_class_is_found_by_the_object_list(driver, meter):
    # By its name a register; this meter has a profile there.
    result = ask(driver, meter, "1.0.1.4.0.255#2", "0.0.96.1.0.255")
    assert result.samples["1.0.1.4.0.255#2"].value == Decimal("7.77")
    assert "0.0.96.1.0.255" not in result.samples  # a text is no sample


@pytest.mark.parametrize(
    ("settings", "secret", "code"),
    [
        ({"authentication": "low", "client": 2}, "wrong", "access_denied"),
        (GMAC, f"{AUTHENTICATION}:{AUTHENTICATION}", "bad_authentication"),
        (GMAC, f"{ENCRYPTION}:{ENCRYPTION}", "bad_authentication"),
        ({**GMAC, "meter_title": "4143540000000009"}, BOTH_KEYS, "wrong_address"),
        ({"serial": "PYD0000000002"}, "", "wrong_address"),
        ({"authentication": "low", "client": 99}, PASSWORD, "meter_refused"),
    ],
    ids=["password", "encryption key", "authentication key", "meter", "serial", "client"],
)
def test_mistakes_are_told_apart(driver, meter, settings, secret, code):
    with pytest.raises(CollectorError) as caught:
        ask(driver, meter, "1.8.0", secret=secret, **settings)
    assert caught.value.code == code


def test_reading_goes_on_when_our_counters_were_lost(meter, tmp_path):
    """The meter is asked for its counter, so that an empty state folder costs nothing."""
    for number in range(2):
        fresh = DlmsDriver(CounterStore(tmp_path / f"{number}.sqlite"))
        assert values(ask(fresh, meter, "1.8.0", secret=BOTH_KEYS, **GMAC))


def test_refused_counter_is_asked_for_at_the_next_attempt(meter, tmp_path):
    settings = {**GMAC, "counter_name": "none"}
    driver = DlmsDriver(CounterStore(tmp_path / "counters.sqlite"))
    ask(DlmsDriver(CounterStore(tmp_path / "other.sqlite")), meter, secret=BOTH_KEYS, **GMAC)
    with pytest.raises(CollectorError) as caught:
        ask(driver, meter, "1.8.0", secret=BOTH_KEYS, **settings)
    assert caught.value.code == "stale_counter"
    assert values(ask(driver, meter, "1.8.0", secret=BOTH_KEYS, **GMAC))


@pytest.mark.parametrize("kind", ["low-ciphered", "gmac"])
def test_security_suite_one_is_read_and_not_taken_for_suite_zero(tmp_path, kind):
    settings, secret = SECURITY[kind]
    driver = DlmsDriver(CounterStore(tmp_path / "counters.sqlite"))
    with running_meter("wrapper", "suite1") as meter:
        found = ask(driver, meter, "1.8.0", secret=secret, suite=1, **settings)
        assert found.samples["1.8.0"].value == 12345678
        with pytest.raises(CollectorError):
            ask(driver, meter, "1.8.0", secret=secret, suite=0, **settings)


def test_peer_library_is_not_in_this_process():
    assert not [name for name in sys.modules if name.partition(".")[0] == "pydlms"]
