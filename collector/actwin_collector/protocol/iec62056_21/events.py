# SPDX-License-Identifier: MIT
"""Meter events: VDEW logs (P.98 …), Turkish outage and cover lists, P1 power failures, F.F.0."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from ...model import MeterEvent
from .datasets import DataSet, parse_data_sets
from .options import Options
from .stamps import parse_stamp, season_of, to_aware
from .status import mass_flags, vdew_flags
from .values import short_code

_LOG = re.compile(r"P\.\d{2,3}")
# 96.77.KIND*n (start,end)
_SPAN = re.compile(r"96\.77\.(\d{1,2})(?:\*\d+)?")
_COVER = re.compile(r"96\.7([01])(?:\*\d+)?")
_KINDS = {
    "0": "outage of all phases",
    "1": "outage of phase 1",
    "2": "outage of phase 2",
    "3": "outage of phase 3",
    "4": "voltage warning",
    "5": "current warning",
    "6": "magnetic field warning",
}
_COVERS = {"0": "body cover opened", "1": "terminal cover opened"}
_P1_FAILURES = "99.97.0"
_STATUS = "F.F.0"


def events_of(text: str, options: Options, now: datetime | None = None) -> list[MeterEvent]:
    """Return the events in a log or readout, oldest first.

    Stamps that are all zeros are empty places of a list. A condition of F.F.0 has no time of its
    own: it gets the minute of ``now``, and is left out without one.
    """
    found: list[MeterEvent] = []
    for data_set in parse_data_sets(text).data_sets:
        found += _events(data_set, options, now)
    return sorted(set(found), key=lambda event: (event.ts, event.code))


class Told:
    """Remembers what each device's last list held, so that a repeated entry is told once.

    A condition of F.F.0 is the same entry as long as its bit stays set, whatever the time.
    """

    def __init__(self) -> None:
        self._last: dict[str, set[tuple[datetime | None, str]]] = {}

    def without_old_conditions(
        self, device: str, events: Sequence[MeterEvent]
    ) -> list[MeterEvent]:
        """Return the events but for conditions that lasted already; for lists asked by time."""
        fresh = self.fresh(device, [event for event in events if is_condition(event)])
        return [event for event in events if event in fresh or not is_condition(event)]

    def fresh(self, device: str, events: Sequence[MeterEvent]) -> list[MeterEvent]:
        """Return the events that the list before did not hold."""
        before = self._last.get(device, set())
        self._last[device] = {_entry(event) for event in events}
        return [event for event in events if _entry(event) not in before]


def is_condition(event: MeterEvent) -> bool:
    """Whether an event is a state that lasts rather than something that happened."""
    return event.code.startswith(_STATUS)


def _entry(event: MeterEvent) -> tuple[datetime | None, str]:
    return (None if is_condition(event) else event.ts, event.code)


def has_events(text: str) -> bool:
    """Whether a readout has any place for events, filled or not."""
    codes = {short_code(data_set.code) for data_set in parse_data_sets(text).data_sets}
    places = (_LOG, _SPAN, _COVER)
    return bool(codes & {_STATUS, _P1_FAILURES}) or any(
        place.fullmatch(code) for code in codes for place in places
    )


def _events(
    data_set: DataSet, options: Options, now: datetime | None
) -> Iterator[MeterEvent]:
    code, values = short_code(data_set.code), data_set.values
    if _LOG.fullmatch(code):
        yield from _log_entry(code, values, options)
    elif match := _SPAN.fullmatch(code):
        yield from _span(match[1], values, options)
    elif match := _COVER.fullmatch(code):
        yield from _cover(match[1], values, options)
    elif code == _P1_FAILURES:
        yield from _p1_failures(values, options)
    elif code == _STATUS and options.status_bits == "mass" and now is not None:
        # The lists know minutes only: a condition must not stand after what they will tell later.
        minute = now.replace(second=0, microsecond=0)
        for bit, name in mass_flags(values[0].strip()).items():
            yield MeterEvent(minute, f"F.F.0:{bit}", name.replace("_", " "))


def _stamp(text: str, options: Options) -> datetime | None:
    local = parse_stamp(text.strip())
    if local is None:
        return None
    return to_aware(local, season_of(text.strip()), options.zone, options.summer_time)


def _log_entry(code: str, values: tuple[str, ...], options: Options) -> Iterator[MeterEvent]:
    """``P.98(stamp)(status)()(n)(code)(unit)…(value)…``: n pairs, then n values."""
    stamp = _stamp(values[0], options)
    if stamp is None or len(values) < 2:
        return
    status = values[1].strip()
    count = int(values[3]) if len(values) > 3 and re.fullmatch(r"\d{1,2}", values[3]) else 0
    names, told = values[4 : 4 + 2 * count : 2], values[4 + 2 * count :]
    pairs = [f"{name}={value}" for name, value in zip(names, told, strict=False)]
    text = ", ".join([*vdew_flags(status), *pairs])
    yield MeterEvent(stamp, f"{code}:{status}", text)


def _span(kind: str, values: tuple[str, ...], options: Options) -> Iterator[MeterEvent]:
    """An outage or warning stands in the list once it is over: its end is its time."""
    first, _, second = ",".join(values).rpartition(",")
    first, _, day = first.rpartition(",")
    start, end = _stamp(first, options), _stamp(f"{day},{second}", options)
    if start is None or end is None or end < start:
        return
    what = _KINDS.get(kind[0], "event")
    if len(kind) > 1:
        what = f"short {what}"
    minutes = int((end - start).total_seconds()) // 60
    yield MeterEvent(end, f"96.77.{kind}", f"{what} from {start.isoformat()}, {minutes} min")


def _cover(kind: str, values: tuple[str, ...], options: Options) -> Iterator[MeterEvent]:
    stamp = _stamp(values[0], options)
    if stamp is None:
        return
    count = values[1].strip() if len(values) > 1 else ""
    times = f", {int(count)} times in the month" if count.isdecimal() else ""
    yield MeterEvent(stamp, f"96.7{kind}", _COVERS[kind] + times)


def _p1_failures(values: tuple[str, ...], options: Options) -> Iterator[MeterEvent]:
    """``(n)(0-0:96.7.19)(end)(seconds*s)…``."""
    for end, duration in zip(values[2::2], values[3::2], strict=False):
        stamp = _stamp(end, options)
        seconds = duration.partition("*")[0].strip()
        if stamp is not None and seconds.isdecimal():
            yield MeterEvent(stamp, _P1_FAILURES, f"power failure of {int(seconds)} s")
