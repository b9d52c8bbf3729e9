"""A collector and simulated Modbus/TCP meters, each a process of its own, and what they cost."""

import contextlib
import os
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

MAP = "schneider_iem3000"
REGISTERS = (("1.8.0", "kWh"), ("32.7.0", "V"), ("31.7.0", "A"))
_TICK = os.sysconf("SC_CLK_TCK")


def free_ports(count):
    """Ports nobody listens on; held open together so that they differ."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def write_config(folder, ports, units, poll_seconds):
    """A site file: on every port a gateway with ``units`` meters behind it."""
    state = folder / "state"
    state.mkdir(mode=0o700)
    key = folder / "key"
    key.write_text("none\n", encoding="utf-8")
    key.chmod(0o600)
    parts = [
        f'[collector]\ncode = "BENCH"\nstate_dir = "{state}"\nconfig_from = "file"\n'
        f'[odoo]\nurl = "http://127.0.0.1:9"\ndb = "none"\nlogin = "none"\n'
        f'api_key_file = "{key}"\n'
        f'[[schedules]]\nkey = "s"\npoll_seconds = {poll_seconds}\n'
        f"store_seconds = {poll_seconds}\n"
    ]
    for port in ports:
        parts.append(
            f'[[lines]]\nkey = "L{port}"\nkind = "tcp"\nhost = "127.0.0.1"\nport = {port}\n'
        )
        for unit in range(1, units + 1):
            parts.append(
                f'[[devices]]\nkey = "D{port}-{unit}"\ndriver = "modbus"\nline = "L{port}"\n'
                f'address = "{unit}"\nschedule = "s"\nsettings = {{ map = "{MAP}" }}\n'
            )
            parts += [
                f'[[devices.parameters]]\nregister = "{register}"\n'
                f'channel = "BENCH/{port}-{unit}:{register}"\nunit = "{unit_text}"\n'
                for register, unit_text in REGISTERS
            ]
    path = folder / "config.toml"
    path.write_text("".join(parts), encoding="utf-8")
    return path


@contextlib.contextmanager
def process(*arguments, folder, name):
    """A child of this interpreter, ended with the block; its output goes to a log."""
    with (folder / f"{name}.log").open("wb") as log:
        child = subprocess.Popen(
            [sys.executable, *map(str, arguments)], stdout=log, stderr=log, cwd=folder
        )
        try:
            yield child
        finally:
            child.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(15)
            if child.poll() is None:
                child.kill()
                child.wait(5)


def wait_for(condition, seconds, what):
    """Wait until ``condition()`` holds; raises when it does not in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.05)
    raise TimeoutError(what)


def listening(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def cpu_seconds(pid):
    """Processor time of a process with all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def resident_bytes(pid):
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise ProcessLookupError(pid)


def readings(folder):
    """(readings stored, distinct channels) of the collector's outbox."""
    path = folder / "state" / "outbox.sqlite"
    if not path.exists():
        return 0, 0
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return db.execute("SELECT count(*), count(DISTINCT channel) FROM reading").fetchone()
    except sqlite3.OperationalError:
        return 0, 0
    finally:
        db.close()
