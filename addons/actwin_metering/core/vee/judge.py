"""Which readings of a register cannot be right, judged one after the other.

A bad reading must never become the base for the next one: it is held until the following
readings tell whether it was a single slip, or the register really stands elsewhere now.
"""

from dataclasses import dataclass
from decimal import Decimal

SPIKE, FELL, JUMPED = "V02", "V06", "V18"

_SLIP_RATE = 5
"""A rise this many times faster than the way around it is the slip, not the fall after it."""

_NEAR_ZERO = Decimal("0.001")


@dataclass(frozen=True, slots=True)
class Reading:
    """``ts`` epoch seconds; ``fixed``: an operator's word, taken as it is."""

    ts: int
    value: Decimal
    fixed: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one register: most it moves an hour (None: unknown), its range, its last digit.

    ``confirm``: so many readings in a row at another level make it the register's real one.
    """

    per_hour: Decimal | None = None
    modulus: Decimal | None = None
    resolution: Decimal = Decimal("0.001")
    confirm: int = 3


@dataclass(frozen=True, slots=True)
class Verdict:
    """A reading that cannot stand. ``reject``: surely wrong; ``shift``: the level stays changed."""

    ts: int
    code: str
    value: Decimal
    base: Decimal
    reject: bool = False
    shift: bool = False


def judge(readings, limits):
    """Verdicts on the readings of one meter's register, oldest first."""
    return _Walk(list(readings), limits).verdicts()


def judge_intervals(readings, limits, minutes):
    """Verdicts on interval consumption: below zero, or above what an interval can carry."""
    most = None if limits.per_hour is None else limits.per_hour * minutes / 60
    found = []
    for reading in readings:
        if reading.fixed:
            continue
        if reading.value < 0:
            found.append(Verdict(reading.ts, FELL, reading.value, Decimal(0)))
        elif most is not None and reading.value > most + limits.resolution:
            found.append(Verdict(reading.ts, JUMPED, reading.value, most))
    return found


def rolls_over(before, after, limits):
    """Whether a fall is a roll-over: within the limit an hour, else from last to first tenth.

    The rollup counts roll-overs by the same condition (``rollup_sql.STEPS``), there without the
    tolerance that ``limits`` may hold.
    """
    if limits.modulus is None or after.value >= before.value:
        return False
    if limits.per_hour is not None:
        moved = after.value - before.value + limits.modulus
        return moved * 3600 <= limits.per_hour * (after.ts - before.ts)
    tenth = limits.modulus / 10
    return before.value >= 9 * tenth and after.value <= tenth


def follows(before, after, limits):
    """Whether the register may go from one reading to the other."""
    moved = after.value - before.value
    if moved < 0:
        return rolls_over(before, after, limits)
    if limits.per_hour is None:
        return True
    return moved * 3600 <= limits.per_hour * (after.ts - before.ts) + limits.resolution * 3600


class _Walk:
    def __init__(self, readings, limits):
        self.readings, self.limits = readings, limits
        self.prior = self.base = None
        self.found = {}

    def verdicts(self):
        for at, reading in enumerate(self.readings):
            following = self.readings[at + 1 : at + 1 + self.limits.confirm]
            if self._may_follow(reading) or self._base_slipped(reading, following):
                self.prior, self.base = self.base, reading
            else:
                self._hold(reading, following)
        return sorted(self.found.values(), key=lambda verdict: verdict.ts)

    def _may_follow(self, reading):
        return self.base is None or reading.fixed or follows(self.base, reading, self.limits)

    def _base_slipped(self, reading, following):
        """Whether the base itself is the bad one; then the reading before it is the base again."""
        prior, base = self.prior, self.base
        if prior is None or base.fixed or not follows(prior, reading, self.limits):
            return False
        if any(follows(base, each, self.limits) for each in following):
            return False
        rise = (base.value - prior.value) * (reading.ts - prior.ts)
        around = max(reading.value - prior.value, self.limits.resolution) * (base.ts - prior.ts)
        if rise <= _SLIP_RATE * around:
            return False
        self._note(Verdict(base.ts, SPIKE, base.value, prior.value))
        self.base = prior
        return True

    def _hold(self, reading, following):
        fell = reading.value < self.base.value
        if any(follows(self.base, each, self.limits) for each in following):
            zeroed = fell and reading.value <= self.base.value * _NEAR_ZERO
            code = FELL if fell else SPIKE
            self._note(Verdict(reading.ts, code, reading.value, self.base.value, reject=zeroed))
            return
        shift = self._stays([reading, *following])
        code = FELL if fell else JUMPED
        self._note(Verdict(reading.ts, code, reading.value, self.base.value, shift=shift))
        if shift:
            self.prior, self.base = None, reading

    def _stays(self, run):
        pairs = zip(run, run[1:], strict=False)
        return len(run) > self.limits.confirm and all(follows(*pair, self.limits) for pair in pairs)

    def _note(self, verdict):
        self.found[verdict.ts] = verdict
