"""The demo's field side: simulated meters, a year of what they measured, the live collector."""

import os
import time
from datetime import UTC, datetime, timedelta

from . import CommandError
from .home import DATABASE, HOME, LOG, ROOT, RUN, URL, call, connect, service

CODE = "OSB1-A"
COLLECTOR = ROOT / "bin" / "actwin-collector"
SLOT = 900
PTY_LINES = ("iec0", "rtu0")
CONFIG = """\
# Written by `actwin demo`; the collector's own file, see collector/config.example.toml.
[collector]
code = "{code}"
state_dir = "{state}"
send_seconds = 2
status_seconds = 5
backoff_max_seconds = 10
first_probe_seconds = 10
max_probe_seconds = 60

[odoo]
url = "{url}"
db = "{database}"
login = "{login}"
api_key_file = "{key}"
"""


def configure(odoo, port_base):
    """Give the collector its access key and configuration; returns the TOML file's path."""
    point_lines_at_simulators(odoo, port_base)
    path, key = RUN / "collector.toml", RUN / "collector.key"
    if not key.exists():
        collector = odoo("actwin.collector", "search", [("code", "=", CODE)])
        action = odoo("actwin.collector", "action_create_api_key", collector)
        shown = odoo("actwin.api.key", "read", [action["res_id"]], ["login", "key"])[0]
        write_secret(key, shown["key"])
        (RUN / "collector.login").write_text(shown["login"], encoding="utf-8")
    state = HOME / "collector"
    state.mkdir(parents=True, exist_ok=True)
    login = (RUN / "collector.login").read_text(encoding="utf-8")
    path.write_text(
        CONFIG.format(
            code=CODE, state=state, url=URL, database=DATABASE, login=login, key=key
        ),
        encoding="utf-8",
    )
    return path


def write_secret(path, text):
    """Write a file only its owner can read."""
    with open(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)


def point_lines_at_simulators(odoo, port_base):
    """The demo data name the default ports; a run on other ones tells the lines so."""
    lines = odoo("actwin.line", "search_read", [("collector_id.code", "=", CODE)])
    lowest = min(line["port"] for line in lines if line["port"])
    for line in lines:
        if line["kind"] == "serial":
            wanted = {"device_path": str(RUN / line["key"])}
        else:
            wanted = {"port": line["port"] - lowest + port_base}
        if any(line[name] != value for name, value in wanted.items()):
            odoo("actwin.line", "write", [line["id"]], wanted)


def start_simulators(port_base):
    """Start the simulated meters and wait until they answer.

    :raise CommandError: when they do not come up
    """
    if service("running", "simulators"):
        return
    ready = RUN / "simulators.ready"
    ready.unlink(missing_ok=True)
    service(
        "start", "simulators", COLLECTOR, "simulate", "run", "--scenario", "osb",
        "--port-base", port_base, "--pty-dir", RUN, "--ready-file", ready,
    )
    wait_for_file(ready, 60, "simulators")


def wait_for_file(path, seconds, name):
    deadline = time.monotonic() + seconds
    while not path.exists():
        if time.monotonic() > deadline or not service("running", name):
            raise CommandError(f"{name} did not start (log: {LOG / name}.log)")
        time.sleep(0.2)


def start_collector(config):
    """Start the live collector."""
    if not service("running", "collector"):
        service("start", "collector", COLLECTOR, "run", "--config", config)


def newest_slot():
    """Epoch seconds of the newest stored reading that every metered device has, or None."""
    connection = connect()
    with connection, connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT extract(epoch FROM min(c.last_ts))::bigint, bool_and(c.last_ts IS NOT NULL)
              FROM actwin_channel c
              JOIN actwin_device_parameter p ON p.channel_id = c.id
             WHERE c.active
            """
        )
        newest, complete = cursor.fetchone()
    connection.close()
    return newest if complete else None


def fill_history(odoo, config, days, say):
    """Deliver what the meters' load profiles hold up to now, through the real uplink."""
    end = int(time.time()) // SLOT * SLOT
    newest = newest_slot()
    start = end - days * 86400 if newest is None else newest // SLOT * SLOT
    if end - start >= 2 * SLOT or newest is None:
        load_profiles(config, start, end, say)
    wait_for_rollups(odoo, say)


def load_profiles(config, start, end, say):
    """Fill an outbox from the meters' memories and send it."""
    outbox = HOME / "collector" / "history.sqlite"
    for leftover in outbox.parent.glob(outbox.name + "*"):
        leftover.unlink()
    cache = RUN / "site.json"
    call(COLLECTOR, "check", "--config", config, "--save", cache)
    say(f"reading the meters' load profiles since {iso(start)[:10]}")
    call(
        COLLECTOR, "simulate", "history", "--scenario", "osb", "--config", cache,
        "--from", iso(start), "--to", iso(end), "--step", SLOT, "--outbox", outbox,
    )
    say("sending them to Odoo")
    print(
        "  "
        + call(
            COLLECTOR, "drain", "--config", config, "--outbox", outbox,
            "--batch-size", 20000, "--quiet",
        ).strip()
    )
    for leftover in outbox.parent.glob(outbox.name + "*"):
        leftover.unlink()


def iso(epoch):
    return datetime.fromtimestamp(epoch, UTC).isoformat()


def wait_for_rollups(odoo, say):
    """Have consumption computed for everything that has arrived."""
    say("computing consumption by hour, day and month")
    while odoo("actwin.rollup", "process_dirty"):
        pass


def balance(odoo):
    """Have the zone's daily balances computed from the consumption that is there."""
    odoo("actwin.loss.node", "action_update", odoo("actwin.loss.node", "search", []))


def wait_for_live_readings(odoo, say, seconds=120):
    """Wait until every device has delivered a reading taken after this call.

    :raise CommandError: naming the devices that stay silent
    """
    since = (datetime.now(UTC) - timedelta(seconds=1)).strftime("%Y-%m-%d %H:%M:%S")
    deadline = time.monotonic() + seconds
    while True:
        silent = silent_devices(odoo, since)
        if not silent:
            say("live readings arrive from every meter")
            return
        if time.monotonic() > deadline:
            raise CommandError(f"no live reading yet from: {', '.join(sorted(silent))}")
        time.sleep(1)


def silent_devices(odoo, since):
    """Keys of devices none of whose channels has a reading after an instant."""
    parameters = odoo(
        "actwin.device.parameter", "search_read",
        [("device_id.collector_id.code", "=", CODE), ("device_id.active", "=", True)],
        ["device_id", "channel_id"],
    )
    fresh = set(
        odoo("actwin.channel", "search", [("last_ts", ">", since)])
    )
    heard = {p["device_id"][1] for p in parameters if p["channel_id"][0] in fresh}
    return {p["device_id"][1] for p in parameters} - heard


