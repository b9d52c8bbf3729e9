# SPDX-License-Identifier: MIT
"""Whether SQLite would silently pass over commits: a look at a file and its log before opening.

SQLite ends reading a write-ahead log at the first frame whose checksum is wrong, and takes that
for the end; whatever was committed behind a damaged place would be gone without an error.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

_MAGIC = b"SQLite format 3\x00"
_LOG_MAGICS = {0x377F0682: "<", 0x377F0683: ">"}
_HEADER = struct.Struct(">8I")
_FRAME = struct.Struct(">6I")


def is_broken(path: Path) -> bool:
    """Whether the file's first page or a committed part of its log is damaged."""
    with path.open("rb") as file:
        start = file.read(len(_MAGIC))
    log = Path(f"{path}-wal")
    return start not in (b"", _MAGIC) or (log.exists() and _has_lost_commits(log.read_bytes()))


def _has_lost_commits(log: bytes) -> bool:
    if len(log) < _HEADER.size + _FRAME.size:
        return False
    magic, _, page, _, *rest = _HEADER.unpack_from(log)
    order = _LOG_MAGICS.get(magic)
    if order is None or _checksum(log[:24], (0, 0), order) != tuple(rest[2:]):
        return True
    salts, chain, is_whole = tuple(rest[:2]), tuple(rest[2:]), True
    for head, fields, data in _frames(log, page):
        if is_whole:
            chain = _checksum(data, _checksum(head[:8], chain, order), order)
            is_whole = fields[2:4] == salts and fields[4:] == chain
        # Frames of other salts are left over from before the log was begun anew.
        if not is_whole and fields[1] and fields[2:4] == salts:
            return True
    return False


def _frames(log: bytes, page: int) -> Iterator[tuple[bytes, tuple[int, ...], bytes]]:
    size = _FRAME.size + page
    for at in range(_HEADER.size, len(log) - size + 1, size):
        data_at = at + _FRAME.size
        yield log[at : data_at], _FRAME.unpack_from(log, at), log[data_at : at + size]


def _checksum(data: bytes, start: tuple[int, ...], order: str) -> tuple[int, ...]:
    first, second = start
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for at in range(0, len(words), 2):
        first = (first + words[at] + second) & 0xFFFFFFFF
        second = (second + words[at + 1] + first) & 0xFFFFFFFF
    return first, second
