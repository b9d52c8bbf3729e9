"""Whether a figure that somebody brings can be what a register shows, asked before it is taken.

Validation judges what came in; here a person can still look at the meter again. The field screen
asks the same questions without a network (``static/src/route/plausible.js``).
"""

from dataclasses import dataclass, replace
from decimal import Decimal

from .judge import Limits, Reading, rolls_over

DIGITS, BELOW, ABOVE_NEXT, TOO_FAST, TOO_MUCH = (
    "digits", "below_last", "above_next", "too_fast", "too_much",
)  # fmt: skip
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known of a register around a moment: the usable readings of the same meter before
    and after, its digits (0: unknown), the most it moves an hour, its multiplier, what it usually
    counts a day, multiplied, and how many times that is doubtful (0: never).
    """

    before: Reading | None = None
    after: Reading | None = None
    digits: int = 0
    per_hour: Decimal | None = None
    multiplier: Decimal = Decimal(1)
    usual: Decimal | None = None
    times: Decimal = Decimal(3)

    def after_own(self, reading):
        """The same with ``reading`` before it, when that is the nearer one."""
        if reading is None or self.before and self.before.ts >= reading.ts:
            return self
        return replace(self, before=reading)


def impossible(value, around):
    """(code, figures) of why the register cannot show ``value``; None when it can."""
    if around.digits and abs(value) >= Decimal(10) ** around.digits:
        return DIGITS, {"digits": around.digits}
    return None


def doubts(reading, around):
    """[(code, figures)…] of what speaks against the Reading of a cumulative register.

    One answer a side: what fell is not asked whether it rose too much.
    """
    found = []
    if around.before:
        found += _against_before(reading, around)
    if around.after and reading.value > around.after.value:
        limits = _limits(around)
        if not rolls_over(reading, around.after, limits):
            found.append((ABOVE_NEXT, {"value": around.after.value}))
    return found


def _against_before(reading, around):
    before, limits = around.before, _limits(around)
    moved = reading.value - before.value
    if moved < 0:
        if not rolls_over(before, reading, limits):
            return [(BELOW, {"value": before.value})]
        moved += limits.modulus
    seconds = max(reading.ts - before.ts, 0)
    if around.per_hour is not None and moved * 3600 > around.per_hour * seconds + 3600:
        return [(TOO_FAST, {"moved": moved})]
    # within a day nobody knows at which hour how much is usual
    days = max(Decimal(seconds) / _DAY, Decimal(1))
    if not around.usual or around.usual <= 0 or not around.times:
        return []
    times = moved * around.multiplier / (around.usual * days)
    return [(TOO_MUCH, {"times": round(times, 1)})] if times > around.times else []


def _limits(around):
    return Limits(
        per_hour=around.per_hour,
        modulus=Decimal(10) ** around.digits if around.digits else None,
    )
