"""Measure the performance goals; one row a goal, and bench/results.json.

usage: run.py [GROUP...]      groups: see GROUPS (default: all of them)

A group is a process of its own. A goal that is missed is a result like any other; the exit code
is only non-zero when something could not be measured.
"""

import json
import os
import platform
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import measure
from house import ROOT, TOOLCHAIN, House

BENCH = Path(__file__).resolve().parent
RESULTS = ROOT / "bench" / "results.json"
COLLECTOR = ("outbox", "mbus", "wmbus", "dlms", "iec", "polling")
# those that deliver readings come last: the others find everything rolled up
ODOO = ("queries", "rollup", "billing", "ubl", "long_run", "store", "validation", "ingest")
GROUPS = (*COLLECTOR, *ODOO)


def collector_group(name, environment):
    """Run ``collector_goals/<name>.py`` in the collector's own environment."""
    python = TOOLCHAIN / "venv-collector" / "bin" / "python"
    script = BENCH / "collector_goals" / f"{name}.py"
    return subprocess.run(
        [str(python), str(script)],
        env=environment | {"PYTHONPATH": str(BENCH)},
        check=False,
        timeout=600,
    ).returncode


def run_group(name, house):
    """Rows of a group, and whether all of it could be measured."""
    path = house.log / f"rows-{name}.jsonl"
    path.write_text("", encoding="utf-8")
    environment = os.environ | {"ACTWIN_BENCH_ROWS": str(path)}
    try:
        if name in COLLECTOR:
            code = collector_group(name, environment)
        else:
            code = house.shell(name, environment)
    except subprocess.TimeoutExpired:
        code = 1
    rows = measure.read(path)
    if code or not rows:
        print(f"{name}: could not be measured (log: {house.log}/{name}.log)", flush=True)
    return rows, not code and bool(rows)


def save(rows, seconds):
    """Write the results, with what one needs to know to compare two files."""
    RESULTS.parent.mkdir(exist_ok=True)
    answer = {
        "seconds": round(seconds),
        "processors": os.cpu_count(),
        "load": os.getloadavg()[1],
        "machine": platform.machine(),
        "goals": [asdict(row) for row in rows],
    }
    text = json.dumps(answer, indent=1, ensure_ascii=False)
    RESULTS.write_text(text + "\n", encoding="utf-8")


def main(names):
    unknown = set(names) - set(GROUPS)
    if unknown:
        print(f"unknown group: {', '.join(sorted(unknown))} (there are {', '.join(GROUPS)})")
        return 2
    started = time.monotonic()
    names = names or GROUPS
    rows, whole = [], True
    with House() as house:
        if set(names) & set(ODOO):
            house.prepare()
        for name in names:
            found, complete = run_group(name, house)
            rows += found
            whole &= complete
            for row in found:
                print(row, flush=True)
    save(rows, time.monotonic() - started)
    missed = sum(not row.met for row in rows)
    print(f"{len(rows) - missed} goals met, {missed} missed in {time.monotonic() - started:.0f} s")
    return 0 if whole else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
