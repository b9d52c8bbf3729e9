# SPDX-License-Identifier: MIT
"""``scan LINE``: which addresses of a line answer."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterator
from dataclasses import replace

from ..config import load_settings
from ..model import CollectorError, ConfigError, DeviceSpec, LineSpec, LinkError, NoAnswer
from ..protocol.registry import get_driver, make_link
from .common import add_config, known_site

HELP = "ask a range of addresses on a line and list those that answer"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_config(parser)
    parser.add_argument("line", metavar="LINE", help="key of the line")
    parser.add_argument("--driver", help="the protocol (default: that of --like)")
    parser.add_argument("--like", metavar="DEVICE", help="take settings and registers from it")
    parser.add_argument("--setting", action="append", default=[], metavar="KEY=TEXT")
    parser.add_argument("--addresses", default="1-247", help="such as 1-20,99 (default: 1-247)")
    parser.add_argument("--timeout", type=float, default=0.5, help="seconds an address (0.5)")


def run(args: argparse.Namespace) -> int:
    """Scan; 0 when somebody answered, 1 when nobody did. Raises CollectorError."""
    site = known_site(load_settings(args.config))
    if args.line not in site.lines:
        known = ", ".join(sorted(site.lines)) or "none"
        raise ConfigError(f"no line {args.line!r} (known: {known})")
    pattern = _pattern(args, site.device(args.like) if args.like else None)
    addresses = list(parse_addresses(args.addresses))
    line = site.lines[args.line]
    found = asyncio.run(_scan(line, pattern, addresses, args.timeout))
    print(f"{found} of {len(addresses)} addresses answer")
    return 0 if found else 1


def parse_addresses(text: str) -> Iterator[str]:
    """Give the addresses of ``1-20,99``; what is no range of numbers is an address itself."""
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if dash and first.isdecimal() and last.isdecimal():
            yield from (str(number) for number in range(int(first), int(last) + 1))
        elif part.strip():
            yield part.strip()


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


async def _scan(
    line: LineSpec, pattern: DeviceSpec, addresses: list[str], timeout: float
) -> int:
    driver = get_driver(pattern.driver)
    link = make_link(replace(line, timeout_s=timeout))
    found = 0
    try:
        for address in addresses:
            await link.open()
            await link.discard_input()
            device = replace(pattern, key=f"scan-{address}", address=address)
            try:
                meter = (await driver.read(link, device, timeout)).meter
                told = f"{meter.manufacturer} {meter.version} {meter.id} {meter.medium}".strip()
            except (NoAnswer, LinkError):
                continue
            except ConfigError:
                raise
            except CollectorError as error:
                # A wrong register map or a collision: somebody is there all the same.
                told = f"{error.code}: {error.message}"
            found += 1
            print(f"{address:>16}  {told}", flush=True)
    finally:
        await link.close()
    return found
