"""What a load profile tells about a part of the period: its share, its bands, its demand."""

from decimal import Decimal

from .errors import CaseError
from .facts import Segment
from .model import ACTIVE, DEMAND
from .money import ZERO, shares

QUARTER = 15


def totals(profile, pieces):
    """{register: [energy of each piece]} of the registers whose profile covers all of them.

    :param pieces: [(start, end)] in time order. A profile with a hole splits nothing.
    """
    found = {}
    for register, series in profile.items():
        if series.covers(pieces[0][0], pieces[-1][1]):
            sums = [series.window(*piece).total() for piece in pieces]
            if None not in sums:
                found[register] = sums
    return found


def filled(segment, version, profile, digits):
    """The segment with what its registers' profiles add: totals, bands and demand.

    A register's own reading stands: the profile gives only the shape, and the bands are scaled
    to it so that their sum is exactly the reading.
    """
    values = dict(segment.quantities)
    for register, series in profile.items():
        if not series.covers(segment.start, segment.end):
            raise CaseError(f"profile.{register}", f"does not cover {segment.start.isoformat()}"
                            f" … {segment.end.isoformat()}")
        window = series.window(segment.start, segment.end)
        if values.get(register) is None:
            values[register] = window.total()
        if version.calendar and not any(key.startswith(f"{register}.") for key in values):
            values |= _bands(register, values[register], version.calendar.sums(window), digits)
        if register == ACTIVE and DEMAND not in values:
            values |= _demand(window)
    return Segment(segment.start, segment.end, values)


def _bands(register, total, sums, digits):
    if total is None or None in sums.values() or (total and not any(sums.values())):
        return {f"{register}.{band}": None for band in sums}
    parts = shares(total, list(sums.values()), digits)
    return {f"{register}.{band}": part for band, part in zip(sums, parts, strict=True)}


def _demand(window):
    """Greatest mean power of a quarter hour in kW; longer intervals tell nothing about it."""
    if window.minutes != QUARTER or None in window.values:
        return {}
    return {DEMAND: max(window.values, default=ZERO) * Decimal(60 // QUARTER)}
