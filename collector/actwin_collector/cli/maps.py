# SPDX-License-Identifier: MIT
"""``maps``: the register-map library: list, show, import, export and check."""

from __future__ import annotations

import argparse
import re
import sys
import tomllib
from pathlib import Path

from ..files import write_atomic
from ..model import ConfigError
from ..protocol.modbus import mapfiles
from ..protocol.modbus.registermap import (
    VERIFIED,
    Register,
    RegisterMap,
    load_map,
    map_names,
    map_path,
    user_folder,
)
from .common import add_config, open_settings

HELP = "the library of Modbus register maps"
_WRITERS = {"toml": mapfiles.to_toml, "csv": mapfiles.to_csv, "json": mapfiles.to_json}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the modes and their options."""
    modes = parser.add_subparsers(dest="mode", required=True, metavar="MODE")
    listing = modes.add_parser("list", help="all maps, the own ones first in line")
    show = modes.add_parser("show", help="the registers of a map")
    show.add_argument("name", metavar="NAME")
    export = modes.add_parser("export", help="write a map for editing")
    export.add_argument("name", metavar="NAME")
    export.add_argument("--format", choices=mapfiles.FORMATS, default="toml")
    check = modes.add_parser("check", help="name every mistake of a file (TOML, CSV, JSON)")
    check.add_argument("file", type=Path, metavar="FILE")
    take = modes.add_parser("import", help="put a file (TOML, CSV, JSON) into the own folder")
    take.add_argument("file", type=Path, metavar="FILE")
    take.add_argument("--name", help="name of the map (default: that of the file)")
    take.add_argument("--replace", action="store_true", help="also when there is one of that name")
    take.add_argument("--manufacturer")
    take.add_argument("--source", help="where the facts come from")
    take.add_argument("--verified", choices=VERIFIED, help="how sure they are")
    take.add_argument("--function", type=int, choices=(3, 4), help="3 holding, 4 input registers")
    take.add_argument("--word-order", choices=("big", "little"))
    for mode in (listing, show, export, take):
        add_config(mode)


def run(args: argparse.Namespace) -> int:
    """Run the chosen mode; raises ConfigError."""
    if args.mode == "check":
        found = mapfiles.check(mapfiles.read_map_file(args.file), args.file.name)
        print(f"ok: {len(found.registers)} registers")
        return 0
    _find_folder(args)
    return {"list": _list, "show": _show, "export": _export, "import": _import}[args.mode](args)


def _find_folder(args: argparse.Namespace) -> None:
    # The delivered maps can be looked at without any configuration; the own ones need its folder.
    try:
        open_settings(args)
    except ConfigError:
        if args.mode == "import" and user_folder() is None:
            raise


def _list(args: argparse.Namespace) -> int:
    rows = [("map", "device", "maker", "sure", "registers", "")]
    for name in map_names():
        each = load_map(name)
        count, own = str(len(each.registers)), "own" if _is_own(name) else ""
        rows.append((name, each.name, each.manufacturer, each.verified or "–", count, own))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print("  ".join(cells).rstrip())
    return 0


def _is_own(name: str) -> bool:
    folder = user_folder()
    return folder is not None and (folder / f"{name}.toml").is_file()


def _show(args: argparse.Namespace) -> int:
    found = load_map(args.name)
    print(f"{found.name} ({found.manufacturer or 'unknown maker'})")
    for label, text in (
        ("sure", found.verified), ("source", found.source), ("note", found.note)
    ):
        if text:
            print(f"{label}: {text}")
    for register in found.registers:
        print(_row(register, found))
    return 0


def _row(register: Register, of: RegisterMap) -> str:
    names = ", ".join(register.names[1:])
    factor = "" if register.scale == 1 else f" × {register.scale:f}"
    orders = [
        f"{what} {order}"
        for what, order in (("word", register.word_order), ("byte", register.byte_order))
        if order != "big"
    ]
    extra = f"  {', '.join(orders)}" if orders else ""
    return (
        f"  {register.function}:{register.address:<5} {register.type:<8}{factor:<10} "
        f"{register.unit:<5} {register.name:<28} {names}{extra}"
    ).rstrip()


def _export(args: argparse.Namespace) -> int:
    table = tomllib.loads(map_path(args.name).read_text("utf-8"))
    sys.stdout.write(_WRITERS[args.format](table))
    return 0


def _import(args: argparse.Namespace) -> int:
    head = {
        "manufacturer": args.manufacturer,
        "source": args.source,
        "verified": args.verified,
        "function": args.function,
        "word_order": args.word_order,
    }
    table = mapfiles.read_map_file(args.file, {key: text for key, text in head.items() if text})
    name = args.name or re.sub(r"[^a-z0-9_-]+", "_", args.file.stem.lower()).strip("_")
    table.setdefault("name", args.file.stem)
    folder = user_folder()
    path = folder / f"{name}.toml"
    if path.exists() and not args.replace:
        raise ConfigError(f"there is a map {name!r} already (--replace)")
    try:
        write_atomic(path, mapfiles.to_toml(table), mode=0o644)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error}") from error
    print(f"{name}: {len(load_map(name).registers)} registers ({path})")
    return 0
