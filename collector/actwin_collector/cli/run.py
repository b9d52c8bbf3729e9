# SPDX-License-Identifier: MIT
"""``run``: the daemon."""

from __future__ import annotations

import argparse
import asyncio
import signal
from pathlib import Path

from ..service import Service
from .common import add_config, open_settings

HELP = "read the meters and deliver to Odoo until stopped (SIGTERM)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_config(parser)
    parser.add_argument("--ready-file", type=Path, help="written when the work has begun")


def run(args: argparse.Namespace) -> int:
    """Run the daemon; 0 after a stop by signal."""
    return asyncio.run(_run(args))


async def _run(args: argparse.Namespace) -> int:
    service = Service(open_settings(args), masker=args.masker)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await service.run(stop, args.ready_file)
    return 0
