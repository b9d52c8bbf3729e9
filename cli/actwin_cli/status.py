"""Counts of readings by device and age, queue, invoices and versions."""

import json
import os
import subprocess
from datetime import UTC, datetime

from .home import DATABASE, HOME, ROOT, RUN, URL, connect, service

HELP = "what is running and what has arrived"

DEVICES = """
    SELECT d.key, d.driver, count(r.*) AS readings,
           count(r.*) FILTER (
               WHERE r.ts > now() AT TIME ZONE 'UTC' - interval '10 minutes') AS fresh,
           max(r.ts) AS newest
      FROM actwin_device d
      LEFT JOIN actwin_device_parameter p ON p.device_id = d.id
      LEFT JOIN LATERAL (
            SELECT ts FROM actwin_reading
             WHERE channel_id = p.channel_id
               AND ts > now() AT TIME ZONE 'UTC' - interval '1 day'
               AND ts <= now() AT TIME ZONE 'UTC' + interval '1 hour') r ON true
     WHERE d.active
     GROUP BY d.key, d.driver
     ORDER BY d.key
"""
TOTALS = """
    SELECT (SELECT coalesce(sum(greatest(t.n_live_tup, c.reltuples)), 0)::bigint
              FROM pg_inherits i
              JOIN pg_class c ON c.oid = i.inhrelid
              JOIN pg_stat_user_tables t ON t.relid = i.inhrelid
             WHERE i.inhparent = 'actwin_reading'::regclass) AS readings_about,
           (SELECT count(*) FROM actwin_reading_reject) AS rejected,
           (SELECT count(*) FROM account_move WHERE state = 'posted'
             AND actwin_run_id IS NOT NULL) AS invoices
"""
VERSIONS = """
    SELECT name, latest_version FROM ir_module_module
     WHERE state = 'installed' AND name LIKE 'actwin%' ORDER BY name
"""


def add_arguments(parser):
    parser.add_argument("--json", action="store_true", help="machine-readable")


def rows(cursor, query):
    """Result of a constant query as a list of dicts."""
    cursor.execute(query)
    names = [column.name for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def outbox():
    """The collector's own status, or {} when it cannot be asked."""
    config = RUN / "collector.toml"
    if not config.exists():
        return {}
    done = subprocess.run(
        [str(ROOT / "bin" / "actwin-collector"), "status", "--config", str(config), "--json"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"ACTWIN_HOME": str(HOME)},
    )
    try:
        return json.loads(done.stdout)
    except ValueError:
        return {}


def gather():
    """Everything `status` knows, as plain JSON types."""
    connection = connect()
    with connection, connection.cursor() as cursor:
        devices = rows(cursor, DEVICES)
        totals = rows(cursor, TOTALS)[0]
        versions = {row["name"]: row["latest_version"] for row in rows(cursor, VERSIONS)}
    connection.close()
    now = datetime.now(UTC).replace(tzinfo=None)
    for device in devices:
        newest = device.pop("newest")
        device["age_seconds"] = int((now - newest).total_seconds()) if newest else None
    return {
        "database": DATABASE,
        "url": URL,
        "running": {name: service("running", name) for name in ("odoo", "simulators", "collector")},
        "devices": devices,
        "totals": {key: int(value) for key, value in totals.items()},
        "outbox": outbox().get("outbox", {}),
        "versions": versions,
    }


def run(arguments):
    state = gather()
    if arguments.json:
        print(json.dumps(state, indent=1))
        return
    for name, up in state["running"].items():
        print(f"{name:<12} {'running' if up else 'stopped'}")
    print(f"\n{'device':<8} {'protocol':<14} {'last 24 h':>10} {'last 10 min':>12} {'newest':>10}")
    for device in state["devices"]:
        age = device["age_seconds"]
        newest = "never" if age is None else f"{age} s ago"
        print(
            f"{device['key']:<8} {device['driver']:<14} {device['readings']:>10} "
            f"{device['fresh']:>12} {newest:>10}"
        )
    totals, waiting = state["totals"], state["outbox"].get("pending", "?")
    print(
        f"\nreadings about {totals['readings_about']}, rejected {totals['rejected']}, "
        f"invoices {totals['invoices']}, waiting in the outbox {waiting}"
    )
