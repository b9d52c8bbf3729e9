# SPDX-License-Identifier: MIT
"""A disk that keeps only what was synced: SQLite's own file methods, watched from inside.

SQLite's default VFS is wrapped in this process. Every write goes to the real file and is noted;
``xSync`` moves what was noted of that file to the image of what the disk surely has.
"""

from __future__ import annotations

import _sqlite3
import contextlib
import ctypes
import random
from collections.abc import Iterator
from pathlib import Path

_FILE, _VFS = ctypes.c_void_p, ctypes.c_void_p
_INT, _INT64 = ctypes.c_int, ctypes.c_int64
_WRITE = ctypes.CFUNCTYPE(_INT, _FILE, ctypes.c_void_p, _INT, _INT64)
_TRUNCATE = ctypes.CFUNCTYPE(_INT, _FILE, _INT64)
_SYNC = ctypes.CFUNCTYPE(_INT, _FILE, _INT)
# The name as a bare address: SQLite keeps the pointer.
_OPEN = ctypes.CFUNCTYPE(_INT, _VFS, ctypes.c_void_p, _FILE, _INT, ctypes.c_void_p)


class _Methods(ctypes.Structure):
    _fields_ = [
        ("version", _INT), ("close", ctypes.c_void_p), ("read", ctypes.c_void_p),
        ("write", _WRITE), ("truncate", _TRUNCATE), ("sync", _SYNC),
        ("rest", ctypes.c_void_p * 13),
    ]


class _Vfs(ctypes.Structure):
    _fields_ = [
        ("version", _INT), ("file_size", _INT), ("path_size", _INT), ("next", ctypes.c_void_p),
        ("name", ctypes.c_char_p), ("data", ctypes.c_void_p), ("open", _OPEN),
        ("rest", ctypes.c_void_p * 15),
    ]


class SyncedDisk:
    """``synced``: by file, what a power cut leaves at least; ``pending``: what it may lose."""

    def __init__(self) -> None:
        self.synced: dict[str, bytearray] = {}
        self.pending: dict[str, list[tuple[int, bytes | None]]] = {}
        self.syncs = 0
        self.writes = 0
        self.on_write = lambda: None
        self._names: dict[int, str] = {}
        self._kept: list = []

    @contextlib.contextmanager
    def watching(self) -> Iterator[SyncedDisk]:
        """Be the default file system of SQLite."""
        lib = ctypes.CDLL(_sqlite3.__file__)
        lib.sqlite3_vfs_find.restype = ctypes.POINTER(_Vfs)
        original = lib.sqlite3_vfs_find(None)
        shim = _Vfs.from_buffer_copy(original.contents)
        shim.name = b"synced"
        real_open = original.contents.open
        shim.open = _OPEN(lambda *args: self._open(real_open, *args))
        assert lib.sqlite3_vfs_register(ctypes.byref(shim), 1) == 0
        try:
            yield self
        finally:
            lib.sqlite3_vfs_register(original, 1)
            lib.sqlite3_vfs_unregister(ctypes.byref(shim))
            self._kept.append(shim)

    def _open(self, real_open, vfs, name, file, flags, out) -> int:
        answer = real_open(vfs, name, file, flags, out)
        address = ctypes.cast(file, ctypes.POINTER(ctypes.c_void_p))
        if answer == 0 and name and address[0]:
            path = ctypes.string_at(name).decode()
            real = ctypes.cast(address[0], ctypes.POINTER(_Methods)).contents
            methods = _Methods.from_buffer_copy(real)
            methods.write = _WRITE(lambda *args: self._write(real.write, path, *args))
            methods.truncate = _TRUNCATE(lambda *args: self._truncate(real.truncate, path, *args))
            methods.sync = _SYNC(lambda *args: self._sync(real.sync, path, *args))
            self._kept.append((methods, real))
            address[0] = ctypes.addressof(methods)
            exists = Path(path).exists()
            self.synced.setdefault(path, bytearray(Path(path).read_bytes() if exists else b""))
            self.pending.setdefault(path, [])
        return answer

    def _write(self, real, path, file, data, size, at) -> int:
        self.pending[path].append((at, ctypes.string_at(data, size)))
        self.writes += 1
        self.on_write()
        return real(file, data, size, at)

    def _truncate(self, real, path, file, size) -> int:
        self.pending[path].append((size, None))
        return real(file, size)

    def _sync(self, real, path, file, flags) -> int:
        for change in self.pending[path]:
            _apply(self.synced[path], *change)
        self.pending[path].clear()
        self.syncs += 1
        return real(file, flags)

    def after_power_cut(self, folder: Path, rng: random.Random) -> dict[str, Path]:
        """Write what a disk may hold now: all that was synced, and any part of the rest.

        The rest arrives in no order, whole or cut within a sector.
        """
        folder.mkdir()
        found = {}
        for path, image in self.synced.items():
            if not Path(path).exists():
                continue  # a journal that SQLite has deleted
            data = bytearray(image)
            pending = list(self.pending[path])
            rng.shuffle(pending)
            for at, change in pending[: rng.randint(0, len(pending))]:
                if change is None:
                    continue
                cut = rng.choice([len(change), 512 * rng.randint(0, len(change) // 512)])
                _apply(data, at, change[:cut])
            found[path] = folder / Path(path).name
            found[path].write_bytes(data)
        return found


def _apply(image: bytearray, at: int, data: bytes | None) -> None:
    if data is None:
        del image[at:]
        return
    if len(image) < at + len(data):
        image.extend(bytes(at + len(data) - len(image)))
    image[at : at + len(data)] = data

