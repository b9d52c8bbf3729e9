# SPDX-License-Identifier: MIT
import json

from field_rig import Field, site, tcp_units, unit
from line_meter import command

THREE = [
    {"name": "voltage_l1", "address": 0, "type": "float32", "unit": "V"},
    {"name": "frequency", "address": 2, "type": "float32", "unit": "Hz"},
    {"name": "energy", "address": 40, "type": "uint32", "unit": "Wh"},
]


def test_every_register_is_shown_in_all_word_orders(tmp_path):
    with Field() as field:
        port = field.tcp(tcp_units({3: unit(u=231.5, f=50.0, order="little")}))
        device = {"driver": "modbus", "address": "3", "settings": {"map": {"register": THREE}}}
        path = site(tmp_path, device, {"port": port})
        shown = command(tmp_path, "read", "T", "--map", "--config", path)
        rows = json.loads(
            command(tmp_path, "read", "T", "--map", "--config", path, "--json").stdout
        )
    assert shown.returncode == 1  # one register is refused, the others are shown
    assert "CDAB 231.5" in shown.stdout and "*ABCD" in shown.stdout
    assert "illegal_data_address" in shown.stdout
    voltage, _, energy = rows
    assert voltage["orders"]["CDAB"] == "231.5" and voltage["words"] == ["8000", "4367"]
    assert set(voltage["orders"]) == {"ABCD", "BADC", "CDAB", "DCBA"}
    assert energy["error"] == "illegal_data_address" and energy["orders"] == {}


def test_another_map_can_be_tried_on_a_device(tmp_path):
    with Field() as field:
        port = field.tcp(tcp_units({1: unit(4, u=231.5, i=0, e=0)}))
        device = {"driver": "modbus", "address": "1", "settings": {"map": "klemsan_klea"}}
        path = site(tmp_path, device, {"port": port})
        shown = command(tmp_path, "read", "T", "--map", "eastron_sdm220", "--config", path)
    assert "*ABCD 231.5" in shown.stdout


def test_a_silent_device_is_one_error(tmp_path):
    with Field() as field:
        port = field.tcp(tcp_units({}))
        device = {"driver": "modbus", "address": "1", "settings": {"map": "klemsan_klea"}}
        done = command(
            tmp_path, "read", "T", "--map", "--config", site(tmp_path, device, {"port": port})
        )
    assert done.returncode == 1 and "gateway_target_no_answer" in done.stderr
