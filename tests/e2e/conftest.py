"""One demo house for the whole suite, on ports, a database and a cluster of its own."""

import json
import os
import socket
import subprocess
import xmlrpc.client
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DAYS = 70  # covers the month that is billed from any day of the next one


def free_base(count=40):
    """A port from which ``count`` consecutive ports are free."""
    for base in range(21000, 60000, 100):
        probes = []
        try:
            for port in range(base, base + count):
                probe = socket.socket()
                probes.append(probe)
                probe.bind(("127.0.0.1", port))
            return base
        except OSError:
            continue
        finally:
            for probe in probes:
                probe.close()
    raise RuntimeError("no free port range")


@dataclass
class House:
    """A running installation and the means to act on it."""

    home: Path
    environment: dict
    url: str
    database: str
    port_base: int
    output: str = ""

    def run(self, *command, timeout=900, check=True):
        """Run a program of the repository in this installation's environment."""
        done = subprocess.run(
            [str(part) for part in command],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
            check=False,
        )
        if check:
            assert done.returncode == 0, done.stdout[-4000:]
        return done.stdout

    def demo(self):
        """`bin/actwin demo` with a shorter history."""
        return self.run("bin/actwin", "demo", "--days", DAYS, "--port-base", self.port_base)

    def service(self, *arguments, check=True):
        return self.run("scripts/service.sh", *arguments, check=check)

    def rpc(self, login="admin", password=None):
        """A function (model, method, *args, **kwargs) acting as a user."""
        password = password or login
        common = xmlrpc.client.ServerProxy(f"{self.url}/xmlrpc/2/common", allow_none=True)
        uid = common.authenticate(self.database, login, password, {})
        assert uid, f"login {login} refused"
        proxy = xmlrpc.client.ServerProxy(f"{self.url}/xmlrpc/2/object", allow_none=True)

        def call(model, method, *args, **kwargs):
            return proxy.execute_kw(
                self.database, uid, password, model, method, list(args), kwargs
            )

        return call

    def sql(self, query, *values):
        """Rows of a query on the installation's database."""
        import psycopg2

        directory = self.run("scripts/cluster.sh", "dir").strip().splitlines()[-1]
        with psycopg2.connect(
            host=f"{directory}/socket", user="actwin", dbname=self.database
        ) as connection, connection.cursor() as cursor:
            cursor.execute(query, values)
            return cursor.fetchall()

    def meters(self, instants):
        """What the simulated meters' registers show: {device: {obis: {epoch: text}}}."""
        script = ROOT / "tests" / "e2e" / "meter_indices.py"
        toolchain = self.environment["ACTWIN_TOOLCHAIN"]
        out = self.run(f"{toolchain}/venv-collector/bin/python", script, *instants)
        return json.loads(out.splitlines()[-1])


@pytest.fixture(scope="session")
def house():
    home = Path(os.environ["ACTWIN_HOME"])
    base = free_base()
    environment = os.environ | {
        "ACTWIN_HTTP_PORT": str(base + 39),
        "ACTWIN_DB": "actwin_e2e",
        "PYTHONUNBUFFERED": "1",
    }
    house = House(home, environment, f"http://127.0.0.1:{base + 39}", "actwin_e2e", base)
    house.run("scripts/service.sh", "stop")
    for leftover in ("collector.key", "collector.login", "collector.toml", "site.json"):
        (home / "run" / leftover).unlink(missing_ok=True)
    house.run("rm", "-rf", home / "collector")
    house.run("scripts/cluster.sh", "start")
    house.run("scripts/config.sh")
    house.run("bin/odoo", "db", "drop", "actwin_e2e", check=False)
    try:
        house.output = house.demo()
        yield house
    finally:
        house.run("scripts/service.sh", "stop", check=False)
