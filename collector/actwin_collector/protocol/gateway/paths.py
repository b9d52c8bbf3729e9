# SPDX-License-Identifier: MIT
"""Looks into JSON objects by dotted paths, and reads JSON without ever raising anything else."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from ...model import FrameError

MAX_BYTES = 1 << 20
MAX_MESSAGES = 5000
# Numbers with more digits than any meter has would only cost time.
_MAX_DIGITS = 40


def read_json(data: bytes | str) -> object:
    """Return the value in JSON text, numbers as exact decimals; raises FrameError by name."""
    if len(data) > MAX_BYTES:
        raise FrameError(f"{len(data)} bytes of JSON are too many", "oversized")
    try:
        return json.loads(data, parse_float=_exact, parse_constant=_constant)
    except (ValueError, RecursionError) as error:
        raise FrameError(f"not JSON: {error}", "bad_json") from None


def _exact(text: str) -> Decimal:
    if len(text) > _MAX_DIGITS:
        raise ValueError("a number with too many digits")
    return Decimal(text)


def _constant(text: str) -> None:
    return None


def look(value: object, path: str) -> object:
    """Return what stands at a path such as ``device.id`` or ``rx.0.rssi``; None when nothing."""
    for step in path.split(".") if path else ():
        if isinstance(value, Mapping):
            value = value.get(step)
        elif isinstance(value, Sequence) and not isinstance(value, str) and step.isdecimal():
            value = value[int(step)] if int(step) < len(value) else None
        else:
            return None
    return value


def first(value: object, paths: Iterable[str]) -> object:
    """Return what stands at the first path where anything does."""
    return next((found for path in paths if (found := look(value, path)) is not None), None)


def messages(value: object, each: str = "") -> Iterator[object]:
    """Yield a message, or the messages of a list."""
    found = look(value, each)
    if isinstance(found, Sequence) and not isinstance(found, str):
        yield from found[:MAX_MESSAGES]
    elif found is not None:
        yield found


def number(value: object) -> Decimal | None:
    """Return a finite number that stands as number, text or truth value; None when it is none."""
    if isinstance(value, bool):
        return Decimal(int(value))
    if isinstance(value, (int, Decimal, str)) and len(str(value)) <= _MAX_DIGITS:
        try:
            found = Decimal(value.strip() if isinstance(value, str) else value)
        except InvalidOperation:
            return None
        return found if found.is_finite() and abs(found.adjusted()) < _MAX_DIGITS else None
    return None


def moment(value: object) -> datetime | None:
    """Return the instant in ISO text or in seconds or milliseconds since 1970; None when none."""
    if isinstance(value, str) and not value.replace(".", "", 1).isdecimal():
        return _iso(value)
    seconds = number(value)
    if seconds is None or seconds <= 0:
        return None
    if seconds > 100_000_000_000:
        seconds /= 1000
    try:
        return datetime.fromtimestamp(float(seconds), UTC)
    except (OverflowError, OSError, ValueError):
        return None


def _iso(text: str) -> datetime | None:
    # Python 3.11 reads at most microseconds; network servers send nanoseconds.
    head, dot, tail = text.strip().partition(".")
    if dot:
        digits = len(tail) - len(tail.lstrip("0123456789"))
        text = f"{head}.{tail[: min(digits, 6)]}{tail[digits:]}"
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None
