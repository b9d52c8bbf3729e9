# SPDX-License-Identifier: MIT
"""Scenarios: which meters a simulated site has and what they count. TOML files."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

from ..fields import Field, Problems, parse_list, parse_table
from ..model import ConfigError
from ..units import convert
from .carriers import Carrier, check_meters, parse_modem, parse_pusher
from .load import Curve, Load, LoadSpec
from .meters import MeterSpec, Place, SimulatedMeter
from .ports import SPEEDS
from .profiles import NAMES
from .registry import known
from .transformer import MainLoad, TransformerSpec

_TOP = {
    "site": Field(str),
    "seed": Field(int),
    "first_day": Field(date),
    "main": Field(dict, None),
    "meter": Field(list),
    "modem": Field(list, ()),
    "push": Field(list, ()),
}
_PLACE = {
    "key": Field(str),
    "serial": Field(str),
    "protocol": Field(str),
    "port": Field(int, -1, low=-1, high=999),
    "pty": Field(str, ""),
    "unit": Field(int, 1, low=1, high=247),
    "speed": Field(int, 0),
    "map": Field(str, ""),
    "digits": Field(int, 8, low=1, high=12),
    "opening": Field(list, (0, 0, 0)),
    "settings": Field(dict, {}),
}
_METER = {
    **_PLACE,
    "profile": Field(str, choices=tuple(sorted(NAMES))),
    "peak": Field(int, low=1, high=10_000_000),
    "inductive": Field(int, 0, low=0, high=2000),
    "capacitive": Field(int, 0, low=0, high=2000),
}
_MAIN = {
    **_PLACE,
    "ratio": Field(int, 1, low=1, high=100_000),
    "rated": Field(int, low=1),
    "no_load": Field(int, low=0),
    "load": Field(int, low=0),
    "unexplained": Field(int, 0, low=0, high=1000),
    "unexplained_days": Field(list, (0, 0)),
}
_SHOWN = {"Wh": "kWh", "varh": "kvarh"}


@dataclass(frozen=True, slots=True)
class Scenario:
    """A site's simulated meters by device key, and what carries them to a collector."""

    site: str
    meters: Mapping[str, SimulatedMeter]
    carriers: Sequence[Carrier] = ()

    def meter(self, key: str) -> SimulatedMeter:
        """Return a meter; raises ConfigError."""
        try:
            return self.meters[key]
        except KeyError:
            raise ConfigError(f"the scenario has no meter {key!r}") from None

    def index_at(self, device: str, obis: str, epoch: int) -> Decimal:
        """Return what a meter shows at an instant: energies in kWh and kvarh, others in base units.

        This is the oracle of end-to-end tests: a reading delivered for that instant must equal it.
        """
        value, unit = self.meter(device).value(obis, epoch)
        return convert(value, unit, _SHOWN.get(unit, unit))


def load_scenario(name: str | Path) -> Scenario:
    """Return the scenario in a file, or a built-in one by name (``osb``); raises ConfigError."""
    source = files("actwin_collector") / "simulate" / "scenarios" / f"{name}.toml"
    path = source if "/" not in str(name) and source.is_file() else Path(name)
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"scenario {name} cannot be read: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"scenario {name} is not valid TOML: {error}") from error
    return parse_scenario(table, str(name))


def parse_scenario(table: Mapping, source: str) -> Scenario:
    """Return the checked scenario; raises ConfigError that lists every mistake."""
    problems = Problems()
    top = parse_table(table, _TOP, source, problems)
    rows = [
        parse_table(entry, _METER, path, problems)
        for path, entry in _tables(top, "meter", problems)
    ]
    main = parse_table(top["main"], _MAIN, "main", problems) if top["main"] else None
    for row in [*rows, *([main] if main else [])]:
        _check_place(row, problems)
    carriers = [parse_modem(e, path, problems) for path, e in _tables(top, "modem", problems)]
    carriers += [parse_pusher(e, path, problems) for path, e in _tables(top, "push", problems)]
    check_meters(carriers, {row["key"]: row["port"] >= 0 for row in rows}, problems)
    problems.finish(f"scenario {source}")
    loads = {row["key"]: Load(_load_spec(row), top["seed"], top["first_day"]) for row in rows}
    meters = {row["key"]: SimulatedMeter(_meter_spec(row), loads[row["key"]]) for row in rows}
    if main:
        electric = [loads[row["key"]] for row in rows if known()[row["protocol"]].electric]
        meters[main["key"]] = SimulatedMeter(_meter_spec(main), _main_curve(main, electric))
    return Scenario(top["site"], meters, tuple(carriers))


def _tables(top: Mapping, name: str, problems: Problems) -> list[tuple[str, object]]:
    return parse_list(top[name], name, problems)


def _check_place(row: Mapping, problems: Problems) -> None:
    path = f"meter {row['key']}"
    if (row["port"] < 0) == (not row["pty"]):
        problems.add(path, "needs either port or pty")
    if row["speed"] and (row["speed"] not in SPEEDS.values() or not row["pty"]):
        problems.add(f"{path}.speed", "must be a usual speed in Bd, and only a pty has one")
    if row["protocol"] in known():
        known()[row["protocol"]].check(row, lambda name, text: problems.add(f"{path}.{name}", text))
    else:
        problems.add(f"{path}.protocol", f"must be one of {', '.join(known())}")
    if len(row["opening"]) != 3 or not all(isinstance(index, int) for index in row["opening"]):
        problems.add(f"{path}.opening", "must be three whole numbers: T1, T2, T3")


def _meter_spec(row: Mapping) -> MeterSpec:
    place = Place(row["port"], row["pty"], row["unit"], row["speed"])
    return MeterSpec(
        row["key"],
        row["protocol"],
        row["serial"],
        place,
        row["map"],
        row["digits"],
        row["settings"],
    )


def _load_spec(row: Mapping) -> LoadSpec:
    return LoadSpec(
        row["key"],
        row["profile"],
        row["peak"],
        tuple(row["opening"]),
        row["inductive"],
        row["capacitive"],
    )


def _main_curve(main: Mapping, children: Sequence[Load]) -> Curve:
    transformer = TransformerSpec(
        main["rated"],
        main["no_load"],
        main["load"],
        main["unexplained"],
        tuple(main["unexplained_days"]),
    )
    return MainLoad(children, transformer, main["ratio"], tuple(main["opening"]))
