# SPDX-License-Identifier: MIT
"""``raw``: the kept answers of a meter as they came, with time and meaning, for disputes."""

from __future__ import annotations

import argparse
import json
import re
import time
from datetime import UTC, datetime

from ..masking import Masker
from ..model import CollectorError, ConfigError
from ..raw_archive import RawAnswer, RawArchive
from ..site import secrets_of
from ..tracing.files import RX
from ..tracing.words import Conversation, explainer
from ..uplink.base import iso
from .common import add_config, known_site, open_settings

HELP = "show the kept answers of a meter as they came, for disputes"

# Without a span of time or a number asked for.
_SHOWN = 10
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})+")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_config(parser)
    parser.add_argument("device", metavar="DEVICE", help="key of the device, also of a former one")
    parser.add_argument("--from", dest="start", metavar="TIME", help="2026-01-31[T12:00], UTC")
    parser.add_argument("--to", dest="end", metavar="TIME", help="until then (a day: to its end)")
    parser.add_argument(
        "--last", type=int, metavar="N", help=f"the newest N (default {_SHOWN}; with times: all)"
    )
    parser.add_argument("--driver", help="the protocol of a device that is no longer configured")
    parser.add_argument("--json", action="store_true", help="one JSON object an answer")


def run(args: argparse.Namespace) -> int:
    """Show answers, oldest first; returns 1 when there are none."""
    if args.last is not None and args.last < 1:
        raise ConfigError("--last: a number above 0")
    start = _instant(args.start, "--from") if args.start else 0.0
    end = _instant(args.end, "--to", to_its_end=True) if args.end else time.time()
    last = args.last or (None if args.start or args.end else _SHOWN)
    settings = open_settings(args)
    site = known_site(settings)
    args.masker.learn(secrets_of(site))
    known = site.devices.get(args.device)
    driver = args.driver or (known.driver if known else "")
    collector = settings.collector
    archive = RawArchive(collector.raw_path, collector.raw_days, collector.raw_mb)
    found = archive.find(args.device, start, end, last)
    if not found:
        raise CollectorError(_nothing(args.device, start, end, collector.raw_days), "no_answers")
    for answer in found:
        (_print_json if args.json else _print)(answer, driver, args.masker)
    return 0


def _nothing(device: str, start: float, end: float, days: int) -> str:
    if not days:
        return "no answers are kept (raw_days = 0)"
    since = iso(start) if start else "the beginning"
    return f"no answer of {device} is kept from {since} to {iso(end)}"


def _instant(text: str, option: str, to_its_end: bool = False) -> float:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"{option}: {text!r} is no time such as 2026-01-31T12:00") from None
    whole_day = to_its_end and re.fullmatch(r"[0-9]{4}-?[0-9]{2}-?[0-9]{2}", text)
    if found.tzinfo is None:
        found = found.replace(tzinfo=UTC)
    return found.timestamp() + (86399 if whole_day else 0)


def _print(answer: RawAnswer, driver: str, masker: Masker) -> None:
    print(f"{iso(answer.at)} {answer.device}")
    for line, told in _lines(answer.raw, driver, masker):
        print(f"  {line}")
        for text in told:
            print(f"  ←  {text}")


def _print_json(answer: RawAnswer, driver: str, masker: Masker) -> None:
    lines = list(_lines(answer.raw, driver, masker))
    row = {
        "device": answer.device,
        "at": iso(answer.at),
        "driver": driver,
        "raw": "\n".join(line for line, _ in lines),
        "meaning": [text for _, told in lines for text in told],
    }
    print(json.dumps(row, ensure_ascii=False))


def _lines(raw: str, driver: str, masker: Masker) -> list[tuple[str, list[str]]]:
    """Return each line without secrets, and what it means; text is its own meaning."""
    return [
        (_masked(line, masker), _meaning(line, driver, masker) if _HEX.fullmatch(line) else [])
        for line in raw.splitlines()
    ]


def _masked(line: str, masker: Masker) -> str:
    if not _HEX.fullmatch(line):
        return masker.text(line)
    return masker.hex(bytes.fromhex(line)).replace(" ", "").upper()


def _meaning(line: str, driver: str, masker: Masker) -> list[str]:
    conversation = Conversation(explainer(driver))
    conversation.feed(RX, masker.frame(bytes.fromhex(line)))
    return [masker.text(text) for _, text in conversation.end()]
