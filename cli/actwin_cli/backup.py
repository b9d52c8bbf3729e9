"""Write one archive with the database, its files and the secret key of this installation."""

import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from . import CommandError
from .home import DATABASE, HOME, call, connect, socket_dir

HELP = "write a backup archive (database, files, key)"


def add_arguments(parser):
    parser.add_argument("archive", type=Path, help="file to write, .tar.gz")


def pg_program(name):
    """Path of a PostgreSQL client program of the newest installed version."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda p: int(p.parts[4]))
    return found[-1] if found else name


def run(arguments):
    connect().close()
    if arguments.archive.exists():
        raise CommandError(f"{arguments.archive} exists already")
    with tempfile.TemporaryDirectory() as folder:
        dump = Path(folder) / "database.dump"
        call(pg_program("pg_dump"), "-h", socket_dir(), "-U", "actwin", "-Fc", "-f", dump, DATABASE)
        partial = arguments.archive.with_name(arguments.archive.name + ".part")
        with tarfile.open(partial, "w:gz") as archive:
            archive.add(dump, "database.dump")
            files = HOME / "data" / "filestore" / DATABASE
            if files.exists():
                archive.add(files, "filestore")
            key = HOME / "data" / "actwin.key"
            if key.exists():
                archive.add(key, "actwin.key")
        partial.replace(arguments.archive)
    print(f"{arguments.archive}: {arguments.archive.stat().st_size // 1024} kB")


def restore_database(dump, database):
    """Create a database from a dump.

    :raise CommandError: when the database exists or the dump cannot be read
    """
    host = ["-h", socket_dir(), "-U", "actwin"]
    call(pg_program("createdb"), *host, database)
    done = subprocess.run(
        [str(pg_program("pg_restore")), *host, "-d", database, "--no-owner", "-j", "2", str(dump)],
        check=False,
        stderr=subprocess.PIPE,
        text=True,
    )
    if done.returncode:
        raise CommandError(f"pg_restore: {done.stderr.strip().splitlines()[-1]}")


def restore_files(folder, database):
    """Put the filestore and, when none is there, the secret key in place."""
    files = Path(folder) / "filestore"
    if files.exists():
        shutil.copytree(files, HOME / "data" / "filestore" / database, dirs_exist_ok=True)
    key, target = Path(folder) / "actwin.key", HOME / "data" / "actwin.key"
    if key.exists() and not target.exists():
        shutil.copy2(key, target)
