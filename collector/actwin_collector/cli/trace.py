# SPDX-License-Identifier: MIT
"""``trace DEVICE``: the bytes of dialogues with one device, live."""

from __future__ import annotations

import argparse
import asyncio
import time

from ..model import CollectorError
from .common import add_config, find_device
from .read import read_once

HELP = "read one device and show every byte sent and received"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_config(parser)
    parser.add_argument("device", metavar="DEVICE", help="key of the device")
    parser.add_argument("--count", type=int, default=1, help="dialogues (default 1, 0 = endless)")
    parser.add_argument("--pause", type=float, default=5.0, help="seconds between dialogues")


def run(args: argparse.Namespace) -> int:
    """Trace; the exit code tells whether the last dialogue succeeded."""
    settings, device, line = find_device(args)
    done, code = 0, 0
    while True:
        try:
            asyncio.run(read_once(settings, device, line, show))
            print("-- ok", flush=True)
            code = 0
        except CollectorError as error:
            print(f"-- {error.code}: {error.message}", flush=True)
            code = 1
        done += 1
        if done == args.count:
            return code
        time.sleep(args.pause)


def show(direction: str, data: bytes) -> None:
    """Print bytes as hex with their readable characters beside, 16 a line."""
    for at in range(0, len(data), 16):
        part = data[at : at + 16]
        text = "".join(chr(b) if 32 <= b < 127 else "." for b in part)
        stamp = time.strftime("%H:%M:%S")
        print(f"{stamp} {direction} {part.hex(' '):<47}  {text}", flush=True)
