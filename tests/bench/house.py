"""The bench's own installation: cluster, database and, for the ingest goals, an Odoo server."""

import configparser
import contextlib
import os
import socket
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BENCH = Path(__file__).resolve().parent
HOME = Path(os.environ["ACTWIN_HOME"])
TOOLCHAIN = Path(os.environ["ACTWIN_TOOLCHAIN"])
DATABASE = "actwin_bench"
ADDON = "actwin_bench"
_START_SECONDS = 120
_GROUP_SECONDS = 900


def free_port():
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class House:
    """A throw-away installation; leaving it stops its cluster."""

    def __init__(self):
        self.log = HOME / "log"
        self._started = False

    def __enter__(self):
        self.log.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, *_error):
        if self._started:
            self._script("cluster.sh", "stop")

    def prepare(self):
        """Cluster, and a fresh database with the add-ons, a zone and its readings."""
        self._started = True
        self._script("cluster.sh", "start")
        self._script("config.sh")
        subprocess.run(
            [str(ROOT / "bin" / "odoo"), "db", "drop", DATABASE],
            check=False,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._odoo("install", "-i", ADDON, "--without-demo", "--stop-after-init", "--no-http")
        if self.shell("world", os.environ.copy()):
            raise SystemExit(f"the bench's zone could not be made (log: {self.log}/world.log)")

    def shell(self, group, environment):
        """Run ``goals/<group>.py`` with Odoo's environment; returns the exit code."""
        serving = self._server() if group == "ingest" else contextlib.nullcontext("")
        code = f"from goals.{group} import main\nmain(env)\n"
        with serving as url, open(self.log / f"{group}.log", "w", encoding="utf-8") as log:
            return subprocess.run(
                [*self._command("shell"), "--no-http", "--log-level=warn"],
                input=code,
                text=True,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment | {"PYTHONPATH": str(BENCH), "ACTWIN_BENCH_URL": url},
                check=False,
                cwd=ROOT,
                timeout=_GROUP_SECONDS,
            ).returncode

    def _command(self, *command):
        parser = configparser.ConfigParser(interpolation=None)
        parser.read(HOME / "odoo.conf")
        addons = f"{parser['options']['addons_path']},{BENCH / 'addons'}"
        return [str(ROOT / "bin" / "odoo"), *command, "-d", DATABASE, f"--addons-path={addons}"]

    def _odoo(self, name, *arguments):
        with open(self.log / f"{name}.log", "w", encoding="utf-8") as log:
            done = subprocess.run(
                [*self._command(), *arguments],
                stdout=log,
                stderr=subprocess.STDOUT,
                check=False,
                cwd=ROOT,
            )
        if done.returncode:
            raise SystemExit(f"Odoo failed (log: {self.log}/{name}.log)")

    @contextlib.contextmanager
    def _server(self):
        """An Odoo server of one process without crons; yields its URL."""
        port = free_port()
        ports = ["--http-port", str(port), "--gevent-port", str(free_port())]
        command = [*self._command(), *ports, "--max-cron-threads=0"]
        with open(self.log / "server.log", "w", encoding="utf-8") as log:
            server = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, cwd=ROOT)
        try:
            self._await(server, port)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                server.wait(20)
            server.kill()

    def _await(self, server, port):
        deadline = time.monotonic() + _START_SECONDS
        while server.poll() is None and time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.2)
        raise SystemExit(f"Odoo does not answer (log: {self.log}/server.log)")

    def _script(self, name, *arguments):
        subprocess.run([str(ROOT / "scripts" / name), *arguments], check=True)
