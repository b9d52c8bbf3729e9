# SPDX-License-Identifier: MIT
"""``decode``: telegrams in, records out; needs no meter, no configuration and no Odoo."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from decimal import Decimal

from ..model import CollectorError, FrameError, Record, Telegram
from ..protocol.registry import DRIVERS, driver_class, names
from ..units import plain

HELP = "decode telegrams to records, without a meter"
PROTOCOLS = ("mbus", "wmbus", "iec62056-21", "dlms", "modbus")

Decoder = Callable[[Mapping], Telegram]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``decode``."""
    parser.add_argument("--protocol", required=True, help=", ".join(PROTOCOLS))
    parser.add_argument("--key", metavar="HEX", help="decryption key, unless a line names its own")
    parser.add_argument("--json", action="store_true", help="one JSON object a telegram")
    parser.add_argument(
        "telegrams",
        nargs="*",
        metavar="HEX",
        help="telegrams as hex or JSON objects; - reads one a line and always answers JSON lines",
    )


def run(args: argparse.Namespace) -> int:
    """Answer every telegram; returns 1 only when the table form met one it could not decode."""
    # A terminal that cannot show ° or a maker's text must not end the answers.
    sys.stdout.reconfigure(errors="replace")
    try:
        return _answer_all(args)
    except BrokenPipeError:
        # Whoever read the answers has left; Python would complain again when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _answer_all(args: argparse.Namespace) -> int:
    decoder = _decoder(args.protocol)
    if not args.telegrams or "-" in args.telegrams:
        for line in sys.stdin.buffer:
            _print_json(answer(decoder, line.decode("utf-8", "replace"), args.key))
        return 0
    answers = [answer(decoder, text, args.key) for text in args.telegrams]
    for found in answers:
        (_print_json if args.json else _print_table)(found)
    return 0 if args.json or all(found["ok"] for found in answers) else 1


def answer(decoder: Decoder, line: str, key: str | None = None) -> dict:
    """Return the answer object for one telegram, whatever it is; never raises."""
    try:
        telegram = decoder(_request(line, key))
    except CollectorError as error:
        return {"ok": False, "error": error.code, "message": error.message}
    except Exception as error:  # A fault in one driver must not cost the other lines their answer.
        text = f"{type(error).__name__}: {error}"
        return {"ok": False, "error": "internal_error", "message": text}
    return {
        "ok": True,
        "meter": _meter(telegram),
        "records": [_record(record) for record in telegram.records],
    }


def _decoder(protocol: str) -> Decoder:
    if protocol not in names(DRIVERS):
        message = f"no driver for {protocol!r} is installed"
    else:
        try:
            return driver_class(protocol).decode
        except CollectorError as error:
            message = error.message

    def refuse(telegram: Mapping) -> Telegram:
        raise CollectorError(message, "unsupported_protocol")

    return refuse


def _request(line: str, key: str | None) -> Mapping:
    text = line.strip()
    if not text:
        raise FrameError("an empty line", "empty")
    if not text.startswith("{"):
        request = {"telegram": text}
    else:
        try:
            request = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise FrameError(f"not a JSON object: {error}", "bad_json") from None
    return {"key": key, **request} if key else request


def _meter(telegram: Telegram) -> dict[str, object]:
    meter = telegram.meter
    named = {
        "id": meter.id,
        "manufacturer": meter.manufacturer,
        "medium": meter.medium,
        "version": meter.version,
    }
    return {**meter.extra, **named}


def _record(record: Record) -> dict[str, object]:
    row = asdict(record)
    if isinstance(record.value, Decimal):
        row["value"] = plain(record.value)
    return row


def _print_json(found: Mapping) -> None:
    # Flushed by line: whoever feeds the pipe may wait for the answer before sending the next.
    print(json.dumps(found, default=str), flush=True)


def _print_table(found: Mapping) -> None:
    if not found["ok"]:
        print(f"{found['message']} [{found['error']}]")
        return
    print("  ".join(f"{name} {value}" for name, value in found["meter"].items() if value))
    columns = ("quantity", "obis", "value", "unit", "ts", "function", "storage", "tariff")
    rows = [columns, *(_cells(record, columns) for record in found["records"])]
    widths = [max(len(row[n]) for row in rows) for n in range(len(columns))]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print("  ".join(cells).rstrip())


def _cells(record: Mapping, columns: tuple[str, ...]) -> tuple[str, ...]:
    return tuple("" if record[name] is None else str(record[name]) for name in columns)
