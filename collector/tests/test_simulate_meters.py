# SPDX-License-Identifier: MIT
"""Simulated meters on real sockets and ptys, read by the collector's own drivers."""

from __future__ import annotations

import asyncio
import json
from datetime import date
from decimal import Decimal

import pytest
from mbus_support import PROTOCOLS, needs_data
from protocol_rig import device, read, serial_link, tcp_link

from actwin_collector.model import ConfigError, LinkError
from actwin_collector.protocol.iec62056_21 import Iec62056Driver
from actwin_collector.protocol.mbus import MbusDriver
from actwin_collector.protocol.modbus.registermap import load_map
from actwin_collector.simulate.iec62056 import IecMeterSession
from actwin_collector.simulate.load import local_midnight
from actwin_collector.simulate.modbus import ModbusRtuSession, crc16
from actwin_collector.simulate.readout import IDENTIFICATION, readout
from actwin_collector.simulate.runner import ScenarioRunner
from actwin_collector.simulate.scenario import load_scenario, parse_scenario

NOW = local_midnight(date(2026, 9, 15)) + 11 * 3600 + 1234
ENERGIES = ("1.8.0", "1.8.1", "1.8.2", "1.8.3", "5.8.0", "8.8.0")


def scenario():
    tenant = {"protocol": "iec62056-21", "profile": "workshop", "peak": 60_000, "inductive": 150}
    rows = [
        {"key": "T", "serial": "80000001", "port": 0, "opening": [9_999_000, 5, 6], **tenant},
        {"key": "P", "serial": "80000002", "pty": "iec", **tenant},
        {"key": "W", "serial": "80000003", "port": 1, "protocol": "mbus", "profile": "water",
         "peak": 9000, "opening": [1_000_000, 0, 0]},
    ]
    main = {"key": "M", "serial": "80000000", "port": 2, "protocol": "iec62056-21", "ratio": 400,
            "rated": 1_600_000, "no_load": 2200, "load": 16_000}
    table = {"site": "S", "seed": 3, "first_day": date(2026, 1, 1), "meter": rows, "main": main}
    return parse_scenario(table, "test")


@pytest.fixture
def serve(tmp_path):
    """Run blocking work beside the simulated meters."""

    def run(work):
        async def main():
            runner = ScenarioRunner(scenario(), 0, tmp_path, clock=lambda: NOW)
            await runner.start()
            try:
                return await asyncio.to_thread(work, runner.addresses)
            finally:
                await runner.stop()

        return asyncio.run(main())

    return run


def iec(address="", **settings):
    quick = {"switch_delay": 0.01, "reaction": 0.0}
    return device("iec62056-21", *ENERGIES, address=address, **{**quick, **settings})


def test_our_client_reads_mode_c_and_fixed_baud_over_tcp_and_pty(serve):
    def work(addresses):
        driver = Iec62056Driver()
        return [
            ("T", read(driver, tcp_link(addresses["T"]), iec())),
            ("T", read(driver, tcp_link(addresses["T"]), iec(mode="fixed", address="80000001"))),
            ("M", read(driver, tcp_link(addresses["M"]), iec(address="MSY80000000"))),
            ("P", read(driver, serial_link(addresses["P"]), iec())),
            ("P", read(driver, serial_link(addresses["P"], bytesize=7, parity="E"), iec())),
        ]

    known = scenario()
    for key, result in serve(work):
        assert result.meter.id == known.meters[key].spec.serial
        for code in ENERGIES:
            sample = result.samples[code]
            assert sample.value == known.index_at(key, code, NOW) * 1000
            assert sample.status == 0
        assert sample.meter_ts.timestamp() == NOW


def test_meter_asked_by_another_address_is_silent(serve):
    def work(addresses):
        with pytest.raises(Exception, match="answer"):
            read(Iec62056Driver(), tcp_link(addresses["T"]), iec(address="1"), timeout=0.2)

    serve(work)


def test_readout_has_the_codes_and_forms_of_the_real_meter():
    text = readout(scenario().meters["T"], NOW)
    records = {r.obis: r for r in Iec62056Driver.decode({"text": text}).records}
    assert records["0.9.2"].value == "2026-09-15" and records["0.9.1"].value == "11:20:34"
    assert records["1.8.0*1"].storage == 1 and "1.8.3*12" in records and "8.8.0*12" in records
    assert records["1.6.0"].ts.startswith("2026-09-") and records["F.F.0"].quantity == "status"
    assert records["0.1.2*1"].raw == ["26-09-01,00:00"]


def test_readout_history_is_what_the_meter_showed_then():
    known = scenario()
    text = readout(known.meters["T"], NOW)
    values = {r.obis: r.value for r in Iec62056Driver.decode({"text": text}).records}
    for number, day in ((1, date(2026, 9, 1)), (3, date(2026, 7, 1)), (12, date(2025, 10, 1))):
        for code in ENERGIES:
            then = known.index_at("T", code, local_midnight(day)) * 1000
            assert values[f"{code}*{number}"] == then


def test_maximum_demand_is_the_highest_quarter_hour():
    meter = scenario().meters["T"]
    first = local_midnight(date(2026, 9, 1))
    powers = {
        at + 900: (meter.curve.index("active", at + 900) - meter.curve.index("active", at)) * 4
        for at in range(first, NOW - 899, 900)
    }
    power, when = meter.peak(first, NOW)
    assert power == max(powers.values()) and powers[when] == power


