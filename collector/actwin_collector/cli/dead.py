# SPDX-License-Identifier: MIT
"""What ``drain --dead`` shows: readings Odoo refused for good, messages we failed on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from ..listening.dead import DeadMessage
from ..outbox_dead import DeadLetter
from ..uplink.base import iso

_TEXT = 60


def show(
    counts: Mapping[str, int],
    letters: Sequence[DeadLetter],
    messages: Sequence[DeadMessage],
    as_json: bool,
) -> None:
    """Print them, the newest first; ``counts``: all readings by code."""
    if as_json:
        rows = {
            "counts": dict(counts),
            "readings": [_letter(each) for each in letters],
            "messages": [_message(each) for each in messages],
        }
        print(json.dumps(rows, ensure_ascii=False))
        return
    named = ", ".join(f"{count} {code}" for code, count in counts.items())
    print(f"{sum(counts.values())} readings refused for good" + (f": {named}" if named else ""))
    for row in map(_letter, letters):
        print(
            f"{row['refused_at']}  {row['channel']} of {row['ts']} = {row['value']}: "
            f"{row['text']} [{row['code']}]"
        )
    if len(letters) < sum(counts.values()):
        print(f"… the newest {len(letters)}; --limit shows more")
    print(f"{len(messages)} messages that the collector failed on")
    for row in map(_message, messages):
        where = f" from {row['where']}" if row["where"] else ""
        print(f"{row['time']}  line {row['line']}{where}: {row['error']}")
        print(f"  {row['telegram'][:_TEXT]}{'…' * (len(row['telegram']) > _TEXT)}  {row['name']}")


def _letter(dead: DeadLetter) -> dict:
    reading = dead.reading
    return {
        "channel": reading.channel,
        "ts": iso(reading.ts),
        "value": reading.value,
        "status": reading.status,
        "code": dead.code,
        "text": dead.text,
        "refused_at": iso(dead.refused_at),
    }


def _message(dead: DeadMessage) -> dict:
    return {
        "line": dead.line,
        "where": dead.where,
        "time": iso(dead.time),
        "error": dead.error,
        "telegram": dead.data.hex().upper(),
        "name": dead.name,
    }
