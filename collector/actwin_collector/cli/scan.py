# SPDX-License-Identifier: MIT
"""``scan LINE``: which addresses of a line answer, at one speed or at all usual ones."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..channel.base import Link
from ..diagnose.case import SerialForm
from ..diagnose.device import diagnoser
from ..model import ConfigError, DeviceSpec, LineSpec
from ..protocol.registry import get_driver, make_link
from ..searching import search
from ..site import secrets_of
from .common import add_config, known_site, open_settings

HELP = "ask a range of addresses on a line and list those that answer"
_PROGRESS_SECONDS = 2.0
# Where a protocol's addresses are no plain numbers: those that makers deliver.
_USUAL = {"dlms": "1,0,2,16,17,100,1/1,1/16,1/17,1/18,1/100,1/127"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_config(parser)
    parser.add_argument("line", metavar="LINE", help="key of the line")
    parser.add_argument("--driver", help="the protocol (default: that of --like)")
    parser.add_argument("--like", metavar="DEVICE", help="take settings and registers from it")
    parser.add_argument("--setting", action="append", default=[], metavar="KEY=TEXT")
    parser.add_argument(
        "--addresses",
        help="such as 1-20,99, or @FILE with one a line, serial numbers too (default: the "
        "protocol's own search, else 1-247)",
    )
    parser.add_argument("--timeout", type=float, default=0.5, help="seconds an address (0.5)")
    parser.add_argument("--limit", type=float, default=600.0, help="seconds in all (600)")
    parser.add_argument(
        "--forms", action="store_true", help="serial: at every usual speed and parity"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object at the end")


@dataclass
class Hunt:
    """What a scan has found so far, so that an interrupted one has not been in vain."""

    as_json: bool
    limit: float
    found: list[dict] = field(default_factory=list)
    asked: int = 0
    complete: bool = False
    _began: float = field(default_factory=time.monotonic)
    _shown: float = field(default_factory=time.monotonic)

    def met(self, address: str, told: str, form: str) -> None:
        """Note and show one that answered."""
        self.found.append({"address": address, "meter": told, "form": form})
        if not self.as_json:
            print(f"{address:>16}  {told or 'answers'}{f'  ({form})' if form else ''}", flush=True)

    def step(self) -> None:
        """Count a question; tell the progress now and then.

        Raises TimeoutError at the limit, and CancelledError when Ctrl-C fell into the very moment
        at which an answer or a timeout came: Python 3.11 then goes on as if nothing had been.
        """
        self.asked += 1
        if asyncio.current_task().cancelling():
            raise asyncio.CancelledError
        now = time.monotonic()
        if now - self._began > self.limit:
            raise TimeoutError
        if now - self._shown > _PROGRESS_SECONDS:
            self._shown = now
            print(f"{self.asked} asked, {len(self.found)} found", file=sys.stderr, flush=True)

    def end(self) -> int:
        """Close; 0 when somebody answered."""
        if self.as_json:
            print(json.dumps({"found": self.found, "complete": self.complete}, ensure_ascii=False))
        else:
            print(f"{len(self.found)} found{'' if self.complete else ' (not all asked)'}")
        return 0 if self.found else 1


def run(args: argparse.Namespace) -> int:
    """Scan; 0 when somebody answered, 1 when nobody did. Raises CollectorError."""
    site = known_site(open_settings(args))
    args.masker.learn(secrets_of(site))
    if args.line not in site.lines:
        known = ", ".join(sorted(site.lines)) or "none"
        raise ConfigError(f"no line {args.line!r} (known: {known})")
    line = site.lines[args.line]
    pattern = _pattern(args, site.device(args.like) if args.like else None)
    hunt = Hunt(args.json, args.limit)
    try:
        asyncio.run(_hunt(hunt, line, pattern, args))
        hunt.complete = True
    except (KeyboardInterrupt, TimeoutError):
        pass  # what was found is told all the same
    return hunt.end()


def _pattern(args: argparse.Namespace, like: DeviceSpec | None) -> DeviceSpec:
    if not (args.driver or like):
        raise ConfigError("--driver or --like is needed")
    wrong = [text for text in args.setting if "=" not in text]
    if wrong:
        raise ConfigError(f"--setting {wrong[0]}: must be KEY=TEXT")
    settings = dict(like.settings) if like else {}
    settings |= dict(text.split("=", 1) for text in args.setting)
    base = like or DeviceSpec("scan", args.driver, args.line)
    return replace(base, driver=args.driver or base.driver, line=args.line, settings=settings)


def _addresses(args: argparse.Namespace, driver: str) -> str:
    text = args.addresses or ""
    if not text.startswith("@"):
        return text or _USUAL.get(driver, "")
    try:
        lines = Path(text[1:]).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{text[1:]} cannot be read: {error}") from error
    return ",".join(line.split("#")[0].strip() for line in lines)


async def _hunt(hunt: Hunt, line: LineSpec, pattern: DeviceSpec, args: argparse.Namespace) -> None:
    addresses = _addresses(args, pattern.driver)
    forms = [SerialForm.of(line)]
    if args.forms:
        if line.kind != "serial":
            raise ConfigError(f"line {line.key} is {line.kind}: it has no speed to try")
        forms += [each for each in diagnoser(pattern.driver).forms if each not in forms]
    for form in forms:
        shown = str(form) if args.forms else ""
        await _scan(hunt, form.on(line), pattern, addresses, args.timeout, shown)


async def _scan(
    hunt: Hunt, line: LineSpec, pattern: DeviceSpec, addresses: str, timeout: float, form: str
) -> None:
    link = make_link(replace(line, timeout_s=timeout))

    async def lend(errand: Callable[[Link], Awaitable]) -> object:
        hunt.step()
        return await errand(link)

    try:
        await link.open()
        driver = get_driver(pattern.driver)
        async for address, told in search(lend, driver, pattern, addresses, timeout):
            hunt.met(address, told, form)
    finally:
        await link.close()

