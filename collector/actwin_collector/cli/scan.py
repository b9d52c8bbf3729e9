# SPDX-License-Identifier: MIT
"""``scan LINE``: which addresses of a line answer."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterator
from dataclasses import replace

from ..channel.base import Link
from ..config import load_settings
from ..model import (
    CollectorError,
    ConfigError,
    DeviceSpec,
    LineSpec,
    LinkError,
    MeterIdentity,
    NoAnswer,
)
from ..protocol.base import Driver
from ..protocol.registry import get_driver, make_link
from .common import add_config, known_site

_ALL = "1-247"

HELP = "ask a range of addresses on a line and list those that answer"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_config(parser)
    parser.add_argument("line", metavar="LINE", help="key of the line")
    parser.add_argument("--driver", help="the protocol (default: that of --like)")
    parser.add_argument("--like", metavar="DEVICE", help="take settings and registers from it")
    parser.add_argument("--setting", action="append", default=[], metavar="KEY=TEXT")
    parser.add_argument(
        "--addresses", help="such as 1-20,99 (default: the protocol's own search, else 1-247)"
    )
    parser.add_argument("--timeout", type=float, default=0.5, help="seconds an address (0.5)")


def run(args: argparse.Namespace) -> int:
    """Scan; 0 when somebody answered, 1 when nobody did. Raises CollectorError."""
    site = known_site(load_settings(args.config))
    if args.line not in site.lines:
        known = ", ".join(sorted(site.lines)) or "none"
        raise ConfigError(f"no line {args.line!r} (known: {known})")
    pattern = _pattern(args, site.device(args.like) if args.like else None)
    found = asyncio.run(_scan(site.lines[args.line], pattern, args.addresses, args.timeout))
    print(f"{found} found")
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


async def _scan(line: LineSpec, pattern: DeviceSpec, addresses: str | None, timeout: float) -> int:
    driver = get_driver(pattern.driver)
    link = make_link(replace(line, timeout_s=timeout))
    try:
        await link.open()
        met = None if addresses else await driver.scan(link, timeout)
        if met is not None:
            for each in met:
                _show(each.address, _name(each.meter))
            return len(met)
        found = 0
        for address in parse_addresses(addresses or _ALL):
            told = await _ask(link, driver, replace(pattern, address=address), timeout)
            if told is not None:
                _show(address, told)
                found += 1
        return found
    finally:
        await link.close()


async def _ask(link: Link, driver: Driver, device: DeviceSpec, timeout: float) -> str | None:
    """Return what is told at an address, None when nobody is there."""
    await link.open()
    await link.discard_input()
    try:
        return _name((await driver.read(link, device, timeout)).meter)
    except (NoAnswer, LinkError):
        return None
    except ConfigError:
        raise
    except CollectorError as error:
        # A wrong register map or a collision: somebody is there all the same.
        return f"{error.code}: {error.message}"


def _name(meter: MeterIdentity) -> str:
    return " ".join(filter(None, (meter.manufacturer, meter.version, meter.id, meter.medium)))


def _show(address: str, told: str) -> None:
    print(f"{address:>16}  {told}", flush=True)
