"""`bin/actwin COMMAND`: each command is a module with HELP, add_arguments and run."""

import argparse
import importlib
import sys

from . import CommandError, price

COMMANDS = ("demo", "status", "backup", "restore")


def build_parser():
    parser = argparse.ArgumentParser(prog="actwin", description="Actwin command line")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in COMMANDS:
        module = importlib.import_module(f"{__package__}.{name}")
        sub = commands.add_parser(
            name,
            help=module.HELP,
            description=module.__doc__,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_arguments(sub)
        sub.set_defaults(run=module.run)
    commands.add_parser("price", help="price one bill from plain facts (JSON in, JSON out)")
    return parser


def main(argv=None):
    argv = sys.argv[1:] if argv is None else argv
    if argv[:1] == ["price"]:
        return price.main(argv[1:])
    arguments = build_parser().parse_args(argv)
    try:
        return arguments.run(arguments) or 0
    except CommandError as error:
        print(f"actwin {arguments.command}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
