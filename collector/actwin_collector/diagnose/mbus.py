# SPDX-License-Identifier: MIT
"""Mistakes of M-Bus lines: address, collisions, speed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from ..model import CollectorError, LineSpec
from ..protocol.mbus.link import ACK, BROADCAST_ANSWERED, REQ_UD2, SND_NKE, short_frame
from ..protocol.mbus.search import FoundMeter, search_secondary, sweep_primary
from .base import Diagnoser
from .case import Attempt, Case, SerialForm
from .finding import Finding

_MOST_NAMED = 6


class MbusDiagnoser(Diagnoser):
    """See the module."""

    name: ClassVar[str] = "mbus"
    forms: ClassVar[Sequence[SerialForm]] = tuple(
        SerialForm(baudrate, 8, parity)
        for parity in ("E", "N")
        for baudrate in (2400, 300, 9600, 4800, 1200, 19200, 38400)
    )

    async def greet(self, case: Case, line: LineSpec) -> str:
        """Reset whoever is there and ask for data."""
        questions = [short_frame(code, BROADCAST_ANSWERED) for code in (SND_NKE, REQ_UD2)]
        heard = await case.ask(line, *questions)
        heard = heard.removeprefix(questions[0]).removeprefix(questions[1])
        if heard[:1] == ACK or (heard[:1] == b"\x68" and heard[3:4] == b"\x68"):
            return "an M-Bus meter"
        # Several at once make a mess, but only of these.
        return "several M-Bus meters" if heard and set(heard) <= {0xE5, 0xFF} else ""

    async def refused(self, case: Case, attempt: Attempt) -> list[Finding]:
        """Tell two meters at one address from another meter."""
        code = attempt.error.code
        if code not in ("collision", "bad_checksum", "bad_frame", "wrong_address"):
            return []
        met = await _all_meters(case)
        if code == "wrong_address" and met:
            return [_elsewhere(case, met, attempt.error.message)]
        if len(met) > 1:
            return [_collision(case, met, attempt.error.message)]
        return []

    async def search(self, case: Case) -> list[Finding]:
        """Search the bus by secondary address, then by primary."""
        met = await _all_meters(case)
        seen = f"{case.device.address} does not answer"
        return [_elsewhere(case, met, seen)] if met else []


async def _all_meters(case: Case) -> list[FoundMeter]:
    line = replace(case.quick(), timeout_s=min(case.quick().timeout_s, 0.5))
    link = case.make_link(line)
    met: list[FoundMeter] = []
    try:
        await link.open()
        for search in (search_secondary, sweep_primary):
            async with asyncio.timeout(max(0.1, case.left() / 2)):
                async for each in search(link, line.timeout_s):
                    met.append(each)
            if met:
                break
    except (CollectorError, TimeoutError):
        return met
    finally:
        await link.close()
    return met


def _elsewhere(case: Case, met: list[FoundMeter], seen: str) -> Finding:
    single = met[0].address if len(met) == 1 else ""
    return Finding(
        case.where, "wrong_address", f"{seen}; on the bus: {_named(met)}",
        "The bus works; no meter has this address.",
        "Use the secondary address printed on the meter: it stays when meters are exchanged.",
        "address", single,
    )


def _collision(case: Case, met: list[FoundMeter], seen: str) -> Finding:
    return Finding(
        case.where, "collision", f"{seen}; on the bus: {_named(met)}",
        "Several meters have the same primary address (new ones all have 0).",
        "Use secondary addresses, or give each meter an address of its own.", "address",
    )


def _named(met: list[FoundMeter]) -> str:
    named = [
        f"{each.address} ({each.meter.manufacturer} {each.meter.medium})".replace("  ", " ")
        for each in met[:_MOST_NAMED]
    ]
    more = f" and {len(met) - _MOST_NAMED} more" if len(met) > _MOST_NAMED else ""
    return ", ".join(named) + more
