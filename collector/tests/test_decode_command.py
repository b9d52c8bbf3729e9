# SPDX-License-Identifier: MIT
"""The ``decode`` command: one answer a line, in order, whatever the line holds."""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
import sys
from decimal import Decimal

import pytest

from actwin_collector import __main__ as program
from actwin_collector.cli import decode as command
from actwin_collector.model import MeterIdentity, Record, Telegram
from actwin_collector.protocol.mbus.link import long_frame

KEYS = {"quantity", "obis", "unit", "value", "ts", "function", "storage", "tariff", "subunit"}
WATER = long_frame(
    0x08, 1, bytes.fromhex("7201000010 3908010701000000 0413 31D40000 052E 00000000 0A5A 45F1")
)


def feed(monkeypatch, capsys, text: bytes, *arguments: str) -> tuple[int, list[dict]]:
    """Run ``decode … -`` with bytes on standard input."""
    stream = argparse.Namespace(buffer=io.BytesIO(text))
    monkeypatch.setattr(sys, "stdin", stream)
    code = program.main(["decode", *arguments, "-"])
    return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_each_line_is_answered_in_order(monkeypatch, capsys):
    good = WATER.hex()
    lines = [
        good,
        "zz",
        "",
        json.dumps({"telegram": good.upper(), "format": "raw"}),
        "{not json",
        "[1]",
        '{"telegram": 5}',
        good[:-6] + "000016",
        "[" * 5000,
        '{"a":' * 5000,
    ]
    code, answers = feed(monkeypatch, capsys, "\n".join(lines).encode(), "--protocol", "mbus")
    assert code == 0
    assert [a["ok"] for a in answers] == [True, False, False, True] + [False] * 6
    assert answers[0] == answers[3]
    assert answers[2]["error"] == "empty" and answers[4]["error"] == "bad_json"
    assert answers[7]["error"] == "bad_checksum"
    for answer in answers:
        if not answer["ok"]:
            assert set(answer) == {"ok", "error", "message"}
            assert answer["error"].isidentifier() and answer["message"]


def test_answer_has_the_contracts_shape(monkeypatch, capsys):
    _code, (answer,) = feed(monkeypatch, capsys, WATER.hex().encode(), "--protocol", "mbus")
    assert answer["meter"]["id"] == "10000001" and answer["meter"]["medium"] == "water"
    assert answer["meter"]["manufacturer"] == "BAY"
    assert all(set(record) >= KEYS | {"raw"} for record in answer["records"])
    values = [(r["quantity"], r["value"], r["unit"]) for r in answer["records"]]
    assert values == [
        ("volume", "54.321", "m3"),
        ("power", "0", "W"),
        ("flow_temperature", "-14.5", "°C"),
    ]


def test_bytes_that_are_no_text(monkeypatch, capsys):
    code, answers = feed(monkeypatch, capsys, b"\xff\xfe\x00\n\x00", "--protocol", "mbus")
    assert code == 0 and [a["ok"] for a in answers] == [False, False]


def test_protocol_without_driver_answers_each_line(monkeypatch, capsys):
    code, answers = feed(monkeypatch, capsys, b"00\n01\n", "--protocol", "carrier-pigeon")
    assert code == 0 and [a["error"] for a in answers] == ["unsupported_protocol"] * 2


def test_key_of_the_command_line_yields_to_the_lines_own():
    seen = []

    def decoder(telegram):
        seen.append(dict(telegram))
        return Telegram(MeterIdentity(), ())

    command.answer(decoder, "AA", "0102")
    command.answer(decoder, '{"telegram": "AA", "key": "FF"}', "0102")
    assert [request["key"] for request in seen] == ["0102", "FF"]


def test_a_drivers_own_fault_is_answered_not_raised():
    def broken(telegram):
        raise ZeroDivisionError("in the driver")

    answer = command.answer(broken, "00")
    assert answer["error"] == "internal_error" and "ZeroDivisionError" in answer["message"]


@pytest.mark.parametrize(("number", "text"), [("1E+3", "1000"), ("1E-9", "0.000000001")])
def test_numbers_have_no_exponent(number, text):
    def decoder(telegram):
        return Telegram(MeterIdentity(), (Record("energy", Decimal(number), "Wh"),))

    assert command.answer(decoder, "00")["records"][0]["value"] == text


def test_table_for_people(capsys):
    assert program.main(["decode", "--protocol", "mbus", WATER.hex()]) == 0
    out = capsys.readouterr().out
    assert "10000001" in out and "54.321" in out and not out.startswith("{")
    assert program.main(["decode", "--protocol", "mbus", WATER.hex(), "00"]) == 1
    assert "[bad_frame]" in capsys.readouterr().out


def test_json_for_arguments(capsys):
    assert program.main(["decode", "--protocol", "mbus", "--json", WATER.hex(), "00"]) == 0
    good, bad = map(json.loads, capsys.readouterr().out.splitlines())
    assert good["ok"] and not bad["ok"]


@pytest.mark.parametrize("arguments", [["--json"], []])
def test_output_survives_a_terminal_without_degree_sign(arguments):
    done = subprocess.run(
        [sys.executable, "-m", "actwin_collector", "decode", "--protocol", "mbus", *arguments]
        + [WATER.hex()],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 0 and done.stderr == b""
    assert b"54.321" in done.stdout


def test_a_reader_that_leaves_causes_no_traceback():
    command = [sys.executable, "-m", "actwin_collector", "decode", "--protocol", "mbus", "-"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, **pipes) as process:
        process.stdin.write(b"68\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["ok"] is False
        process.stdout.close()
        process.stdin.write(b"68\n" * 20)
        process.stdin.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 1
