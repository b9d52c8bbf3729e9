# SPDX-License-Identifier: MIT
"""``scan LINE``: which addresses of a line answer."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from ..channel.base import Link
from ..config import load_settings
from ..model import ConfigError, DeviceSpec, LineSpec
from ..protocol.registry import get_driver, make_link
from ..searching import search
from .common import add_config, known_site

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
    found = asyncio.run(_scan(site.lines[args.line], pattern, args.addresses or "", args.timeout))
    print(f"{found} found")
    return 0 if found else 1


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


async def _scan(line: LineSpec, pattern: DeviceSpec, addresses: str, timeout: float) -> int:
    link = make_link(replace(line, timeout_s=timeout))

    async def lend(errand: Callable[[Link], Awaitable]) -> object:
        return await errand(link)

    found = 0
    try:
        await link.open()
        driver = get_driver(pattern.driver)
        async for address, told in search(lend, driver, pattern, addresses, timeout):
            print(f"{address:>16}  {told}", flush=True)
            found += 1
        return found
    finally:
        await link.close()
