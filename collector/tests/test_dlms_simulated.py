# SPDX-License-Identifier: MIT
"""The simulated meter as a technician runs it: the training scenario, and faults on purpose."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from dlms_rig import BOTH_KEYS, GMAC, KEYED, NOW, meters, serving, spec
from dlms_support import CLIENT
from protocol_rig import read, serial_link, tcp_link

from actwin_collector.model import CollectorError, ConfigError
from actwin_collector.protocol.dlms import DlmsDriver, hdlc
from actwin_collector.protocol.dlms.axdr import decode
from actwin_collector.protocol.dlms.cosem import parse_name
from actwin_collector.protocol.dlms.counters import CounterStore
from actwin_collector.protocol.dlms.profile import by_entry, by_range
from actwin_collector.simulate.dlms.faults import FAULTS
from actwin_collector.simulate.dlms.identity import title_of
from actwin_collector.simulate.dlms.profiles import entry_range, time_range
from actwin_collector.simulate.runner import ScenarioRunner
from actwin_collector.simulate.scenario import load_scenario, parse_scenario

KEYS = "000102030405060708090A0B0C0D0E0F:D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF"
HDLC = {"framing": "hdlc"}
TRAINED = {
    "OPEN": ({}, ""),
    "GUARDED": ({**HDLC, **GMAC}, KEYS),
    "PLC1": ({"address": "1"}, ""),
    "PLC3": ({"address": "3"}, ""),
    "GATED1": ({"gateway": "80340006"}, ""),
    "GATED2": ({"gateway": "80340007"}, ""),
    "MODE_E": ({**HDLC, "mode_e": True}, ""),
    "PUSHING": (GMAC, KEYS),
}


@pytest.fixture
def driver(tmp_path):
    return DlmsDriver(CounterStore(tmp_path / "counters.sqlite"))


def test_every_meter_of_the_training_scenario_is_read_and_the_others_fail_by_name(
    driver, tmp_path
):
    def work(addresses):
        found = {}
        for key, (settings, secret) in TRAINED.items():
            place = addresses[key]
            link = serial_link(place) if key == "MODE_E" else tcp_link(place)
            wanted = spec("1.8.0", secret=secret, **{"client": 1, **settings})
            found[key] = read(driver, link, wanted)
        with pytest.raises(CollectorError) as silent:
            read(driver, tcp_link(addresses["PLC2"]), spec("1.8.0", address="2"), 0.2)
        with pytest.raises(CollectorError) as damaged:
            read(driver, tcp_link(addresses["DAMAGED"]), spec("1.8.0", **HDLC), 0.5)
        return found, silent.value.code, damaged.value.code

    async def main():
        runner = ScenarioRunner(
            load_scenario("dlms-training"), 0, tmp_path / "ptys", clock=lambda: NOW
        )
        await runner.start()
        try:
            return await asyncio.to_thread(work, runner.addresses)
        finally:
            await runner.stop()

    found, silent, damaged = asyncio.run(main())
    known = load_scenario("dlms-training")
    for key, result in found.items():
        assert result.meter.id == known.meters[key].spec.serial
        assert result.samples["1.8.0"].value == known.index_at(key, "1.8.0", NOW) * 1000
    assert (silent, damaged) == ("no_answer", "bad_checksum")


CODES = {
    "wrapper": {
        # Of the clear part of an association a changed byte may say anything but a reading.
        "damaged": {"bad_authentication", "meter_refused"},
        "truncated": {"no_answer"},
        "misaddressed": {"wrong_address"},
        "oversized": {"bad_frame", "truncated", "bad_authentication"},
        "replayed": {"replayed", "wrong_address", "unprotected"},
    },
    "hdlc": {
        "damaged": {"bad_checksum"},
        "truncated": {"no_answer"},
        "misaddressed": {"wrong_address"},
        "oversized": {"bad_checksum"},
        "replayed": {"replayed", "wrong_address"},
    },
}


@pytest.mark.parametrize("framing", CODES)
@pytest.mark.parametrize("fault", sorted(FAULTS))
@pytest.mark.parametrize("every", range(1, 9))
def test_fault_at_each_place_of_a_ciphered_dialogue_is_named_and_never_a_reading(
    driver, framing, fault, every
):
    habits = {"framing": framing, "fault": fault, "fault_every": every, **KEYED}
    found = meters(habits)
    wanted = spec("1.8.0", secret=BOTH_KEYS, clock=False, framing=framing, **GMAC)
    with serving(found) as address:
        try:
            result = read(driver, tcp_link(address), wanted, 0.2)
        except CollectorError as error:
            allowed = CODES[framing].get(fault, {"bad_frame"})
            assert error.code in allowed | {"bad_frame", "protocol_error"}, error
            assert (fault, framing) != ("noise", "hdlc")
        else:
            # The fault hit the good-bye, or it is noise before a frame.
            assert result.samples["1.8.0"].value == found[0].model.scaled("1.8.0", NOW)
            assert every > 1 or (fault, framing) == ("noise", "hdlc")


def test_settings_of_a_scenario_are_checked_with_their_place():
    row = {"key": "T", "serial": "1", "protocol": "dlms", "port": 0, "profile": "workshop",
           "peak": 5, "settings": {"fault": "nothing known"}}  # fmt: skip
    table = {"site": "S", "seed": 1, "first_day": datetime(2026, 1, 1, tzinfo=UTC).date()}
    with pytest.raises(ConfigError) as caught:
        parse_scenario({**table, "meter": [row]}, "test")
    assert "meter T.settings" in caught.value.message and "fault" in caught.value.message


def test_selectors_are_understood_as_they_are_sent():
    at = datetime(2026, 9, 1, tzinfo=UTC)
    assert time_range(decode(by_range(at, at)[1:]), UTC) == (at.timestamp(), at.timestamp())
    assert entry_range(decode(by_entry(3, 5)[1:]), 9) == (2, 5)
    assert entry_range(decode(by_entry(3, 0)[1:]), 9) == (2, 9)
    for wrong in (None, [1, 2], [1, 2, 3, "x"]):
        with pytest.raises(CollectorError):
            entry_range(wrong, 9)
        with pytest.raises(CollectorError):
            time_range(wrong, UTC)


@pytest.mark.parametrize("framing", ["wrapper", "hdlc"])
def test_noise_into_the_simulated_meter_is_answered_with_silence_or_refusal(framing):
    from actwin_collector.simulate.protocols.dlms import session_of

    session = session_of(meters({"framing": framing, **KEYED}))
    for data in (
        bytes(64), b"\x7e" * 64, b"\x7e\xa0\x07\x03\x21\x93\x0f\x01\x7e",
        b"\x00\x01\x00\x10\x00\x01\x00\x00", b"\x00\x01\x00\x10\x00\x01\x00\x01\x60",
        b"\x00\x01\x00\x10\x00\x01\x00\x02\xc0\x01",
        b"\x00\x01\x00\x10\x00\x01\x00\x03\xe6\x00\x05",
        hdlc.build(b"\x03", b"\x21", hdlc.SNRM),
        hdlc.build(b"\x03", b"\x21", 0x10, b"\xe6\xe6\x00"),
        bytes(range(256)) * 300,
    ):  # fmt: skip
        assert isinstance(session.feed(data), bytes)


def test_titles_differ_as_serial_numbers_do():
    titles = {title_of(str(number)) for number in (80340001, 80340002, "A7", "")}
    assert len(titles) == 4 and all(len(title) == 8 for title in titles)
    assert title_of("80340001") != CLIENT


def test_meter_shows_what_its_load_counts_through_all_classes():
    [meter] = meters()
    model = meter.model
    profile = model.objects[parse_name("1.0.99.1.0.255")]
    rows = decode(profile.readers[2]())
    assert len(rows) == decode(profile.readers[7]()) == decode(profile.readers[7]())
    last = NOW // 900 * 900
    assert rows[-1][2] == model.scaled("1.8.0", last)
    demand = model.objects[parse_name("1.0.1.4.0.255")].readers
    counted = model.scaled("1.8.0", last) - model.scaled("1.8.0", last - 900)
    assert decode(demand[3]()) == counted * 4
