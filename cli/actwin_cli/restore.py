"""Restore a backup archive into a new database."""

import tarfile
import tempfile
from pathlib import Path

from . import CommandError
from .backup import restore_database, restore_files

HELP = "restore a backup archive into a new database"


def add_arguments(parser):
    parser.add_argument("archive", type=Path, help="archive written by `actwin backup`")
    parser.add_argument("database", help="name of the database to create")


def run(arguments):
    if not arguments.archive.is_file():
        raise CommandError(f"{arguments.archive} does not exist")
    with tempfile.TemporaryDirectory() as folder:
        try:
            with tarfile.open(arguments.archive) as archive:
                archive.extractall(folder, filter="data")
        except (tarfile.TarError, OSError, EOFError) as error:
            raise CommandError(f"{arguments.archive} is no backup: {error}") from error
        dump = Path(folder) / "database.dump"
        if not dump.exists():
            raise CommandError(f"{arguments.archive} holds no database")
        restore_database(dump, arguments.database)
        restore_files(folder, arguments.database)
    print(f"restored into {arguments.database}")
