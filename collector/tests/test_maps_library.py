# SPDX-License-Identifier: MIT
"""The register-map library: what is delivered, and the commands to extend it."""

from __future__ import annotations

import json
import tomllib
from decimal import Decimal

import pytest
from line_meter import command
from mbus_support import PROTOCOLS, needs_data

from actwin_collector.model import ConfigError
from actwin_collector.protocol.modbus import mapfiles
from actwin_collector.protocol.modbus.registermap import load_map, map_names, map_path, parse_map
from actwin_collector.units import BASE_UNITS, convert

CONFIG = """
[collector]
code = "C1"
state_dir = "state"
config_from = "file"
"""
TURKISH = """name;address;type;unit;scale;obis;function;no_value
gerilim_l1;0;UINT32;V;0,1;1-0:32.7.0;3;
enerji;0x00D8;u64;kWh;0,001;1-0:1.8.0;3;0xFFFFFFFFFFFFFFFF

frekans;24;uint32;Hz;0,01;;;
"""
FACTS = {
    "carlo_gavazzi_em24": "carlo_gavazzi_em24",
    "circutor_cvm_mini": "circutor_cvm_mini",
    "eastron_sdm630": "eastron_sdm630",
    "entes_mpr2x": "entes_mpr",
    "klemsan_klea": "klemsan_klea",
    "schneider_iem3000": "schneider_iem3000",
    "siemens_pac2200_3200": "siemens_pac2200",
}


@pytest.fixture
def home(tmp_path):
    (tmp_path / "c.toml").write_text(CONFIG)

    def run(*words):
        return command(tmp_path, "maps", *words)

    run.path = tmp_path
    return run


@pytest.mark.parametrize("name", map_names())
def test_every_delivered_map_says_what_it_is_and_how_sure(name):
    found = load_map(name)
    assert found.name and found.manufacturer and found.source and found.verified
    assert all(register.unit in BASE_UNITS for register in found.registers)
    assert len({(r.function, r.address) for r in found.registers}) == len(found.registers)


@pytest.mark.parametrize("name", map_names())
@pytest.mark.parametrize("form", mapfiles.FORMATS)
def test_a_map_survives_every_file_form(name, form, tmp_path):
    table = tomllib.loads(map_path(name).read_text("utf-8"))
    text = {"toml": mapfiles.to_toml, "csv": mapfiles.to_csv, "json": mapfiles.to_json}[form](table)
    path = tmp_path / f"x.{form}"
    path.write_text(text, encoding="utf-8")
    head = {key: table[key] for key in ("function", "word_order") if key in table}
    again = mapfiles.read_map_file(path, head)
    assert parse_map(again, "again").registers == load_map(name).registers


@needs_data
@pytest.mark.parametrize("facts, name", FACTS.items())
def test_the_maps_hold_the_gathered_facts(facts, name):
    given = json.loads((PROTOCOLS / "modbus/maps" / f"{facts}.json").read_text())
    by_address = {register.address: register for register in load_map(name).registers}
    for row in given["registers"]:
        register = by_address[row["address"]]
        unit = row["unit"] or register.unit
        assert register.type == row["type"], row
        assert register.scale == convert(Decimal(str(row["scale"])), unit, register.unit), row
        assert register.obis == row.get("obis", register.obis), row


@needs_data
def test_the_janitza_block_is_where_openems_reads_it():
    given = json.loads((PROTOCOLS / "modbus/openems/MeterWeidmueller525.json").read_text())
    known = {register.address: register.name for register in load_map("janitza_umg").registers}
    names = {
        "VOLTAGE_L1": "voltage_l1", "CURRENT_L3": "current_l3", "FREQUENCY": "frequency",
        "ACTIVE_POWER": "active_power_total", "REAL_ENERGY_L1_CONSUMED": "energy_import_l1",
        "REAL_ENERGY_L1_DELIVERED": "energy_export_l1",
        "REACTIVE_ENERGY_INDUCTIVE_L1_L3": "reactive_energy_inductive",
        "REACTIVE_ENERGY_CAPACITIVE_L1_L3": "reactive_energy_capacitive",
    }
    found = {row["channel"]: row["address"] for row in given["registers"]}
    assert {names[channel] for channel in names} == {known[found[channel]] for channel in names}
    assert all(known[found[channel]] == name for channel, name in names.items())


