# SPDX-License-Identifier: MIT
"""What the running collector says about itself: to Odoo, and in a file for the status command."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from . import __version__
from .backlog import Backlog, backlog_of
from .device import DeviceState
from .files import write_atomic
from .listening.line import LineHealth
from .listening.unassigned import Unassigned
from .model import CollectorError
from .outbox import Stats
from .uplink.base import iso

# XML-RPC knows 32-bit integers only.
_MAX_INT = 2**31 - 1
SHOWN_UNASSIGNED = 100


def device_status(state: DeviceState) -> dict:
    """Return one device's counters; absent instants are empty texts (XML-RPC has no null)."""
    health = state.health
    return {
        "ok": health.ok,
        "errors": sum(health.errors.values()),
        "error_counts": dict(health.errors),
        "last_ok": iso(health.last_ok) if health.last_ok is not None else "",
        "last_error": health.last_error,
        "last_error_at": iso(health.last_error_at) if health.last_error_at is not None else "",
        "probing": state.probing,
        "clock_drift": round(health.drift, 1) if health.drift is not None else "",
        "polled": state.polled,
        "silent": state.silent,
        "rssi": state.rssi if state.rssi is not None else "",
        **gaps_status(backlog_of(state)),
    }


def gaps_status(backlog: Backlog) -> dict:
    """Return what is missing of a device, and what is done about it."""
    return {
        "missing_slots": min(backlog.missing, _MAX_INT),
        "missing_since": iso(backlog.oldest) if backlog.oldest is not None else "",
        "backfill": backlog.backfill,
    }


def line_status(health: LineHealth) -> dict:
    """Return how a line fares on which meters speak first."""
    return {
        "kind": health.kind,
        "heard": health.heard,
        "duplicates": health.duplicates,
        "unassigned": health.unassigned,
        "error_counts": dict(health.errors),
        "last_heard": iso(health.last_heard) if health.last_heard is not None else "",
        "connections": health.connections,
        "problem": health.problem,
        "receiver": health.receiver,
        "peers": {name: dict(peer) for name, peer in health.peers.items()},
    }


def unassigned_status(unassigned: Unassigned) -> list[dict]:
    """Return the senders that no device stands for, last heard first."""
    return [
        asdict(each) | {"first": iso(each.first), "last": iso(each.last)}
        for each in unassigned.listed()[:SHOWN_UNASSIGNED]
    ]


def broken_status(text: str) -> dict:
    """Return the status of a device that cannot even be tried."""
    return {
        "ok": 0,
        "errors": 1,
        "error_counts": {"bad_config": 1},
        "last_ok": "",
        "last_error": f"bad_config: {text}",
        "last_error_at": "",
        "probing": False,
        "clock_drift": "",
        "polled": True,
        "silent": False,
        "rssi": "",
        **gaps_status(Backlog()),
    }


def outbox_status(stats: Stats) -> dict:
    """Return the outbox's part of a status."""
    return {
        "pending": min(stats.pending, _MAX_INT),
        "dead": min(stats.dead, _MAX_INT),
        "oldest": iso(stats.oldest) if stats.oldest is not None else "",
        "bytes": min(stats.bytes, _MAX_INT),
    }


def collector_status(
    started: float, config_version: int, devices: Mapping, stats: Stats, problems: list[str]
) -> dict:
    """Return the whole status as ``report_status`` takes it, without any null."""
    return {
        "version": __version__,
        "started_at": iso(started),
        "config_version": config_version,
        "devices": dict(devices),
        "outbox": outbox_status(stats),
        "problems": problems,
    }


def summary(status: Mapping) -> str:
    """Return the status in one line, as ``systemctl status`` shows it."""
    devices = status["devices"]
    failing = [
        key
        for key, each in devices.items()
        if each["last_error"] and each["last_error_at"] >= each["last_ok"]
    ]
    parts = [f"{len(devices)} devices"]
    if failing:
        named = ", ".join(failing[:3]) + (" …" if len(failing) > 3 else "")
        parts.append(f"{len(failing)} failing ({named})")
    parts.append(f"{status['outbox']['pending']} readings wait")
    if status.get("uplink") and status["uplink"]["failures"] and not status["uplink"]["up"]:
        parts.append("Odoo is not reached")
    if status["problems"]:
        parts.append(f"{len(status['problems'])} problems")
    return ", ".join(parts)


def write_status(path: Path, status: Mapping, interval: float) -> None:
    """Write the status file; ``interval``: the seconds after which it will be written again."""
    written = {**status, "pid": os.getpid(), "written": time.time(), "interval": interval}
    write_atomic(path, json.dumps(written, indent=1), mode=0o644)


def read_status(path: Path) -> dict | None:
    """Return the last written status with ``running`` added; None when there is none."""
    try:
        status = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise CollectorError(f"{path} cannot be read: {error}", "bad_status") from error
    age = time.time() - status.get("written", 0)
    status["running"] = age < 3 * status.get("interval", 0) + 10 and not status.get("stopped")
    return status
