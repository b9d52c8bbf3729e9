"""Where an installation keeps its things, and how its parts are started."""

import os
import subprocess
from pathlib import Path

from . import CommandError

ROOT = Path(__file__).resolve().parents[2]
HOME = Path(os.environ.get("ACTWIN_HOME") or ROOT / ".local").absolute()
DATABASE = os.environ.get("ACTWIN_DB", "actwin_demo")
HTTP_PORT = int(os.environ.get("ACTWIN_HTTP_PORT", "8069"))
URL = f"http://127.0.0.1:{HTTP_PORT}"
RUN = HOME / "run"
LOG = HOME / "log"


def call(*command, quiet=True, **options):
    """Run a program of this repository and return its standard output.

    :raise CommandError: with the last line it wrote, when it fails
    """
    done = subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE if quiet else None,
        stderr=subprocess.STDOUT if quiet else None,
        check=False,
        **options,
    )
    if done.returncode:
        lines = (done.stdout or "").strip().splitlines()
        reason = lines[-1] if lines else f"exit code {done.returncode}"
        raise CommandError(f"{Path(str(command[0])).name}: {reason}")
    return done.stdout or ""


def service(*arguments):
    """Call scripts/service.sh; True when it answered with exit code 0."""
    script = ROOT / "scripts" / "service.sh"
    return subprocess.run([str(script), *map(str, arguments)], check=False).returncode == 0


def socket_dir():
    """Directory of the private cluster's socket."""
    return call(ROOT / "scripts" / "cluster.sh", "dir").strip() + "/socket"


def connect(database=None):
    """psycopg2 connection to the private cluster."""
    import psycopg2

    try:
        return psycopg2.connect(
            host=socket_dir(), user="actwin", dbname=database or DATABASE, connect_timeout=10
        )
    except psycopg2.OperationalError as error:
        reason = str(error).splitlines()[0]
        raise CommandError(f"database {database or DATABASE}: {reason}") from error
