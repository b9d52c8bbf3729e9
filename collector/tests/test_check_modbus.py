# SPDX-License-Identifier: MIT
"""Modbus meters set up wrongly on purpose: ``check`` names the mistake and what to change."""

from __future__ import annotations

import struct

import pytest
from field_rig import Echoing, Field, Silent, Words, check, rtu_units, site, tcp_units, unit
from line_meter import command

U, F = 231.5, 50.0
MAP = {
    "register": [
        {"name": "voltage_l1", "address": 0, "type": "float32", "unit": "V"},
        {"name": "frequency", "address": 2, "type": "float32", "unit": "Hz"},
    ]
}


def device(address="3", **settings):
    return {"driver": "modbus", "address": address, "settings": {"map": MAP, **settings}}


def found(tmp_path, new_session, spec=None, limit="15", **line):
    """Serve a meter on TCP and return the only finding about it."""
    with Field() as field:
        path = site(tmp_path, spec or device(), {"port": field.tcp(new_session), **line})
        code, findings = check(tmp_path, path, "--limit", limit)
    assert len(findings) == 1, findings
    assert code == (1 if findings[0]["severity"] == "mistake" else 0)
    assert findings[0]["means"] and findings[0]["change"]
    return findings[0]


def test_a_right_configuration_has_no_finding(tmp_path):
    with Field() as field:
        path = site(tmp_path, device(), {"port": field.tcp(tcp_units({3: unit(u=U, f=F)}))})
        assert check(tmp_path, path) == (0, [])


def test_wrong_unit_id_names_who_answers(tmp_path):
    finding = found(tmp_path, rtu_units({5: unit(u=U, f=F)}), kind="rtu_tcp")
    assert (finding["code"], finding["value"]) == ("wrong_unit", "5")
    assert finding["where"] == "device T" and finding["key"] == "address"
    assert "unit 3 is silent, but 5 answers" in finding["seen"]


def test_wrong_unit_id_behind_a_gateway(tmp_path):
    finding = found(tmp_path, tcp_units({7: unit(u=U, f=F), 9: unit(u=U, f=F)}))
    assert finding["code"] == "wrong_unit" and "7, 9" in finding["seen"]


def test_a_gateway_with_nobody_behind_it(tmp_path):
    finding = found(tmp_path, tcp_units({}), limit="4")
    assert finding["code"] == "gateway_target_no_answer"


@pytest.mark.parametrize("units, kind, right", [(rtu_units, "tcp", "rtu_tcp"),
                                                (tcp_units, "rtu_tcp", "tcp")])
def test_the_other_framing_is_recognised(tmp_path, units, kind, right):
    finding = found(tmp_path, units({3: unit(u=U, f=F)}), kind=kind)
    assert (finding["code"], finding["value"]) == ("wrong_framing", right)
    assert finding["where"] == "line L1"


def test_wrong_word_order_shows_all_orders(tmp_path):
    finding = found(tmp_path, tcp_units({3: unit(u=U, f=F, order="little")}))
    assert finding["code"] == "wrong_word_order"
    assert "CDAB 231.5" in finding["seen"] and "DCBA" in finding["seen"]
    assert 'word_order = "little"' in finding["value"]


def test_wrong_function(tmp_path):
    finding = found(tmp_path, tcp_units({3: unit(4, u=U, f=F)}))
    assert finding["code"] == "wrong_function" and "231.5 V" in finding["seen"]


@pytest.mark.parametrize("start", [1, -1])
def test_addresses_counted_from_one(tmp_path, start):
    held = unit(start=max(start, 0), u=U, f=F)
    spec = device()
    if start < 0:
        shifted = {"register": [row | {"address": row["address"] + 1} for row in MAP["register"]]}
        spec = {"driver": "modbus", "address": "3", "settings": {"map": shifted}}
    finding = found(tmp_path, tcp_units({3: held}), spec)
    assert finding["code"] == "address_off_by_one" and f"{start:+d}" in finding["change"]


def test_one_address_beside_without_a_refusal(tmp_path):
    # Registers around the values exist, so that nothing is refused: only sense is missing.
    words = [0x1234, *struct.unpack(">4H", struct.pack(">2f", U, F)), 0, 0, 0]
    finding = found(tmp_path, tcp_units({3: Words({3: dict(enumerate(words))})}))
    # Halves of neighbours look like a value in another order: both are named, the display decides.
    assert finding["code"] == "wrong_word_order" and "CDAB 231.07" in finding["seen"]
    assert "231.5 V" in finding["change"] and "by +1" in finding["change"]


def test_a_map_of_another_model(tmp_path):
    finding = found(tmp_path, tcp_units({3: unit(start=900, u=U)}))
    assert finding["code"] == "illegal_data_address" and "read T --map" in finding["change"]


def test_an_echoing_converter(tmp_path):
    units = rtu_units({3: unit(u=U, f=F)})
    finding = found(tmp_path, lambda: Echoing(units()), kind="rtu_tcp")
    assert (finding["code"], finding["value"]) == ("echo", "true")
    assert "behind it" in finding["means"]


def test_an_echo_and_nothing_else(tmp_path):
    finding = found(tmp_path, lambda: Echoing(Silent()), kind="rtu_tcp")
    assert finding["code"] == "echo" and "silent besides" in finding["means"]


def test_a_port_that_accepts_and_never_answers(tmp_path):
    assert found(tmp_path, Silent, limit="4")["code"] == "silent"


def test_power_that_does_not_fit_voltage_and_current(tmp_path):
    rows = [
        {"name": name, "address": 2 * at, "type": "float32", "unit": of}
        for at, (name, of) in enumerate(
            [("voltage_l1", "V"), ("current_l1", "A"), ("active_power_total", "W")]
        )
    ]
    spec = device(map={"register": rows})
    finding = found(tmp_path, tcp_units({3: unit(u=230.0, i=2.0, p=18_000.0)}), spec)
    assert finding["code"] == "ratio_mismatch" and finding["severity"] == "warning"
    assert "39" in finding["means"]


def test_a_refused_port_and_a_register_the_map_does_not_have(tmp_path):
    path = site(tmp_path, device(), {"port": 1})
    code, (finding,) = check(tmp_path, path)
    assert (code, finding["code"], finding["key"]) == (1, "port_refused", "port")


def test_the_block_for_people_says_what_to_change(tmp_path):
    with Field() as field:
        port = field.tcp(tcp_units({5: unit(u=U, f=F)}))
        path = site(tmp_path, device(), {"port": port})
        shown = command(tmp_path, "check", "--config", path, "--read").stdout
    for text in ("mistake: device T: unit 3", "[wrong_unit]", "meaning: ", "change:  ",
                 "key:     device T, address = 5", "1 mistake(s)"):
        assert text in shown
