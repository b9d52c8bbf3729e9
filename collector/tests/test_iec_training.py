# SPDX-License-Identifier: MIT
"""The shipped training scenario: its meters do what its comments say."""

from __future__ import annotations

import asyncio

import pytest
from iec_support import NOW, Rig, spec
from protocol_rig import tcp_link

from actwin_collector.model import CollectorError, ConfigError
from actwin_collector.simulate.scenario import load_scenario, parse_scenario

TRAINING = load_scenario("iec-training")


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What a reading of each polled meter gave: its serial or the error's code, and the status."""
    kit = Rig(TRAINING, tmp_path_factory.mktemp("training"), NOW)

    def read(address):
        link = tcp_link(address)
        given = spec(char_timeout=0.1)
        try:
            result = kit.hold(link, lambda it: kit.driver.read(it, given, 0.3))
        except CollectorError as error:
            return error.code, None
        return result.meter.id, result.samples["1.8.0"].status

    polled = [key for key, it in TRAINING.meters.items() if it.spec.protocol == "iec62056-21"]
    return kit.run(lambda addresses: {key: read(addresses[key]) for key in polled})


def test_good_and_noisy_meters_are_read(told):
    assert told["TURKISH"] == ("80330001", 0)
    assert told["VDEW"] == ("80330002", 0)
    assert told["NOISY"] == ("80330006", 0)


def test_faults_are_named(told):
    assert told["DAMAGED"] == ("bad_checksum", None)
    assert told["SILENT"] == ("no_answer", None)


def test_readout_that_breaks_off_once_is_whole_or_suspect(told):
    assert told["CUT"] in {("80330004", 0), ("80330004", 1)}


def test_pushers_are_heard(tmp_path):
    kit = Rig(TRAINING, tmp_path, NOW)

    def hear(address):
        async def listen(link):
            on, heard = kit.driver.listener({}), []
            while not heard:
                heard += on.feed(await link.read(4096, 8.0))
            return heard[0].sender

        link = tcp_link(address)
        return kit.hold(link, listen)

    async def all_at_once(addresses):
        keys = ("MODE_D", "MODE_A", "P1")
        return await asyncio.gather(*[asyncio.to_thread(hear, addresses[key]) for key in keys])

    found = kit.run(lambda addresses: asyncio.run(all_at_once(addresses)))
    assert found == ["80330007", "80330008", "80330009"]


@pytest.mark.parametrize(
    "change",
    [
        {"settings": {"fault": "fire"}},
        {"settings": {"colour": 1}},
        {"settings": {"fault_every": 0}},
        {"protocol": "iec62056-21-push", "settings": {"kind": "x"}},
        {"protocol": "smoke"},
    ],
)
def test_wrong_settings_of_a_simulated_meter_are_named(change):
    row = {"key": "T", "serial": "1", "port": 0, "protocol": "iec62056-21",
           "profile": "workshop", "peak": 1000, **change}
    top = {"site": "S", "seed": 1, "first_day": TRAINING.meters["P1"].curve.first_day}
    with pytest.raises(ConfigError, match="meter T"):
        parse_scenario({**top, "meter": [row]}, "x")
