# SPDX-License-Identifier: MIT
"""``status``: what the running collector does, and what waits."""

from __future__ import annotations

import argparse
import json

from ..config import load_settings
from ..outbox import Outbox
from ..status import outbox_status, read_status
from ..uplink.base import iso
from .common import add_config

HELP = "show devices, errors and the outbox; exit code 1 when the daemon does not run"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_config(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object")


def run(args: argparse.Namespace) -> int:
    """Print the state: from the daemon's status file and, for what waits, from the outbox."""
    collector = load_settings(args.config).collector
    status = read_status(collector.status_path) or {"running": False, "devices": {}}
    if collector.outbox_path.exists():
        outbox = Outbox(collector.outbox_path, collector.outbox_quota_mb * 1024 * 1024)
        try:
            status["outbox"] = outbox_status(outbox.stats())
        finally:
            outbox.close()
    status["collector"] = collector.code
    if args.json:
        print(json.dumps(status, ensure_ascii=False))
    else:
        _print(status)
    return 0 if status["running"] else 1


def _print(status: dict) -> None:
    state = f"running since {status['started_at']}" if status["running"] else "not running"
    print(f"collector {status['collector']}: {state}")
    outbox = status.get("outbox")
    if outbox:
        oldest = f", oldest {outbox['oldest']}" if outbox["oldest"] else ""
        print(f"outbox: {outbox['pending']} waiting{oldest}, {outbox['dead']} rejected, ", end="")
        print(f"{outbox['bytes'] // 1024} KiB")
    if status.get("dead_messages"):
        told = "messages that the collector failed on (drain --dead)"
        print(f"failed: {status['dead_messages']} {told}")
    _print_uplink(status.get("uplink"))
    for key, line in sorted(status.get("lines", {}).items()):
        if any(line.get(part) for part in ("heard", "connections", "problem", "receiver")):
            print(
                f"line {key} ({line['kind']}): {line['heard']} heard, "
                f"{line['connections']} connected, last {line['last_heard'] or '–'}"
                + (f", {line['receiver']}" if line.get("receiver") else "")
            )
    for text in status.get("problems", []):
        print(f"problem: {text}")
    _print_unassigned(status.get("unassigned", []))
    _print_devices(status["devices"])


def _print_devices(devices: dict) -> None:
    if devices:
        print(f"{'device':<16} {'ok':>8} {'errors':>7}  {'last ok':<20}  last error")
    for key in sorted(devices):
        each = devices[key]
        silent = "silent: " if each.get("silent") else ""
        signal = f"{each['rssi']} dBm  " if each.get("rssi") else ""
        print(
            f"{key:<16} {each['ok']:>8} {each['errors']:>7}  {each['last_ok'] or '–':<20}  "
            f"{signal}{silent}{each['last_error']}"
        )
    for key in sorted(devices):
        if devices[key].get("missing_slots"):
            print(_missing(key, devices[key]))


_BACKFILL = {
    "working": "being filled from the meter's profile",
    "retrying": "back-fill waits for the meter",
    "no_profile": "the meter has no profile to fill them from",
    "off": "back-fill is off (backfill_days)",
}


def _missing(key: str, each: dict) -> str:
    work = _BACKFILL.get(each["backfill"], each["backfill"])
    return f"missing: {key}: {each['missing_slots']} slots since {each['missing_since']}, {work}"


def _print_uplink(uplink: dict | None) -> None:
    if uplink is None:
        return
    last = f"last {iso(uplink['last_success'])}" if uplink["last_success"] else "never yet"
    state = "reached" if uplink["up"] else f"NOT reached, {uplink['failures']} failures"
    print(f"odoo: {state}, {last}")


def _print_unassigned(strangers: list) -> None:
    for each in strangers[:20]:
        print(
            f"unassigned: {each['driver']} {each['sender'] or '(unnamed)'} on {each['line']},"
            f" {each['count']} times, last {each['last']}: {each['raw'][:60]}"
        )
    if len(strangers) > 20:
        print(f"unassigned: {len(strangers) - 20} more (--json shows them)")
