# SPDX-License-Identifier: MIT
"""Setting a meter's clock, and refusals by name; the simulated meter's own habits beside it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from dlms_rig import BOTH_KEYS, GMAC, GUARDED, KEYED, NOW, PASSWORD, meters, serving, spec
from dlms_support import CLIENT, KEYS
from protocol_rig import hold, read, tcp_link
from test_dlms_dialogue import CLOCK, VALUES, Meter, WrapperLine

from actwin_collector.model import CollectorError, ProtocolError
from actwin_collector.protocol.dlms import DlmsDriver
from actwin_collector.protocol.dlms.cosem import parse_name
from actwin_collector.protocol.dlms.counters import CounterStore
from actwin_collector.protocol.dlms.gcm import Keys
from actwin_collector.simulate.dlms import security

AHEAD = datetime.fromtimestamp(NOW, UTC) + timedelta(seconds=500)
TIME = (8, parse_name("0.0.1.0.0.255"), 2)
LOW_CIPHERED = json.dumps({"password": PASSWORD, **KEYED})


@pytest.fixture
def driver(tmp_path):
    return DlmsDriver(CounterStore(tmp_path / "counters.sqlite"), now=lambda: AHEAD)


def set_clock(driver, link, device) -> None:
    hold(link, lambda: driver.set_clock(link, device, 2.0))


@pytest.mark.parametrize("framing", ["wrapper", "hdlc"])
@pytest.mark.parametrize(
    ("settings", "secret"),
    [
        ({"authentication": "low"}, PASSWORD),
        (GMAC, BOTH_KEYS),
        ({"authentication": "low", "ciphered": True, "system_title": CLIENT.hex()}, LOW_CIPHERED),
    ],
    ids=["low", "gmac", "low ciphered"],
)
def test_clock_is_set_to_the_machines_time(driver, framing, settings, secret):
    found = meters({"framing": framing, **GUARDED})
    wanted = spec("1.8.0", secret=secret, framing=framing, **settings)
    with serving(found) as address:
        before = read(driver, tcp_link(address), wanted).samples["1.8.0"].meter_ts
        assert before == datetime.fromtimestamp(NOW, UTC)
        set_clock(driver, tcp_link(address), wanted)
        assert read(driver, tcp_link(address), wanted).samples["1.8.0"].meter_ts == AHEAD
        link = tcp_link(address)
        logged = spec(secret=secret, framing=framing, events=["0.0.99.98.0.255"], **settings)
        events = hold(link, lambda: driver.read_events(link, logged, 2, before - timedelta(1)))
    assert events[-1].text.startswith("clock after it was adjusted")


def test_client_that_may_not_set_the_clock_is_told_so(driver):
    with serving(meters()) as address, pytest.raises(ProtocolError) as caught:
        set_clock(driver, tcp_link(address), spec())
    assert caught.value.code == "access_denied"


def test_another_meters_clock_is_not_set(driver):
    found = meters(GUARDED)
    with serving(found) as address, pytest.raises(CollectorError) as caught:
        set_clock(driver, tcp_link(address), spec(secret=BOTH_KEYS, serial="1", **GMAC))
    assert caught.value.code == "wrong_address"
    assert found[0].model.shown == NOW


class SettableMeter(Meter):
    """Takes a set request; ``result`` is its answer, ``obeys`` whether it then shows the time."""

    def __init__(self, clock: str, result: int = 0, obeys: bool = True) -> None:
        super().__init__(VALUES | {TIME: clock})
        self._result, self._obeys = result, obeys

    def __call__(self, message: bytes) -> bytes:
        if message[0] != 0xC1:
            return super().__call__(message)
        self.asked.append(message)
        if self._obeys:
            self.values = self.values | {TIME: message[13:].hex()}
        return bytes((0xC5, 1, message[2], self._result))


def test_meter_without_deviation_is_set_in_its_own_form():
    meter = SettableMeter("090C07EA0801060C1E0000800000")
    moment = datetime(2026, 8, 1, 9, 31, 7, tzinfo=UTC)
    driver = DlmsDriver(now=lambda: moment)
    set_clock(driver, WrapperLine(meter), spec())
    [sent] = [message for message in meter.asked if message[0] == 0xC1]
    assert sent[13:].hex().upper() == "090C07EA0801060C1F0700800000"


@pytest.mark.parametrize(
    ("meter", "code"),
    [
        (SettableMeter(CLOCK, result=3), "access_denied"),
        (SettableMeter(CLOCK, result=1), "hardware_fault"),
        (SettableMeter(CLOCK, obeys=False), "clock_not_set"),
        (SettableMeter("0600000000"), "bad_frame"),
    ],
)
def test_clock_that_is_not_set_is_a_named_error(meter, code):
    driver = DlmsDriver(now=lambda: datetime(2026, 8, 1, 12, 31, tzinfo=UTC))
    with pytest.raises(CollectorError) as caught:
        set_clock(driver, WrapperLine(meter), spec())
    assert caught.value.code == code


@pytest.mark.parametrize("suite", [0, 1])
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"secret": f"{'11' * 16}:{KEYED['authentication_key']}"}, "bad_authentication"),
        ({"secret": f"{KEYED['encryption_key']}:{'11' * 16}"}, "bad_authentication"),
        ({"authentication": "low", "secret": "wrong"}, "access_denied"),
        ({"meter_title": "4143540000000009"}, "wrong_address"),
        ({"serial": "1"}, "wrong_address"),
        ({"address": "9"}, "no_answer"),
    ],
)
def test_mistakes_are_told_apart(driver, suite, change, code):
    parts = {"secret": BOTH_KEYS, "suite": suite, **GMAC, **change}
    with serving(meters({**GUARDED, "suite": suite})) as address:
        with pytest.raises(CollectorError) as caught:
            read(driver, tcp_link(address), spec("1.8.0", **parts), 0.5)
        assert caught.value.code == code


def test_another_suite_than_the_meters_gives_no_reading(driver):
    with serving(meters({**GUARDED, "suite": 1})) as address, pytest.raises(CollectorError):
        read(driver, tcp_link(address), spec("1.8.0", secret=BOTH_KEYS, **GMAC), 0.5)


def test_simulated_meter_takes_no_counter_twice(driver, tmp_path):
    found = meters(GUARDED)
    with serving(found) as address:
        wanted = spec("1.8.0", secret=BOTH_KEYS, counter_name="none", **GMAC)
        read(driver, tcp_link(address), wanted)
        fresh = DlmsDriver(CounterStore(tmp_path / "fresh.sqlite"))
        with pytest.raises(CollectorError) as caught:
            read(fresh, tcp_link(address), wanted)
        assert caught.value.code == "stale_counter"
        # Now the meter is asked for it.
        read(fresh, tcp_link(address), spec("1.8.0", secret=BOTH_KEYS, **GMAC))


def test_disconnect_state_is_a_register_and_a_record(driver):
    with serving(meters()) as address:
        found = read(driver, tcp_link(address), spec("0.0.96.3.10", "0.0.96.3.10#3", client=1))
    assert {name: sample.value for name, sample in found.samples.items()} == {
        "0.0.96.3.10": 1,
        "0.0.96.3.10#3": 1,
    }
    assert [r.quantity for r in found.records if r.obis == "0.0.96.3.10.255"] == [
        "disconnect_state"
    ] * 2


def test_answer_with_the_key_of_many_meters_is_no_answer(driver, monkeypatch):
    """Whoever has another meter of the site in hand has that key."""
    shared = bytes(range(0x50, 0x60))
    sound = security.MeterSecurity.seal

    def with_shared_key(self, plain, general=False):
        identity = self._model.identity
        self._model.identity = replace(identity, keys=Keys(shared, KEYS.authentication))
        monkeypatch.setattr(type(self), "control", property(lambda _: 0x70))
        try:
            return sound(self, plain, general)
        finally:
            self._model.identity = identity
            monkeypatch.setattr(type(self), "control", property(lambda _: 0x30))

    monkeypatch.setattr(security.MeterSecurity, "seal", with_shared_key)
    secret = json.dumps({**KEYED, "broadcast_key": shared.hex()})
    with serving(meters(GUARDED)) as address, pytest.raises(CollectorError) as caught:
        read(driver, tcp_link(address), spec("1.8.0", secret=secret, **GMAC), 0.5)
    assert caught.value.code == "unsupported"
