"""The period, its tariff versions and the share of time each part takes."""

import calendar
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from .errors import CaseError, TariffGap
from .facts import Segment
from .model import Version
from .money import ZERO, shares
from .profile import filled, totals

DAY = Decimal(86400)


@dataclass(frozen=True, slots=True)
class Span:
    """A part of the period with one version and one set of quantities."""

    start: datetime
    end: datetime
    version: Version
    quantities: dict


def days(start, end):
    """Length in days as an exact Decimal (an hour is 1/24, never a float)."""
    delta = end - start
    return (Decimal(delta.days) * DAY + Decimal(delta.seconds)) / DAY


def months(start, end, rule):
    """Length in months: ``none`` counts the period as one, ``days30`` as days/30,
    ``days_in_month`` day by day over the length of each calendar month."""
    if rule == "none":
        return Decimal(1)
    if rule == "days30":
        return days(start, end) / 30
    total, cursor = ZERO, start
    while cursor < end:
        length = calendar.monthrange(cursor.year, cursor.month)[1]
        first = cursor.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        following = (first + timedelta(days=32)).replace(day=1)
        stop = min(end, following)
        total += days(cursor, stop) / length
        cursor = stop
    return total


def validity(versions):
    """[(from, to or None, version)] in time order; an open version ends where the next begins."""
    ordered = sorted(versions, key=lambda version: version.valid_from)
    rows = []
    for index, version in enumerate(ordered):
        following = ordered[index + 1].valid_from if index + 1 < len(ordered) else None
        stop = version.valid_to
        if following and (stop is None or stop > following):
            stop = following
        rows.append((version.valid_from, stop, version))
    return rows


def version_spans(start, end, versions):
    """[(start, end, version)] covering the period without a hole.

    Raises TariffGap naming every uncovered interval.
    """
    spans, gaps, cursor = [], [], start
    for begin, stop, version in validity(versions):
        begin, stop = max(begin, cursor), min(stop or end, end)
        if begin >= stop:
            continue
        if begin > cursor:
            gaps.append((cursor, begin))
        spans.append((begin, stop, version))
        cursor = stop
    if cursor < end:
        gaps.append((cursor, end))
    if gaps:
        listed = [[a.isoformat(), b.isoformat()] for a, b in gaps]
        text = ", ".join(f"{a} … {b}" for a, b in listed)
        raise TariffGap(f"no tariff version for {text}", gaps=listed)
    return spans


def _split(segment, cuts, profile, digits):
    """One segment cut at version changes: by the registers' profiles, else by time."""
    points = [segment.start, *cuts, segment.end]
    pieces = list(zip(points, points[1:], strict=False))
    time = [days(begin, stop) for begin, stop in pieces]
    known = totals(profile, pieces)
    columns = {
        key: [value] * len(pieces)
        if value is None or key.startswith("demand")
        else shares(value, known.get(key.partition(".")[0], time), digits)
        for key, value in segment.quantities.items()
    }
    return [
        Segment(begin, stop, {key: column[index] for key, column in columns.items()})
        for index, (begin, stop) in enumerate(pieces)
    ]


def spans(case):
    """The period cut at every version change and every snapshot, merged per version."""
    covered = version_spans(case.start, case.end, case.versions)
    digits, pieces = case.rounding.quantity, _pieces(case, [row[0] for row in covered[1:]])
    found = []
    for begin, stop, version in covered:
        mine = [piece for piece in pieces if begin <= piece.start < stop]
        if case.profile:
            mine = [filled(piece, version, case.profile, digits) for piece in mine]
        found.append(Span(begin, stop, version, merge(mine)))
    return found


def _pieces(case, changes):
    """The segments, in time order and cut at the changes; together they are the period."""
    pieces, cursor = [], case.start
    for segment in sorted(case.segments, key=lambda item: item.start):
        if segment.start != cursor:
            raise CaseError("segments", f"expected a segment from {cursor.isoformat()}")
        cuts = [change for change in changes if segment.start < change < segment.end]
        pieces += _split(segment, cuts, case.profile, case.rounding.quantity) if cuts \
            else [segment]
        cursor = segment.end
    if cursor != case.end:
        raise CaseError("segments", f"they end at {cursor.isoformat()}, not at the period's end")
    return pieces


def merge(pieces):
    """Sum the quantities of several segments; demand takes the maximum; None stays missing."""
    result = {}
    for piece in pieces:
        for key, value in piece.quantities.items():
            if key not in result:
                result[key] = value
            elif value is None or result[key] is None:
                result[key] = None
            elif key.startswith("demand"):
                result[key] = max(result[key], value)
            else:
                result[key] += value
    return result