@needs_data
def test_readout_is_shaped_like_the_recorded_one():
    path = PROTOCOLS / "iec62056-21" / "makel_c520_kmy_2251.json"
    real = Iec62056Driver.decode({"text": json.loads(path.read_text("utf-8"))["data"]}).records
    ours = Iec62056Driver.decode({"text": readout(scenario().meters["T"], NOW)}).records
    shown = {record.obis: record for record in ours}
    for record in real:
        twin = shown[record.obis]
        assert [len(text) for text in twin.raw] == [len(text) for text in record.raw], record.obis
        assert (twin.unit, twin.quantity) == (record.unit, record.quantity)


def test_energy_register_rolls_over_at_its_digits():
    table = {"key": "T", "serial": "1", "port": 0, "protocol": "iec62056-21", "digits": 3,
             "profile": "workshop", "peak": 60_000, "opening": [999_999, 0, 0]}
    top = {"site": "S", "seed": 3, "first_day": date(2026, 1, 1), "meter": [table]}
    known = parse_scenario(top, "test")
    start = local_midnight(date(2026, 1, 1))
    assert known.index_at("T", "1.8.0", start) == Decimal("999.999")
    assert known.index_at("T", "1.8.0", start + 3600) < 100


def test_water_meter_answers_over_m_bus(serve):
    def work(addresses):
        spec = device("mbus", "volume", address="1")
        return read(MbusDriver(), tcp_link(addresses["W"]), spec)

    sample = serve(work).samples["volume"]
    assert (sample.value, sample.unit) == (scenario().index_at("W", "volume", NOW), "m3")


def test_port_that_is_taken_is_a_link_error(tmp_path):
    async def main():
        first = ScenarioRunner(scenario(), 0, tmp_path, clock=lambda: NOW)
        await first.start()
        try:
            taken = int(first.addresses["T"].rpartition(":")[2])
            second = ScenarioRunner(scenario(), taken, tmp_path / "other", clock=lambda: NOW)
            with pytest.raises(LinkError):
                await second.start()
        finally:
            await first.stop()

    asyncio.run(main())


def test_damaged_answers_and_parity_of_a_simulated_meter():
    session = IecMeterSession(IDENTIFICATION, "1", lambda _: "1.8.0(1*kWh)\r\n!\r\n", damaged=1)
    assert session.feed(b"/?!\r\n") == f"{IDENTIFICATION}\r\n".encode()
    first, again = session.feed(b"\x06050\r\n"), session.feed(b"\x15")
    assert first[:-1] == again[:-1] and first[-1] ^ again[-1] == 1
    even = bytes(b | 0x80 if b.bit_count() % 2 else b for b in b"/?!\r\n")
    assert session.feed(even)[0] == 0xAF
    assert session.feed(b"/?2!\r\n") == b"" and session.feed(b"\x06050\r\n") == b""


def test_rtu_line_finds_its_frame_behind_noise():
    class Always:
        def respond(self, pdu):
            return pdu[:1] + b"\x02\x00\x05"

    session = ModbusRtuSession({7: Always()})
    request = bytes([7, 3, 0, 0, 0, 1])
    request += crc16(request)
    answer = bytes([7, 3, 2, 0, 5])
    assert session.feed(b"\xff\x00" + request[:5]) == b""
    assert session.feed(request[5:]) == answer + crc16(answer)
    other = bytes([8]) + request[1:-2]
    assert session.feed(other + crc16(other)) == b""


def test_osb_scenario_is_the_agreed_one():
    known = load_scenario("osb")
    tenants = [f"T{number:02}" for number in range(1, 13)]
    assert set(known.meters) == {"MAIN", "C01", "C02", "W01", *tenants}
    places = {key: meter.spec.place for key, meter in known.meters.items()}
    assert [places[key].port for key in ("MAIN", *tenants[:5])] == list(range(6))
    assert (places["T06"].pty, places["W01"].port) == ("iec0", 20)
    assert [places[k].unit for k in ("T07", "T08", "T09", "T10", "C01")] == [1, 2, 3, 4, 5]
    assert [places[key].unit for key in ("T11", "T12", "C02")] == [1, 2, 3]
    assert {places[key].pty for key in ("T11", "T12", "C02")} == {"rtu0"}
    for key in ("T07", "T12", "C01", "C02"):
        energy = load_map(known.meters[key].spec.map).find("1.8.0")
        assert (energy.type, energy.unit) == ("int64", "Wh")


@pytest.mark.parametrize(
    "change",
    [
        {"profile": "palace"},
        {"peak": 0},
        {"port": 0, "pty": "x"},
        {"opening": [1, 2]},
        {"protocol": "modbus", "map": "none"},
        {"colour": "red"},
    ],
)
def test_wrong_scenario_is_refused(change):
    row = {"key": "T", "serial": "1", "port": 0, "protocol": "iec62056-21",
           "profile": "workshop", "peak": 1000, **change}
    with pytest.raises(ConfigError):
        parse_scenario({"site": "S", "seed": 1, "first_day": date(2026, 1, 1), "meter": [row]}, "x")


def test_scenario_that_is_not_there_or_not_toml_is_refused(tmp_path):
    broken = tmp_path / "broken.toml"
    broken.write_text("site = ")
    for name in ("nowhere", tmp_path / "none.toml", broken):
        with pytest.raises(ConfigError):
            load_scenario(name)
