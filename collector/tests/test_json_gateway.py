# SPDX-License-Identifier: MIT
"""JSON from concentrators and gateways: mappings as data, their mistakes, and noise."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from radio_support import NOW

from actwin_collector.model import CollectorError, ConfigError, DeviceSpec, ParameterSpec
from actwin_collector.protocol.gateway import JsonDriver
from actwin_collector.protocol.gateway.mapping import base_unit, mapping_names, mapping_of
from actwin_collector.protocol.gateway.paths import look, moment, number, read_json

EXAMPLES = [
    pytest.param(name, example, id=f"{name}-{number}")
    for name in mapping_names()
    for number, example in enumerate(mapping_of(name).examples)
]
DRIVER = JsonDriver(lambda: NOW)


def device(address: str, *registers: str, **settings) -> DeviceSpec:
    parameters = tuple(ParameterSpec(name, f"S/{name}") for name in registers)
    return DeviceSpec("D", "json", "gw", address, settings, parameters=parameters)


def hear(mapping, message, topic: str = ""):
    listener = DRIVER.listener({"mapping": mapping})
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    return listener.message(body, topic), listener.errors


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_examples_of_the_mappings(name, example):
    (heard, *_), errors = hear(name, example["json"].encode(), example.get("topic", ""))
    assert (heard.sender, errors) == (example["sender"], {})
    push = DRIVER.open_heard(heard, device(heard.sender, *example["values"]))
    taken = dict(push.result.samples)
    for row in push.rows:
        taken |= row.samples
    wanted = {name: Decimal(value) for name, value in example["values"].items()}
    assert {name: sample.value for name, sample in taken.items()} == wanted


def test_every_mapping_has_an_example():
    assert [name for name in mapping_names() if not mapping_of(name).examples] == []


def test_one_message_of_a_concentrator_names_many_meters():
    old = int((NOW - timedelta(hours=2)).timestamp())
    data = [
        {"obis": "1.8.0", "value": "123.456", "unit": "kWh"},
        {"obis": "1.8.0", "value": 120, "unit": "kWh", "time": old},
        {"obis": "32.7.0", "value": 231.5, "unit": "V"},
        {"obis": "9.9.9", "value": 1, "unit": "furlong"},
    ]
    message = {
        "gateway": "G1",
        "time": NOW.isoformat(),
        "meters": [{"address": str(number), "data": data} for number in (1, 2)],
    }
    found, errors = hear("hplc-concentrator", message)
    assert ([heard.sender for heard in found], errors) == (["1", "2"], {})
    push = DRIVER.open_heard(found[1], device("2", "1.8.0", "32.7.0", "9.9.9"))
    values = {name: (s.value, s.unit) for name, s in push.result.samples.items()}
    assert values == {"1.8.0": (123456, "Wh"), "32.7.0": (Decimal("231.5"), "V")}
    (row,) = push.rows
    assert row.ts == datetime.fromtimestamp(old, UTC)
    assert row.samples["1.8.0"].value == 120_000
    with pytest.raises(CollectorError) as caught:
        DRIVER.open_heard(found[0], device("2", "1.8.0"))
    assert caught.value.code == "wrong_address"


def test_an_old_message_stands_for_its_own_moment():
    then = NOW - timedelta(minutes=10)
    message = {"meter": "M1", "time": then.timestamp() * 1000, "values": {"1.8.0": 5}}
    (heard,), _ = hear("plain", message)
    push = DRIVER.open_heard(heard, device("M1", "1.8.0"))
    assert push.result.samples == {}
    assert [(row.ts, row.samples["1.8.0"].value) for row in push.rows] == [(then, 5)]


def test_a_mapping_as_a_table_of_the_line_with_a_condition():
    table = {
        "sender": ["topic:-2"],
        "when": {"kind": "reading"},
        "value": [{"path": "idx", "register": "1.8.0", "unit": "kWh", "factor": "0.01"}],
    }
    reading, alarm = {"kind": "reading", "idx": "12345"}, {"kind": "alarm", "idx": 1}
    (heard,), _ = hear(table, reading, "site/M7/up")
    push = DRIVER.open_heard(heard, device("M7", "1.8.0"))
    assert push.result.samples["1.8.0"].value == Decimal("123450")
    assert hear(table, alarm, "site/M7/up") == ([], {"unknown_message": 1})
    assert hear(table, reading, "M7") == ([], {"unknown_message": 1})


@pytest.mark.parametrize(
    "mapping",
    [
        None,
        "no-such-mapping",
        "/nowhere/m.toml",
        {"sender": ["a"]},
        {"value": [{"path": "a"}]},
        {"sender": ["a"], "value": [{"path": "a", "unit": "furlong"}]},
        {"sender": ["a"], "value": [{"path": "a", "factor": "x"}]},
        {"sender": ["a"], "value": [{"path": "a"}], "colour": 1},
    ],
)
def test_mistakes_of_a_mapping_are_named(mapping):
    with pytest.raises(ConfigError):
        DRIVER.listener({"mapping": mapping})


def test_a_mapping_of_the_users_own(tmp_path, monkeypatch):
    text = 'sender = ["m"]\n[[value]]\npath = "v"\nregister = "volume"\nunit = "l"\n'
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings" / "mine.toml").write_text(text)
    monkeypatch.setenv("ACTWIN_COLLECTOR_STATE", str(tmp_path))
    (heard,), _ = hear("mine", {"m": 7, "v": 1500})
    assert DRIVER.open_heard(heard, device("7", "volume")).result.samples["volume"].value == 1.5


def test_decode_command():
    message = {"meter": "M1", "values": {"1.8.0": "5.5"}}
    telegram = JsonDriver.decode({"json": message, "mapping": "plain"})
    assert telegram.meter.id == "M1"
    assert [(each.quantity, each.value) for each in telegram.records] == [("1.8.0", Decimal("5.5"))]
    for wrong in ({}, {"mapping": "plain"}, {"mapping": "plain", "json": [1, {}]}):
        with pytest.raises(CollectorError):
            JsonDriver.decode(wrong)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1, 1),
        ("1.5", Decimal("1.5")),
        (True, 1),
        (" 7 ", 7),
        ("1e5000", None),
        ("nan", None),
        ("", None),
        (None, None),
        ("1" * 60, None),
        ([1], None),
    ],
)
def test_numbers(value, expected):
    assert number(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        NOW.timestamp(),
        str(int(NOW.timestamp())),
        int(NOW.timestamp() * 1000),
        NOW.isoformat(),
        "2026-11-24T12:30:00.000000000Z",
        "2026-11-24T15:30:00+03:00",
    ],
)
def test_moments(value):
    assert moment(Decimal(str(value)) if isinstance(value, float) else value) == NOW


@pytest.mark.parametrize("value", [None, 0, -5, "soon", "2026-11-24T12:30:00", [], 10**30])
def test_no_moments(value):
    assert moment(value) is None


def test_a_sender_cannot_fill_the_memory():
    assert hear("plain", {"meter": "M" * 200, "values": {}}) == ([], {"unknown_message": 1})
    for index in range(1000):
        base_unit(f"unit {index}")
    assert base_unit.cache_info().currsize <= 256


def test_paths():
    value = {"a": [{"b": 1}], "c": "text"}
    assert look(value, "a.0.b") == 1
    assert [look(value, path) for path in ("a.1", "c.0", "x.y", "a.b")] == [None] * 4


def test_noise_never_raises():
    noise = random.Random(6)
    texts = [(name, example) for name in mapping_names() for example in mapping_of(name).examples]
    for _ in range(1500):
        name, example = noise.choice(texts)
        piece = bytearray(example["json"].encode())
        for _ in range(noise.randrange(5)):
            piece[noise.randrange(len(piece))] = noise.randrange(32, 127)
        for heard in hear(name, bytes(piece), example.get("topic", ""))[0]:
            DRIVER.open_heard(heard, device(heard.sender, *example["values"]))


@pytest.mark.parametrize("text", [b"", b"{", b"\xff", b'{"a": NaN}', b"[" * 50_000])
def test_json_that_is_none(text):
    try:
        assert read_json(text) == {"a": None}
    except CollectorError as error:
        assert error.code == "bad_json"
