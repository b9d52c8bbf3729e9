"""Run every suite and close with one line: N passed, N failed, N skipped.

usage: run.py [SUITE...]    suites: lint, core, collector, addons, e2e (default: all)

Each suite runs as its own process; its output is echoed and kept in $ACTWIN_HOME/log. A suite
that ends abnormally, or runs no test at all, counts as one failure.
"""

import os
import re
import socket
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HOME = Path(os.environ["ACTWIN_HOME"])
TOOLCHAIN = Path(os.environ["ACTWIN_TOOLCHAIN"])
LOG = HOME / "log"
DATABASE = "actwin_test"
DEMO = "actwin_demo"
ADDONS = sorted(path.parent.name for path in (ROOT / "addons").glob("*/__manifest__.py"))

ODOO_RESULT = re.compile(r"odoo\.tests\.result: (\d+) failed, (\d+) error\(s\) of (\d+) tests")
ODOO_SKIP = re.compile(r"\bskipped\b.*?: (.*)$")
ODOO_ERROR = re.compile(r"^\S+ \S+ \d+ (ERROR|CRITICAL) ")


@dataclass
class Count:
    """What one suite counted."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other):
        return Count(
            self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped
        )

    def __str__(self):
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def stream(name, command, **options):
    """Run a command, echo and keep its output, and return (exit code, lines)."""
    LOG.mkdir(parents=True, exist_ok=True)
    lines = []
    with (
        open(LOG / f"test-{name}.log", "w", encoding="utf-8") as log,
        subprocess.Popen(
            [str(part) for part in command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            cwd=options.pop("cwd", ROOT),
            **options,
        ) as process,
    ):
        for line in process.stdout:
            log.write(line)
            lines.append(line.rstrip("\n"))
            if not name.startswith("addons"):
                sys.stdout.write(line)
                sys.stdout.flush()
    return process.returncode, lines


def pytest_suite(name, python, *arguments, **options):
    """A pytest run, counted from its JUnit report."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [python, "-m", "pytest", "-q", f"--junitxml={report}", *arguments]
        code, _lines = stream(name, command, **options)
        if not report.exists():
            return Count(failed=1)
        suites = ElementTree.parse(report).getroot().iter("testsuite")
        count = Count()
        for suite in suites:
            bad = int(suite.get("failures")) + int(suite.get("errors"))
            skipped = int(suite.get("skipped"))
            count += Count(int(suite.get("tests")) - bad - skipped, bad, skipped)
    if code and not count.failed:
        count.failed = 1
    return count


def lint():
    """Static checks: one test as a whole."""
    code, _lines = stream("lint", [ROOT / "scripts" / "lint.sh"])
    return Count(failed=1) if code else Count(passed=1)


def core():
    """Plain-Python cores of the add-ons and the command line; no database."""
    folders = sorted((ROOT / "addons").glob("*/tests_core")) + [ROOT / "cli" / "tests"]
    return pytest_suite("core", TOOLCHAIN / "venv/bin/python", *[f for f in folders if f.exists()])


def collector():
    """The collector in its own environment."""
    return pytest_suite(
        "collector", TOOLCHAIN / "venv-collector/bin/python", "tests", cwd=ROOT / "collector"
    )


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def prepare_cluster():
    """Own cluster and configuration under the test home, and an empty test database."""
    scripts = ROOT / "scripts"
    for script in ([scripts / "cluster.sh", "start"], [scripts / "config.sh"]):
        subprocess.run([str(part) for part in script], check=True)
    subprocess.run(
        [str(ROOT / "bin" / "odoo"), "db", "drop", DATABASE],
        check=False,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def odoo_errors(lines):
    """Lines logged as errors although no test reported them."""
    return [line for line in lines if ODOO_ERROR.match(line)]


def odoo_suite(name, modules, *options):
    """Install modules in the test database and run their tests, counted from the log."""
    ports = ["--http-port", str(free_port()), "--gevent-port", str(free_port())]
    command = [ROOT / "bin" / "odoo", "-d", DATABASE, "-i", ",".join(modules), *options, *ports]
    command += ["--stop-after-init", "--test-tags", ",".join(f"/{module}" for module in modules)]
    code, lines = stream(name, command)
    count = Count()
    for line in lines:
        if match := ODOO_RESULT.search(line):
            failed = int(match[1]) + int(match[2])
            count += Count(int(match[3]) - failed, failed)
        elif match := ODOO_SKIP.search(line):
            count += Count(passed=-1, skipped=1)
            print("skipped:", match[1])
    errors = odoo_errors(lines)
    print("\n".join(errors[:40]))
    if not count.passed:
        print("\n".join(lines[-15:]))
    if (code or errors or count.passed <= 0) and not count.failed:
        count.failed = 1
    count.passed = max(0, count.passed)
    return count


def addons():
    """Every add-on's Odoo tests on one fresh database, browser tours included.

    The demo zone makes the database's company Turkish, so it comes after all others.
    """
    prepare_cluster()
    product = [name for name in ADDONS if name != DEMO]
    count = odoo_suite("addons", product, "--load-language=en_US,tr_TR")
    return count + odoo_suite("addons-demo", [DEMO])


def e2e():
    """The whole house: demo, real protocols, invoices, crashes."""
    return pytest_suite("e2e", TOOLCHAIN / "venv/bin/python", ROOT / "tests" / "e2e")


SUITES = {"lint": lint, "core": core, "collector": collector, "addons": addons, "e2e": e2e}


def main(names):
    unknown = set(names) - set(SUITES)
    if unknown:
        print(f"unknown suite: {', '.join(sorted(unknown))} (there are {', '.join(SUITES)})")
        return 2
    if not os.environ.get("ACTWIN_TEST_DATA"):
        print("ACTWIN_TEST_DATA is not set: conformance tests on outside data are skipped")
    total = Count()
    for name in names or SUITES:
        print(f"== {name}", flush=True)
        count = SUITES[name]()
        print(f"== {name}: {count}", flush=True)
        total += count
    print(total)
    return 1 if total.failed or not total.passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
