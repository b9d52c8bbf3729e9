# SPDX-License-Identifier: MIT
"""``drain``: send what the outbox holds, now; and what became of what was refused."""

from __future__ import annotations

import argparse
import logging
import sys
import time

from ..config import Settings, load_settings
from ..listening.dead import FOLDER, DeadMessages
from ..model import ConfigError
from ..outbox import Outbox
from ..outbox_dead import ANY, Only
from ..sender import Backoff, Sender
from ..uplink import UplinkError, make_uplink
from .common import add_config
from .dead import show

HELP = "send everything in the outbox to Odoo now"

_log = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_config(parser)
    parser.add_argument("--outbox", metavar="FILE", help="another outbox file")
    parser.add_argument("--batch-size", type=int, help="rows a batch")
    parser.add_argument("--tries", type=int, default=5, help="attempts a batch (default 5)")
    parser.add_argument(
        "--dead",
        action="store_true",
        help="send nothing: list the readings Odoo refused for good and the messages that the "
        "collector failed on, with their reasons",
    )
    parser.add_argument(
        "--requeue-dead",
        action="store_true",
        help="first requeue those readings, and let the running collector hear those messages "
        "again",
    )
    parser.add_argument("--code", default="", help="only readings refused with this code")
    parser.add_argument("--channel", default="", help="only readings of this channel")
    parser.add_argument("--limit", type=int, default=100, help="readings to list (default 100)")
    parser.add_argument("--json", action="store_true", help="list them as one JSON object")
    parser.add_argument("--quiet", action="store_true", help="no progress")


def run(args: argparse.Namespace) -> int:
    """Send until nothing waits: 0 all delivered, 3 delivered but rows were rejected, 1 failed."""
    settings = load_settings(args.config)
    if args.dead:
        return _list(args, settings)
    if settings.odoo is None:
        raise ConfigError("there is no [odoo] section to send to")
    outbox = _open(args.outbox or settings.collector.outbox_path)
    uplink = make_uplink(settings.odoo)
    size = args.batch_size or settings.collector.batch_size
    sender = Sender(outbox, uplink, settings.collector.code, size)
    try:
        if args.requeue_dead:
            _requeue(args, settings, outbox)
        _send_all(sender, args.tries, args.quiet)
    finally:
        uplink.close()
        outbox.close()
    totals = sender.totals
    print(
        f"{totals.rows} readings in {totals.batches} batches: {totals.accepted} accepted, "
        f"{totals.duplicates} duplicates, {totals.conflicts} conflicts, {totals.rejected} rejected"
    )
    return 3 if totals.rejected else 0


def _list(args: argparse.Namespace, settings: Settings) -> int:
    outbox = _open(args.outbox or settings.collector.outbox_path)
    only = _only(args)
    messages = _messages(args, settings)
    try:
        letters = outbox.dead_letters(args.limit, only)
        counts = outbox.dead_counts(only)
    finally:
        outbox.close()
    show(counts, letters, messages.listed() if messages else [], args.json)
    return 0


def _requeue(args: argparse.Namespace, settings: Settings, outbox: Outbox) -> None:
    print(f"{outbox.requeue_dead(_only(args))} rejected rows wait again")
    messages = _messages(args, settings)
    count = messages.again() if messages else 0
    if count:
        print(f"{count} messages are heard again by the running collector")


def _only(args: argparse.Namespace) -> Only:
    return Only(args.code, args.channel)


def _messages(args: argparse.Namespace, settings: Settings) -> DeadMessages | None:
    """Another outbox has no messages of its own; a choice of readings leaves them alone."""
    if args.outbox or _only(args) != ANY:
        return None
    return DeadMessages(settings.collector.state_dir / FOLDER)


def _open(path: object) -> Outbox:
    # A mistyped name must not become a new, empty outbox that "was delivered".
    try:
        with open(str(path), "rb"):
            pass
    except OSError as error:
        raise ConfigError(f"there is no outbox {path}: {error.strerror}") from error
    return Outbox(str(path))


def _send_all(sender: Sender, tries: int, quiet: bool) -> None:
    backoff = Backoff(longest=30.0)
    total = sender.outbox.stats().pending
    began = shown = time.monotonic()
    while True:
        try:
            if not sender.send_one():
                return
            backoff.success()
        except UplinkError as error:
            pause = backoff.failure()
            if not error.retryable or backoff.failures >= tries:
                raise
            _log.warning("%s; again in %.1f s", error.message, pause)
            time.sleep(pause)
        if not quiet and time.monotonic() - shown > 2:
            shown = time.monotonic()
            rate = sender.totals.rows / (shown - began)
            print(f"{sender.totals.rows} of {total}, {rate:.0f} readings/s", file=sys.stderr)
