# SPDX-License-Identifier: MIT
"""A meter with a protocol of one line, its driver as a separate package, and a rig for the CLI.

The driver is found by entry point from a folder on the path, as a foreign package would be.
"""

from __future__ import annotations

import os
import socketserver
import subprocess
import sys
import threading
from pathlib import Path

DRIVER = '''
from collections import namedtuple
from decimal import Decimal
from actwin_collector.model import FrameError, MeterIdentity, ReadResult, Sample
from actwin_collector.protocol.base import Driver

Met = namedtuple("Met", "address meter")

class LineDriver(Driver):
    name = "line"
    SETTINGS = {"greeting": "what to send"}

    async def read(self, link, device, timeout):
        greeting = device.settings.get("greeting", "?")
        await link.write(f"{greeting}{device.address}\\n".encode())
        raw = (await link.read_until(b"\\n", timeout)).decode()
        if not raw.strip().isdigit():
            raise FrameError(f"not a number: {raw!r}")
        sample = Sample(Decimal(raw.strip()), "Wh")
        return ReadResult(MeterIdentity("1"), {"1.8.0": sample}, (), raw)

    async def scan(self, link, timeout):
        await link.write(b"*\\n")
        raw = (await link.read_until(b"\\n", timeout)).decode()
        return [Met(address, MeterIdentity(address)) for address in raw.split()]

    @classmethod
    def decode(cls, telegram):
        raise NotImplementedError
'''


def install_driver(folder: Path) -> None:
    """Put the driver's package and its metadata into a folder for PYTHONPATH."""
    (folder / "line_driver.py").write_text(DRIVER)
    info = folder / "line_driver-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: line-driver\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[actwin.collector.drivers]\nline = line_driver:LineDriver\n"
    )


class LineMeter:
    """Answers every line with the next number; ``silent`` makes it mute.

    With ``addresses`` it answers only those questions, and address 9 with nonsense.
    """

    def __init__(self) -> None:
        self.count = 0
        self.silent = False
        self.addresses: set[str] = {""}
        meter = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                for line in self.rfile:
                    address = line.decode().strip().removeprefix("?")
                    if address == "*":
                        self.wfile.write(f"{' '.join(sorted(meter.addresses))}\n".encode())
                    elif address == "9":
                        self.wfile.write(b"nonsense\n")
                    elif address in meter.addresses and not meter.silent:
                        meter.count += 1
                        self.wfile.write(f"{meter.count}\n".encode())

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def site_document(port: int, version: int = 1, **settings) -> dict:
    """A site with one line meter D1, polled and stored every second."""
    return {
        "version": version,
        "lines": [
            {"key": "L1", "kind": "tcp", "host": "127.0.0.1", "port": port, "timeout_s": 0.5,
             "retries": 0, "device_path": False}
        ],
        "schedules": [{"key": "S1", "poll_seconds": 1, "store_seconds": 1, "mode": "last"}],
        "devices": [
            {"key": "D1", "driver": "line", "line": "L1", "address": "", "schedule": "S1",
             "settings": settings,
             "parameters": [
                 {"register": "1.8.0", "channel": "S/D1:1.8.0", "unit": "Wh", "scale": "1"}
             ]}
        ],
    }


def write_config(folder: Path, odoo, **collector) -> Path:
    """Write a configuration for a FakeOdoo; returns its path."""
    values = {
        "code": "C1", "state_dir": "state", "send_seconds": 0.2, "status_seconds": 0.5,
        "backoff_max_seconds": 1.0,
    } | collector
    lines = ["[collector]"]
    lines += [f"{k} = {v!r}".replace("'", '"') for k, v in values.items()]
    lines += [
        "[odoo]", f'url = "{odoo.url}"', 'db = "test_db"', 'login = "collector"',
        'api_key_file = "key"', "timeout_seconds = 2.0",
    ]
    (folder / "key").write_text("secret-key\n")
    (folder / "key").chmod(0o600)
    path = folder / "config.toml"
    path.write_text("\n".join(lines) + "\n")
    return path


def environment(folder: Path) -> dict:
    """The environment in which the line driver is installed."""
    return os.environ | {"PYTHONPATH": str(folder), "PYTHONUNBUFFERED": "1"}


def command(folder: Path, *words: object, timeout: float = 60) -> subprocess.CompletedProcess:
    """Run a collector command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "actwin_collector", *map(str, words)],
        env=environment(folder), cwd=folder, capture_output=True, text=True, timeout=timeout,
        check=False,
    )


def start(folder: Path, *words: object, **extra: str) -> subprocess.Popen:
    """Start a collector command in the background."""
    return subprocess.Popen(
        [sys.executable, "-m", "actwin_collector", *map(str, words)],
        env=environment(folder) | extra, cwd=folder, stderr=subprocess.PIPE, text=True,
    )
