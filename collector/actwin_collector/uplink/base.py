# SPDX-License-Identifier: MIT
"""What every way to Odoo offers, and the wire forms they share (architecture: ingest contract)."""

from __future__ import annotations

import base64
import struct
import sys
import time
import zlib
from abc import ABC, abstractmethod
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..model import CollectorError, Reading
from ..outbox import Batch


class UplinkError(CollectorError):
    """Delivery failed. ``retryable``: waiting may help; else somebody has to mend something."""

    default_code = "uplink_failed"

    def __init__(self, message: str, code: str | None = None, retryable: bool = True) -> None:
        super().__init__(message, code)
        self.retryable = retryable


@dataclass(frozen=True, slots=True)
class Answer:
    """Odoo's answer to a batch; ``rejected`` rows as (index, reason code, text)."""

    accepted: int
    duplicates: int
    conflicts: int
    rejected: tuple[tuple[int, str, str], ...]

    def refusal(self, rows: int) -> tuple[str, str] | None:
        """Return (code, text) when a batch of ``rows`` readings was refused as a whole.

        Row index -1 concerns the batch, but not always its readings: an unreadable event is told
        the same way. So it counts only when readings are left without an answer of their own.
        """
        told = [(code, text) for index, code, text in self.rejected if index < 0]
        single = len(self.rejected) - len(told)
        answered = self.accepted + self.duplicates + self.conflicts + single
        header = [each for each in told if each[0] == "bad_header"]
        return (header or told)[0] if header or (told and answered < rows) else None


class Uplink(ABC):
    """A blocking client, used by one thread at a time; every method raises UplinkError."""

    @abstractmethod
    def push(self, collector: str, batch: Batch) -> Answer:
        """Deliver a batch; safe to repeat with the same batch."""

    @abstractmethod
    def get_config(self, collector: str) -> dict:
        """Return the site's document of lines, schedules and devices."""

    @abstractmethod
    def report_status(self, collector: str, status: Mapping) -> dict:
        """Hand over the collector's health; returns the current ``config_version`` and time."""

    @abstractmethod
    def fetch_commands(self, collector: str) -> list:
        """Return what people asked this collector to do, as Odoo tells it."""

    @abstractmethod
    def report_commands(self, collector: str, results: Sequence[Mapping]) -> list[str]:
        """Hand over results of commands; returns the ids that need not be told again."""

    @abstractmethod
    def close(self) -> None:
        """Drop the connection."""


def pack(collector: str, batch: Batch) -> tuple[dict, str]:
    """Return (header, payload) for ``ingest_packed``.

    Columns, little-endian: uint32 channel index, int64 epoch seconds, uint8 status, then the
    values as text joined by newlines; zlib, base64.
    """
    index: dict[str, int] = {}
    rows = batch.readings
    columns = array("I", (index.setdefault(row.channel, len(index)) for row in rows))
    stamps = array("q", (row.ts for row in rows))
    if sys.byteorder == "big":
        columns.byteswap()
        stamps.byteswap()
    data = b"".join(
        (
            columns.tobytes(),
            stamps.tobytes(),
            bytes(row.status for row in rows),
            "\n".join(row.value for row in rows).encode(),
        )
    )
    header = _envelope(collector, batch) | {"n": len(rows), "channels": list(index)}
    return header, base64.b64encode(zlib.compress(data, 6)).decode("ascii")


def unpack(header: Mapping, payload: str) -> list[Reading]:
    """Return the readings of a packed batch; raises ValueError. The receiver's half, for tests."""
    n = header["n"]
    data = zlib.decompress(base64.b64decode(payload))
    channels = struct.unpack_from(f"<{n}I", data, 0)
    stamps = struct.unpack_from(f"<{n}q", data, 4 * n)
    statuses = data[12 * n : 13 * n]
    values = data[13 * n :].decode().split("\n") if n else []
    if len(values) != n:
        raise ValueError("unequal lengths")
    keys = header["channels"]
    return [Reading(keys[channels[i]], stamps[i], values[i], statuses[i]) for i in range(n)]


def _envelope(collector: str, batch: Batch) -> dict:
    return {
        "batch_id": batch.batch_id,
        "collector": collector,
        "sent_at": iso(time.time()),
        "events": [
            {"device": e.device, "ts": e.ts, "code": e.code, "text": e.text} for e in batch.events
        ],
        "comm": [
            {
                "device": c.device,
                "started": round(c.started, 3),
                "ended": round(c.ended, 3),
                "ok": c.ok,
                "attempts": c.attempts,
                "error": c.error,
            }
            for c in batch.comms
        ],
    }


def iso(seconds: float) -> str:
    """Return epoch seconds as ISO 8601 UTC with a Z."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def parse_answer(answer: object) -> Answer:
    """Return the checked answer; raises UplinkError when it is not one."""
    try:
        rejected = tuple(
            (int(index), str(code), str(text)) for index, code, text in answer["rejected"] or ()
        )
        counts: Sequence[int] = [int(answer[key]) for key in ("accepted", "duplicates")]
        return Answer(*counts, int(answer.get("conflicts") or 0), rejected)
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        text = repr(answer)[:200]
        raise UplinkError(f"not an ingest answer: {text}", "bad_answer") from error


def parse_table(answer: object, what: str) -> dict:
    """Return an answer that has to be a table; raises UplinkError."""
    if not isinstance(answer, dict):
        raise UplinkError(f"{what} answered {repr(answer)[:200]}", "bad_answer")
    return answer


def parse_rows(answer: object, what: str) -> list:
    """Return an answer that has to be a list; raises UplinkError."""
    if not isinstance(answer, list):
        raise UplinkError(f"{what} answered {repr(answer)[:200]}", "bad_answer")
    return answer


def parse_taken(answer: object) -> list[str]:
    """Return the ids of an answer of report_commands; raises UplinkError."""
    taken = parse_table(answer, "report_commands").get("taken")
    return [each for each in parse_rows(taken, "report_commands") if isinstance(each, str)]
