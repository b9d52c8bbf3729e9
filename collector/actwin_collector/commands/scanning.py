# SPDX-License-Identifier: MIT
"""The command that searches a line for meters."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial

from ..model import CollectorError, DeviceSpec
from ..protocol.registry import get_driver
from ..searching import parse_addresses, search
from .bench import Bench
from .command import Command, Result

_MOST_ADDRESSES = 1000
# So much time is kept for reporting what was found.
_SPARE = 10.0


async def scan(command: Command, bench: Bench) -> Result:
    """List who answers on a line; what was found when the time is over is told as well."""
    line = bench.line(command.line)
    pattern = _pattern(command, bench)
    timeout = _timeout(command)
    addresses = command.text("addresses")
    if len(list(parse_addresses(addresses))) > _MOST_ADDRESSES:
        raise CollectorError(f"at most {_MOST_ADDRESSES} addresses at once", "bad_arguments")
    found: list[dict] = []
    lend = partial(bench.scheduler.borrow, line)
    driver = get_driver(pattern.driver)
    summary = ""
    try:
        async with asyncio.timeout(max(1.0, command.seconds_left - _SPARE)):
            async for address, meter in search(lend, driver, pattern, addresses, timeout):
                found.append({"address": address, "meter": meter})
    except TimeoutError:
        summary = "The time was over before all addresses were asked."
    return Result(data={"found": found, "summary": summary})


def _pattern(command: Command, bench: Bench) -> DeviceSpec:
    like = command.text("like")
    base = bench.state(like).spec if like else DeviceSpec("scan", "", command.line)
    driver = command.text("driver") or base.driver
    if not driver:
        raise CollectorError("a search needs a driver", "bad_arguments")
    return replace(base, driver=driver, line=command.line)


def _timeout(command: Command) -> float:
    try:
        timeout = float(command.text("timeout") or 0.5)
    except ValueError:
        raise CollectorError("timeout is no number", "bad_arguments") from None
    return min(max(timeout, 0.05), 10.0)
