"""Ratios of two ways to do the same work, timed alternately in one run.

The machine may be busy with other things, so nothing here compares with a figure from elsewhere:
a goal is a ratio, and both of its sides are measured within moments of each other.
"""

import gc
import json
import os
import statistics
import time
from dataclasses import asdict, dataclass
from pathlib import Path

ROUNDS = 5
"""Rounds of a comparison; the median of at least three is asked for."""


@dataclass(frozen=True, slots=True)
class Row:
    """One goal: what was measured, the limit of the same run, and whether it is met.

    ``ratio`` is measured/limit, as the median of the rounds where there are several.
    """

    goal: str
    name: str
    measured: float
    limit: float
    unit: str
    ratio: float
    wanted: str
    met: bool
    note: str = ""

    def __str__(self):
        columns = (
            f"{self.goal:<7}",
            f"{self.name:<66}",
            f"{_short(self.measured):>8}",
            f"{_short(self.limit):>8}",
            f"{self.unit:<10}",
            f"{self.ratio:>8.3f}",
            f"{self.wanted:<6}",
            "met" if self.met else "MISSED",
            self.note,
        )
        return " ".join(columns).rstrip()


def at_least(goal, name, measured, limit, wanted, unit, note=""):
    """Row of a goal that asks for ``measured``/``limit`` ≥ ``wanted``. See ``_row``."""
    ratio, measured, limit = _ratio(measured, limit)
    met = ratio >= wanted
    return Row(goal, name, measured, limit, unit, ratio, f"≥ {wanted:g}", met, note)


def at_most(goal, name, measured, limit, wanted, unit, note=""):
    """Row of a goal that asks for ``measured``/``limit`` ≤ ``wanted``."""
    ratio, measured, limit = _ratio(measured, limit)
    met = ratio <= wanted
    return Row(goal, name, measured, limit, unit, ratio, f"≤ {wanted:g}", met, note)


def alternate(actions, rounds=ROUNDS, clock=time.perf_counter):
    """Seconds of every action in every round: ``{name: [seconds…]}``.

    ``actions`` maps a name to a function of the round's number. An action may answer a function
    instead of doing the work: then only that one is timed, and what came before was preparation.
    """
    times = {name: [] for name in actions}
    for number in range(rounds):
        # whoever comes second finds warmer caches: take turns
        for name in list(actions)[:: 1 if number % 2 else -1]:
            gc.collect()
            started = clock()
            work = actions[name](number)
            if callable(work):
                started = clock()
                work()
            times[name].append(clock() - started)
    return times


def rates(times, amount):
    """Units of work a second of every round: ``{name: [rate…]}``."""
    return {name: [amount / value for value in values] for name, values in times.items()}


def write(rows):
    """Hand rows over to the process that runs the groups, as they are made."""
    with Path(os.environ["ACTWIN_BENCH_ROWS"]).open("a", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(asdict(row), ensure_ascii=False) + "\n")


def read(path):
    """Rows of a file of ``write``."""
    with Path(path).open(encoding="utf-8") as file:
        return [Row(**json.loads(line)) for line in file]


def _ratio(measured, limit):
    """(ratio, measured, limit) of two numbers or of two series of the same rounds."""
    if isinstance(measured, list):
        ratio = statistics.median(a / b for a, b in zip(measured, limit, strict=True))
        return ratio, statistics.median(measured), statistics.median(limit)
    return measured / limit, measured, limit


def _short(value):
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
