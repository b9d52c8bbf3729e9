# SPDX-License-Identifier: MIT
"""Trace files: one a device, of bounded size, to be read by people and played again by tests.

A line is ``2026-01-31T12:00:00.000Z tx 2f 3f 21``; ``**`` is a byte of a secret. Lines with ``--``
tell how a dialogue ended, lines with ``#`` whose it was.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from ..masking import Masker
from ..model import ConfigError, DeviceSpec

TX, RX, NOTE = "tx", "rx", "--"
MAX_BYTES = 1_000_000
MARK = ".on"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a trace; ``data`` has an asterisk where ``hidden`` has its position."""

    stamp: str
    direction: str
    data: bytes = b""
    hidden: frozenset[int] = frozenset()
    text: str = ""


class Recorder:
    """Appends what goes over a line to a file; at ``limit`` bytes the old half moves to ``.1``."""

    def __init__(
        self,
        path: Path,
        title: Mapping[str, str],
        masker: Masker,
        limit: int = MAX_BYTES,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.path = path
        self._title = title
        self._masker = masker
        self._limit = limit
        self._wall = wall

    def __call__(self, direction: str, data: bytes) -> None:
        """Keep bytes; as ``Link.trace`` calls it."""
        self._append(direction, self._masker.hex(data))

    def note(self, text: str) -> None:
        """Keep a remark on the dialogue."""
        self._append(NOTE, self._masker.text(text).replace("\n", " "))

    def _append(self, direction: str, text: str) -> None:
        line = f"{stamp(self._wall())} {direction} {text}\n"
        try:
            self._write(line)
        except OSError:
            # A full disk must not cost readings; the status tells of it anyway.
            return

    def _write(self, line: str) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.path.exists() and self.path.stat().st_size + len(line) > self._limit // 2:
            self.path.replace(self.path.with_name(f"{self.path.name}.1"))
        fresh = not self.path.exists()
        with self.path.open("a", encoding="utf-8") as file:
            if fresh:
                self.path.chmod(0o640)
                file.write(f"# {json.dumps(self._title)}\n")
            file.write(line)


class TraceFolder:
    """The traces of a collector: written for devices named in ``always`` or marked by a file."""

    def __init__(self, folder: Path, masker: Masker, always: Iterable[str] = ()) -> None:
        self.folder = folder
        self._masker = masker
        self._always = frozenset(always)

    def path(self, device: str) -> Path:
        """Return where a device's trace lies."""
        return self.folder / f"{quote(device, safe='')}.trace"

    def mark(self, device: str, wanted: bool) -> None:
        """Ask the daemon to begin or end a trace; raises OSError."""
        mark = self._mark(device)
        if wanted:
            mark.parent.mkdir(parents=True, exist_ok=True)
            mark.touch()
        else:
            mark.unlink(missing_ok=True)

    def recorder(self, device: DeviceSpec, kind: str) -> Recorder | None:
        """Return the recorder of a device that is to be traced now, else None."""
        if device.key not in self._always and not self._mark(device.key).exists():
            return None
        title = {"device": device.key, "driver": device.driver, "kind": kind}
        return Recorder(self.path(device.key), title, self._masker)

    def _mark(self, device: str) -> Path:
        return self.path(device).with_suffix(MARK)


def stamp(wall: float) -> str:
    """Return epoch seconds as UTC with milliseconds."""
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(wall))
    return f"{whole}.{int(wall % 1 * 1000):03d}Z"


def read_trace(path: Path) -> tuple[dict[str, str], list[Entry]]:
    """Return title (``device``, ``driver``, ``kind``) and entries; raises ConfigError."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
    title: dict[str, str] = {}
    entries = []
    for number, line in enumerate(lines, 1):
        if line.startswith("#"):
            title |= _title(line[1:])
        elif line.strip():
            entries.append(_entry(line, f"{path}:{number}"))
    return title, entries


def _title(text: str) -> dict[str, str]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}  # somebody's own remark
    return found if isinstance(found, dict) else {}


def _entry(line: str, where: str) -> Entry:
    parts = line.split(" ", 2)
    if len(parts) < 3 or parts[1] not in (TX, RX, NOTE):
        raise ConfigError(f"{where}: not a line of a trace: {line[:60]!r}")
    when, direction, rest = parts
    if direction == NOTE:
        return Entry(when, direction, text=rest)
    octets = rest.split()
    hidden = frozenset(at for at, octet in enumerate(octets) if octet == "**")
    try:
        data = bytes(0x2A if octet == "**" else int(octet, 16) for octet in octets)
    except ValueError:
        raise ConfigError(f"{where}: not hex: {rest[:60]!r}") from None
    return Entry(when, direction, data, hidden)