def test_a_turkish_spreadsheet_becomes_a_map_of_ones_own(home):
    (home.path / "Pano 3.csv").write_text("\ufeff" + TURKISH, encoding="utf-8")
    done = home(
        "import", "Pano 3.csv", "--config", "c.toml", "--manufacturer", "Entes",
        "--verified", "measured",
    )
    assert done.returncode == 0, done.stderr
    table = tomllib.loads((home.path / "state/devices/pano_3.toml").read_text())
    energy = table["register"][1]
    assert (energy["address"], energy["type"], energy["unit"]) == (216, "uint64", "Wh")
    assert "scale" not in energy or Decimal(energy["scale"]) == 1
    assert table["register"][0]["scale"] == "0.1"
    listed = home("list", "--config", "c.toml").stdout
    assert any("pano_3" in line and line.endswith("own") for line in listed.splitlines())
    shown = home("show", "pano_3", "--config", "c.toml").stdout
    assert "3:216" in shown and "1.8.0" in shown
    again = home("import", "Pano 3.csv", "--config", "c.toml")
    assert again.returncode == 1 and "--replace" in again.stderr


def test_an_own_map_takes_precedence_and_an_edited_one_is_read_again(tmp_path, monkeypatch):
    monkeypatch.setenv("ACTWIN_COLLECTOR_STATE", str(tmp_path))
    assert len(load_map("eastron_sdm220").registers) > 1
    own = tmp_path / "devices/eastron_sdm220.toml"
    own.parent.mkdir()
    own.write_text('[[register]]\nname = "a"\naddress = 1\n')
    assert [register.name for register in load_map("eastron_sdm220").registers] == ["a"]
    own.write_text('[[register]]\nname = "bb"\naddress = 1\n')
    assert [register.name for register in load_map("eastron_sdm220").registers] == ["bb"]


@pytest.mark.parametrize(
    "name, text, told",
    [
        ("a.csv", "name,address\nu,x1\n", "a.csv, line 2: address: 'x1' is not a whole number"),
        ("a.csv", "name,address,type\nu,1,uint32\nv,2,long\n",
         "a.csv, line 3: register.type: 'long' is not one of"),
        ("a.csv", "name,adress\nu,1\n", "a.csv, line 1: unknown column 'adress'"),
        ("a.csv", "address\n1\n", "a.csv, line 1: no column 'name'"),
        ("a.csv", "name,address\nu,1,2\n", "a.csv, line 2: 3 cells under 2 columns"),
        ("a.csv", "name,address,scale\nu,1,\nv,2,x\n",
         "a.csv, line 3: register.scale: 'x' is not a decimal number"),
        ("a.toml", '[[register]]\nname = "u"\naddress = 1\n\n[[register]]\nname = "v"\n',
         "a.toml, line 5: register.address: is required"),
        ("a.toml", "x =", "not valid TOML"),
        ("a.json", '{"register": [{"name": "u", "address": 99999}]}',
         "a.json, register 1: register.address: 99999 is above 65535"),
        ("a.json", "[]", "must be an object"),
        ("a.xls", "", "must end in .toml, .csv or .json"),
        ("a.csv", "name,address\nu,1\nu,2\n", "'u' stands twice"),
    ],
)
def test_each_mistake_in_a_file_is_named_with_its_line(tmp_path, name, text, told):
    (tmp_path / name).write_text(text)
    with pytest.raises(ConfigError) as caught:
        mapfiles.read_map_file(tmp_path / name)
    assert told in caught.value.message


def test_all_mistakes_of_a_spreadsheet_are_named_at_once(home):
    (home.path / "m.csv").write_text("name,address\na,1x\nb,2\nc,y\n")
    done = home("check", "m.csv")
    assert done.returncode == 1
    assert "line 2" in done.stderr and "line 4" in done.stderr and "line 3" not in done.stderr


@needs_data
def test_a_gathered_map_can_be_imported_as_it_is(home):
    path = PROTOCOLS / "modbus/maps/eastron_sdm630.json"
    done = home("import", path, "--config", "c.toml", "--name", "my_sdm")
    assert done.returncode == 0, done.stderr
    table = tomllib.loads((home.path / "state/devices/my_sdm.toml").read_text())
    energy = next(r for r in table["register"] if r["name"] == "energy_import")
    assert (energy["unit"], Decimal(energy["scale"])) == ("Wh", 1000)


def test_export_gives_what_import_takes(home):
    out = home("export", "abb_a_b_series", "--format", "csv").stdout
    (home.path / "abb.csv").write_text(out)
    assert home("check", "abb.csv").stdout.startswith("ok: ")
    assert home("export", "nothing").returncode == 1
    assert home("list").returncode == 0
