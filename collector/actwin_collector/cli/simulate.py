# SPDX-License-Identifier: MIT
"""``simulate``: serves a scenario's meters, or writes the history they would have delivered."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from ..files import write_atomic
from ..model import ConfigError
from ..outbox import Outbox
from ..simulate.history import columns, history, left_out
from ..simulate.runner import ScenarioRunner
from ..simulate.scenario import load_scenario
from ..site import load_cache, parse_site
from . import carry

HELP = "serve simulated meters, or write the history they would have delivered"
DEFAULT_PORT_BASE = 18_500


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the modes and their options."""
    modes = parser.add_subparsers(dest="mode", required=True, metavar="MODE")
    serve = modes.add_parser("run", help="serve all meters of a scenario until SIGTERM")
    serve.add_argument("--scenario", default="osb", help="file or built-in name (default: osb)")
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on")
    serve.add_argument(
        "--port-base", type=int, default=DEFAULT_PORT_BASE, help="first port; 0: any free ports"
    )
    serve.add_argument("--pty-dir", type=Path, default=Path(".local/run"), help="folder for ptys")
    serve.add_argument("--ready-file", type=Path, help="written as JSON once all meters answer")
    carry.add_modes(modes)
    past = modes.add_parser("history", help="fill an outbox with what the meters measured")
    past.add_argument("--scenario", default="osb", help="file or built-in name (default: osb)")
    past.add_argument("--config", type=Path, required=True, help="the site's document (JSON)")
    past.add_argument("--from", dest="start", type=_instant, required=True, metavar="ISO")
    past.add_argument("--to", dest="end", type=_instant, required=True, metavar="ISO")
    past.add_argument("--step", type=int, default=900, help="seconds between readings")
    past.add_argument("--outbox", type=Path, required=True, help="outbox file to append to")


def run(args: argparse.Namespace) -> int:
    """Run the chosen mode; raises CollectorError."""
    if args.mode in carry.MODES:
        return carry.run(args)
    return asyncio.run(_serve(args)) if args.mode == "run" else _history(args)


async def _serve(args: argparse.Namespace) -> int:
    if args.ready_file:
        args.ready_file.unlink(missing_ok=True)  # one left by a killed run would tell a lie
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    runner = ScenarioRunner(
        load_scenario(args.scenario), args.port_base, args.pty_dir.absolute(), args.host
    )
    await runner.start()
    try:
        if args.ready_file:
            write_atomic(args.ready_file, json.dumps(runner.addresses, indent=1), 0o644)
        await stopping.wait()
    finally:
        await runner.stop()
        if args.ready_file:
            args.ready_file.unlink(missing_ok=True)
    return 0


def _history(args: argparse.Namespace) -> int:
    if args.step < 1 or args.start > args.end:
        raise ConfigError("--step must be positive and --from not after --to")
    document = load_cache(args.config)
    if document is None:
        raise ConfigError(f"there is no file {args.config}")
    scenario = load_scenario(args.scenario)
    site = parse_site(document, str(args.config), strict=False)
    wanted = columns(scenario, site)
    for device in left_out(scenario, site):
        print(f"{device.key}: not in the scenario, left out", file=sys.stderr)
    written = 0
    with closing(Outbox(args.outbox)) as outbox:
        for readings in history(wanted, args.start, args.end, args.step):
            written += outbox.append(readings)
    print(f"{written} readings of {len(wanted)} channels")
    return 0


def _instant(text: str) -> int:
    try:
        stamp = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not an ISO date and time") from None
    return int((stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)).timestamp())
