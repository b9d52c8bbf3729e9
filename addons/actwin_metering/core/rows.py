"""Rows of a delivery sorted into what can be stored and what cannot, each with its reason."""

import re
from dataclasses import dataclass, field
from decimal import Decimal

from ..tools.decimals import plain
from .batch import Reject
from .limits import DECIMALS, FUTURE_TOLERANCE, INTEGER_DIGITS, OLDEST
from .text import as_text, is_key

_STATUSES = frozenset((0, 1, 2))
_PLAIN = r"-?\d{1,15}(?:\.\d{1,12})?"
_PLAIN_VALUES = re.compile(rf"{_PLAIN}(?:\n{_PLAIN})*", re.ASCII)
_VALUE = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_LONGEST_VALUE = 64


@dataclass(slots=True)
class Accepted:
    """Columns ready for the store: channel id, epoch seconds, decimal text, quality."""

    channel: list = field(default_factory=list)
    ts: list = field(default_factory=list)
    value: list = field(default_factory=list)
    quality: list = field(default_factory=list)

    def __len__(self):
        return len(self.channel)


def channel_keys(columns):
    """The well-formed channel keys among the rows."""
    return {key for key in _distinct(columns.channel) if is_key(key)}


def check(columns, channels, foreign, now):
    """(Accepted, [Reject]) of ``columns``.

    ``channels`` maps the keys the sender may deliver to channel ids, ``foreign`` holds known keys
    of other sites, ``now`` is in epoch seconds. A clean delivery is judged column by column in C;
    only one that holds a fault is walked row by row.
    """
    latest = now + FUTURE_TOLERANCE
    ids = _clean(columns, channels, latest)
    if ids is not None:
        return Accepted(ids, columns.ts, columns.value, columns.status), []
    return _walk(columns, channels, foreign, latest)


def _distinct(items):
    try:
        return set(items)
    except TypeError:  # something unhashable among them
        return {item for item in items if isinstance(item, str)}


def _clean(columns, channels, latest):
    """Channel ids of a delivery without any fault, else None."""
    if not len(columns):
        return []
    types = [set(map(type, column)) for column in (columns.ts, columns.status, columns.value)]
    if types != [{int}, {int}, {str}] or not _STATUSES.issuperset(columns.status):
        return None
    if min(columns.ts) < OLDEST or max(columns.ts) > latest:
        return None
    joined = "\n".join(columns.value)
    if joined.count("\n") != len(columns) - 1 or not _PLAIN_VALUES.fullmatch(joined):
        return None
    try:
        return [channels[key] for key in columns.channel]
    except (KeyError, TypeError):
        return None


def _walk(columns, channels, foreign, latest):
    accepted, rejects = Accepted(), []
    for index in range(len(columns)):
        try:
            channel = _channel(columns.channel[index], channels, foreign)
            ts = _ts(columns.ts[index], latest)
            value = _value(columns.value[index])
            quality = _status(columns.status[index])
        except _RowFault as fault:
            rejects.append(Reject(index, fault.reason, fault.text, columns.row(index)))
            continue
        accepted.channel.append(channel)
        accepted.ts.append(ts)
        accepted.value.append(value)
        accepted.quality.append(quality)
    return accepted, rejects


class _RowFault(Exception):
    def __init__(self, reason, text):
        super().__init__(text)
        self.reason = reason
        self.text = text


def _channel(key, channels, foreign):
    if not is_key(key):
        raise _RowFault("bad_channel", f"no channel key: {as_text(key, 60)}")
    if key in channels:
        return channels[key]
    if key in foreign:
        raise _RowFault("other_site", f"{key} belongs to another site")
    raise _RowFault("unknown_channel", f"there is no channel {key}")


def _ts(ts, latest):
    if type(ts) is float and ts.is_integer():
        ts = int(ts)
    if type(ts) is not int:
        raise _RowFault("bad_ts", f"no epoch seconds: {as_text(ts, 60)}")
    if ts < OLDEST:
        raise _RowFault("too_old", "the time lies before the year 2000")
    if ts > latest:
        raise _RowFault("future", "the time lies in the future")
    return ts


def exact_value(value):
    """Plain decimal text of a value that the store would take, None of any other."""
    try:
        return _value(value)
    except _RowFault:
        return None


def _value(value):
    if not isinstance(value, str) or len(value) > _LONGEST_VALUE or not _VALUE.fullmatch(value):
        raise _RowFault("bad_value", f"no decimal text: {as_text(value, 60)}")
    number = Decimal(value)
    if number and number.adjusted() >= INTEGER_DIGITS:
        raise _RowFault("bad_value", f"more than {INTEGER_DIGITS} digits: {as_text(value, 60)}")
    if number.as_tuple().exponent < -DECIMALS:
        raise _RowFault("bad_value", f"more than {DECIMALS} decimals: {as_text(value, 60)}")
    return plain(number) if number else "0"


def _status(status):
    if type(status) is not int or status not in _STATUSES:
        raise _RowFault("bad_status", f"status is 0, 1 or 2, not {as_text(status, 60)}")
    return status
