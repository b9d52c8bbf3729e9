"""A delivery taken apart: header, columns, events and dialogues, each fault with its reason."""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime

from .limits import MAX_ROWS
from .text import as_moment, as_text, is_key

BATCH_ROW = -1
"""Row index of a refusal that concerns the delivery as a whole."""


class Refused(Exception):
    """The delivery, or a part of it, cannot be read. ``reason`` is a code, ``text`` says why."""

    def __init__(self, reason, text):
        super().__init__(text)
        self.reason = reason
        self.text = text


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that is not taken; ``row`` is (channel, ts, value, status) as sent, as text."""

    index: int
    reason: str
    text: str
    row: tuple = ("", "", "", "")

    def answer(self):
        return [self.index, self.reason, self.text]


@dataclass(frozen=True, slots=True)
class Columns:
    """Rows by column, all of the same length, contents unchecked."""

    channel: list = field(default_factory=list)
    ts: list = field(default_factory=list)
    value: list = field(default_factory=list)
    status: list = field(default_factory=list)

    def __len__(self):
        return len(self.channel)

    def row(self, index):
        row = (self.channel[index], self.ts[index], self.value[index], self.status[index])
        return tuple(as_text(item) for item in row)


@dataclass(slots=True)
class Batch:
    """A readable delivery. ``rejects`` holds what was found unreadable so far."""

    batch_id: str
    collector: str
    sent_at: datetime | None
    columns: Columns
    events: list
    comm: list
    rejects: list
    digest: str = ""


def parse(batch):
    """Batch of the plain form (architecture.md, "Ingest contract"); Refused on a bad header."""
    result = parse_header(batch)
    points = batch.get("points") or {}
    result.digest = digest([points, batch.get("events"), batch.get("comm")])
    try:
        result.columns = _columns(points)
    except Refused as refused:
        result.rejects.append(Reject(BATCH_ROW, refused.reason, refused.text))
    return result


def parse_header(header):
    """Batch without rows of a header; Refused when batch id or collector is missing."""
    if not isinstance(header, dict):
        raise Refused("bad_header", "the batch is not a mapping")
    for name in ("batch_id", "collector"):
        if not is_key(header.get(name)):
            raise Refused("bad_header", f"{name} is missing or not a printable text")
    rejects = []
    return Batch(
        batch_id=header["batch_id"],
        collector=header["collector"],
        sent_at=as_moment(header.get("sent_at")),
        columns=Columns(),
        events=_records(header, "events", _event, rejects),
        comm=_records(header, "comm", _dialogue, rejects),
        rejects=rejects,
    )


def digest(content):
    """Fingerprint of what a batch holds; empty when it cannot be serialised."""
    try:
        data = json.dumps(content, default=str).encode()
    except (TypeError, ValueError, RecursionError):
        return ""
    return hashlib.sha256(data).hexdigest()


def _columns(points):
    if not isinstance(points, dict):
        raise Refused("bad_type", "points is not a mapping of columns")
    channel = points.get("channel", [])
    named = {name: points.get(name, []) for name in ("channel", "ts", "value")}
    named["status"] = points.get("status")
    if named["status"] is None:
        named["status"] = [0] * len(channel) if isinstance(channel, list) else []
    for name, column in named.items():
        if not isinstance(column, list):
            raise Refused("bad_type", f"points.{name} is not a list")
    lengths = {name: len(column) for name, column in named.items()}
    if len(set(lengths.values())) > 1:
        raise Refused("unequal_lengths", f"the columns differ in length: {lengths}")
    if len(channel) > MAX_ROWS:
        raise Refused("too_many_rows", f"{len(channel)} rows, at most {MAX_ROWS} are taken at once")
    return Columns(**named)


def _records(header, name, convert, rejects):
    """Readable records of the list ``header[name]``; the others are noted as rejects."""
    items = header.get(name) or []
    if not isinstance(items, list):
        rejects.append(Reject(BATCH_ROW, "bad_type", f"{name} is not a list"))
        return []
    if len(items) > MAX_ROWS:
        text = f"{len(items)} {name}, at most {MAX_ROWS} are taken at once"
        rejects.append(Reject(BATCH_ROW, "too_many_rows", text))
        return []
    records = []
    for index, item in enumerate(items):
        record = convert(item) if isinstance(item, dict) else None
        if record is None:
            text = f"{name}[{index}] is unreadable: {as_text(item, 80)}"
            rejects.append(Reject(BATCH_ROW, "bad_type", text))
        else:
            records.append(record)
    return records


def _event(item):
    ts = as_moment(item.get("ts"))
    code = item.get("code")
    code = as_text(code) if type(code) is int else code
    if not (is_key(item.get("device")) and ts and is_key(code)):
        return None
    return {
        "device_key": item["device"],
        "ts": ts.isoformat(),
        "code": code,
        "text": as_text(item.get("text") or "", 500),
    }


def _dialogue(item):
    started = as_moment(item.get("started"))
    if not (is_key(item.get("device")) and started):
        return None
    ended = as_moment(item.get("ended")) or started
    attempts = item.get("attempts")
    return {
        "device_key": item["device"],
        "started": started.isoformat(),
        "ended": ended.isoformat(),
        "duration": max(0.0, (ended - started).total_seconds()),
        "ok": bool(item.get("ok")),
        "attempts": attempts if type(attempts) is int and 0 <= attempts < 10_000 else 1,
        "error": as_text(item.get("error") or "", 500),
    }
