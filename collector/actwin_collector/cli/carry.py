# SPDX-License-Identifier: MIT
"""The modes of ``simulate`` that carry one running meter to a collector: ``modem`` and ``push``."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
from collections.abc import Mapping

from ..fields import Field, Problems
from ..simulate.carriers import MODEM_FIELDS, PUSH_FIELDS, Carrier, parse_modem, parse_pusher

MODES: Mapping[str, tuple[str, Mapping[str, Field]]] = {
    "modem": ("dial in to a collector for a meter's port, as a GPRS modem does", MODEM_FIELDS),
    "push": ("push what a meter's port sends unasked, as a gateway does", PUSH_FIELDS),
}


def add_modes(modes: argparse._SubParsersAction) -> None:
    """Declare both modes; their options are the keys that a scenario's tables have."""
    for name, (text, fields) in MODES.items():
        mode = modes.add_parser(name, help=text, description=text)
        mode.add_argument("--meter", required=True, metavar="HOST:PORT", help="port of the meter")
        for key, each in fields.items():
            if key != "meter":
                _add_option(mode, key, each)


def run(args: argparse.Namespace) -> int:
    """Carry until SIGTERM; raises ConfigError."""
    problems = Problems()
    table = {
        key: getattr(args, key)
        for key in MODES[args.mode][1]
        if getattr(args, key) is not None
    }
    parse = parse_modem if args.mode == "modem" else parse_pusher
    carrier = parse(table, args.mode, problems)
    problems.finish("the options")
    with contextlib.suppress(asyncio.CancelledError):
        asyncio.run(_carry(carrier, args.meter))
    return 0


def _add_option(mode: argparse.ArgumentParser, key: str, each: Field) -> None:
    mode.add_argument(
        f"--{key}",
        type=each.kind,
        required=key == "to",
        choices=each.choices or None,
        help=each.help,
    )


async def _carry(carrier: Carrier, address: str) -> None:
    task = asyncio.current_task()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    await carrier.run(address)
