"""The demo's database and the Odoo process that serves it."""

import socket
import subprocess

import psycopg2

from . import CommandError
from .home import DATABASE, HTTP_PORT, LOG, ROOT, URL, connect, service

MODULE = "actwin_demo"


def installed():
    """True when the database exists and the demo module is completely installed in it."""
    connection = connect("postgres")
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
        exists = cursor.fetchone()
    connection.close()
    if not exists:
        return False
    connection = connect()
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute("SELECT state FROM ir_module_module WHERE name = %s", [MODULE])
            row = cursor.fetchone()
            return bool(row) and row[0] == "installed"
    except psycopg2.errors.UndefinedTable:
        return False
    finally:
        connection.close()


def create(say):
    """Create the database with all add-ons and the demo zone; True when there was work.

    :raise CommandError: with the last error Odoo logged
    """
    if installed():
        return False
    say("making the database with all add-ons (about a minute)")
    service("stop", "odoo")
    # What a broken earlier attempt left behind cannot be told from a good database in parts.
    subprocess.run(
        [str(ROOT / "bin" / "odoo"), "db", "drop", DATABASE],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    log = LOG / "install.log"
    # The first language becomes the default of new partners; both are to be active.
    command = [ROOT / "bin" / "odoo", "-d", DATABASE, "-i", MODULE, "--load-language=en_US,tr_TR"]
    command += ["--without-demo", "--stop-after-init", "--no-http"]
    with open(log, "w", encoding="utf-8") as output:
        done = subprocess.run(
            [str(part) for part in command],
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
            cwd=ROOT,
        )
    if done.returncode or not installed():
        raise CommandError(f"the add-ons could not be installed: {last_error(log)}")
    return True


def last_error(log):
    """The last line of a log that tells what went wrong."""
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    telling = [line for line in lines if " ERROR " in line or "Error" in line]
    return f"{(telling or lines or ['no output'])[-1].strip()} (log: {log})"


def serve():
    """Start Odoo in the background unless it runs."""
    if service("running", "odoo"):
        return
    if port_taken():
        raise CommandError(f"another program answers on {URL}; set ACTWIN_HTTP_PORT")
    service("start", "odoo", ROOT / "bin" / "odoo", "-d", DATABASE, "--max-cron-threads=2")


def port_taken():
    """True when something listens where Odoo is to listen."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", HTTP_PORT)) == 0
