# SPDX-License-Identifier: MIT
"""Answers spoilt on purpose, so that a technician learns what each fault looks like."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ...protocol.dlms import hdlc
from ..ports import Session

_NOISE = bytes.fromhex("00FF7E0D55AA")


def _damaged(answer: bytes, _: bytes) -> bytes:
    at = len(answer) - (2 if answer[-1] == hdlc.FLAG else 1)
    return answer[:at] + bytes((answer[at] ^ 0x10,)) + answer[at + 1 :]


def _truncated(answer: bytes, _: bytes) -> bytes:
    return answer[: len(answer) * 2 // 3]


def _misaddressed(answer: bytes, _: bytes) -> bytes:
    if answer[0] != hdlc.FLAG:
        return answer[:3] + bytes((answer[3] ^ 0x40,)) + answer[4:]
    # The client's address, one byte after flag and format; the check sequences fit again.
    [frame] = hdlc.split(answer)
    meter = answer[4 : 5 if answer[4] & 1 else (6 if answer[5] & 1 else 8)]
    client = hdlc.encode_address(frame.target ^ 0x20, size=1)
    return hdlc.build(client, meter, frame.control, frame.info, frame.segmented)


def _oversized(answer: bytes, _: bytes) -> bytes:
    if answer[0] != hdlc.FLAG:
        return answer[:6] + b"\xff\xff" + answer[8:] + bytes(0xFFFF)
    return answer[:1] + b"\xa7\xff" + answer[3:-1] + bytes(2048) + answer[-1:]


def _replayed(answer: bytes, before: bytes) -> bytes:
    return before or answer


def _noisy(answer: bytes, _: bytes) -> bytes:
    return _NOISE + answer


FAULTS: Mapping[str, Callable[[bytes, bytes], bytes]] = {
    "damaged": _damaged,
    "truncated": _truncated,
    "misaddressed": _misaddressed,
    "oversized": _oversized,
    "replayed": _replayed,
    "noise": _noisy,
}


class FaultySession:
    """Spoils every ``every``-th answer of a session."""

    def __init__(self, inner: Session, fault: str, every: int) -> None:
        self._inner = inner
        self._change = FAULTS[fault]
        self._every = every
        self._count = 0
        self._before = b""

    def feed(self, data: bytes) -> bytes:
        """Take received bytes; return the answer."""
        answer = self._inner.feed(data)
        if not answer:
            return b""
        self._count += 1
        before, self._before = self._before, answer
        return answer if self._count % self._every else self._change(answer, before)
