# SPDX-License-Identifier: MIT
"""What makers do differently, as data: TOML files here, and in a folder of the user's own.

A table has a ``name``, a regular expression ``match`` over the identification line, ``source``
that says how sure its facts are, and ``settings`` that count where the device sets nothing itself.
``like`` names a table before it, or a shipped one, whose settings it starts from.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from ....fields import Field, Problems, parse_list, parse_table
from ....model import ConfigError, DeviceSpec
from ...state import state_folder
from ..options import Options
from ..settings import FIELDS

FOLDER = "iec62056-21"
_TABLE = {
    "name": Field(str),
    "match": Field(str),
    "source": Field(str),
    "like": Field(str, ""),
    "settings": Field(dict, {}),
}


@dataclass(frozen=True, slots=True)
class Quirk:
    """One table; see the module."""

    name: str
    match: re.Pattern[str]
    settings: Mapping[str, object]


def options_for(device: DeviceSpec, identification: str = "") -> Options:
    """Return a device's options with those of its quirk; raises ConfigError.

    Before the identification is known only a quirk the device names can count.
    """
    plain = Options.of(device)
    found = _chosen(plain, identification)
    return Options.of(device, found.settings) if found else plain


def builtin_settings(identification: str) -> Mapping[str, object]:
    """Return the shipped settings for an identification line."""
    return next((q.settings for q in _shipped() if q.match.search(identification)), {})


def load_quirks(folder: Path) -> tuple[Quirk, ...]:
    """Return the tables of a user's folder, file by file; raises ConfigError for a broken one."""
    if not folder.is_dir():
        return ()
    return tuple(
        quirk
        for path in sorted(folder.glob("*.toml"))
        for quirk in _cached(path, path.stat().st_mtime_ns)
    )


def _chosen(options: Options, identification: str) -> Quirk | None:
    if options.quirk == "none":
        return None
    known = (*_own(options), *_shipped())
    if options.quirk:
        for quirk in known:
            if quirk.name == options.quirk:
                return quirk
        names = ", ".join(quirk.name for quirk in known)
        raise ConfigError(f"no quirk {options.quirk!r} (known: {names})")
    return next((q for q in known if identification and q.match.search(identification)), None)


def _own(options: Options) -> Sequence[Quirk]:
    if options.quirks_dir:
        return load_quirks(Path(options.quirks_dir))
    try:
        return load_quirks(state_folder(options.state_dir) / FOLDER)
    except ConfigError:
        return ()  # no state folder: nothing was put there


@cache
def _shipped() -> tuple[Quirk, ...]:
    folder = sorted(files(__package__).iterdir(), key=lambda entry: entry.name)
    texts = [(each.name, each.read_text("utf-8")) for each in folder if each.suffix == ".toml"]
    return tuple(quirk for name, text in texts for quirk in _parse(text, name, ()))


@cache
def _cached(path: Path, changed: int) -> tuple[Quirk, ...]:
    """Return a file's tables; ``changed`` makes a changed file be read again."""
    try:
        return _parse(path.read_text("utf-8"), str(path), _shipped())
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error


def _parse(text: str, source: str, known: Sequence[Quirk]) -> tuple[Quirk, ...]:
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{source} is not valid TOML: {error}") from error
    problems = Problems()
    rows = [
        (path, parse_table(entry, _TABLE, path, problems))
        for path, entry in parse_list(tables.get("quirk", ()), "quirk", problems)
    ]
    bases = {quirk.name: quirk.settings for quirk in known}
    found = []
    for path, row in rows:
        for key in sorted(set(row["settings"]) - set(FIELDS)):
            problems.add(f"{path}.settings.{key}", "unknown setting")
        if row["like"] and row["like"] not in bases:
            problems.add(f"{path}.like", f"no table {row['like']!r} before it")
        bases[row["name"]] = {**bases.get(row["like"], {}), **row["settings"]}
        try:
            match = re.compile(row["match"])
        except re.error as error:
            problems.add(f"{path}.match", str(error))
            continue
        found.append(Quirk(row["name"], match, bases[row["name"]]))
    problems.finish(source)
    return tuple(found)
