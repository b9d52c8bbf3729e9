# SPDX-License-Identifier: MIT
"""Command line of actwin-collector: finds the command's module and runs it."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import sys
from collections.abc import Sequence
from types import ModuleType

from . import __version__, logs
from .masking import Masker
from .model import CollectorError

COMMANDS = (
    "run", "read", "decode", "scan", "check", "status", "simulate", "drain", "trace", "raw", "maps",
)


def _module(command: str) -> ModuleType | None:
    name = f"{__package__}.cli.{command}"
    return importlib.import_module(name) if importlib.util.find_spec(name) else None


def _wanted(argv: Sequence[str]) -> Sequence[str]:
    # One command's imports only: `decode` must not pay for the simulators.
    named = [word for word in argv if word in COMMANDS][:1]
    return named or COMMANDS


def build_parser(argv: Sequence[str] = ()) -> argparse.ArgumentParser:
    """Return the parser with the command ``argv`` names, or with all when it names none."""
    parser = argparse.ArgumentParser(
        prog="actwin-collector", description="Reads meters and delivers every reading to Odoo."
    )
    parser.add_argument("--version", action="version", version=__version__)
    parser.add_argument("-v", "--verbose", action="count", default=0, help="log more (twice: all)")
    parser.add_argument(
        "--log-format", choices=logs.FORMATS, default="text", help="json: one object a line"
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in _wanted(argv):
        module = _module(command)
        if module is None:
            continue
        sub = commands.add_parser(command, help=module.HELP, description=module.HELP)
        module.add_arguments(sub)
        sub.set_defaults(run=module.run)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code. Expected failures are one line, exit code 1."""
    argv = sys.argv[1:] if argv is None else argv
    args = build_parser(argv).parse_args(argv)
    args.masker = Masker()
    logs.configure(args.verbose, args.log_format, args.masker)
    try:
        return args.run(args)
    except CollectorError as error:
        text = args.masker.text(error.message)
        print(f"actwin-collector: {text} [{error.code}]", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
