"""Pools to shares: the weight of each part by the pool's key, and the sum divided by it."""

from decimal import Decimal

from ..errors import CaseError
from ..formula import FormulaError, formula_of
from ..money import ZERO, rounded, text
from .divide import divide
from .model import Share

PLACES = 6


def share(pool, parts, digits=2):
    """[Share] of a pool; Σ amounts == the pool's amount.

    Raises CaseError when a fact that the key needs is missing, or nobody has any weight.
    """
    parts = [part for part in parts if part.unit.key not in pool.excluded]
    shares = _shares(pool, pool.by, parts, pool.amount, digits)
    return [
        Share(pool.key, part.unit.key, part.payer, amount, weight, total, part.vacant, trace)
        for part, (amount, weight, total, trace) in zip(parts, shares, strict=True)
    ]


def _shares(pool, key, parts, amount, digits):
    """[(amount, weight, Σ weights, trace)] for each part."""
    if key.kind == "weighted":
        return _mixed(pool, key, parts, amount, digits)
    weights = [_weight(pool, key, part) for part in parts]
    total = sum(weights, ZERO)
    try:
        amounts = divide(amount, weights, digits)
    except ValueError as error:
        raise CaseError(f"pool {pool.key}", str(error)) from None
    return [
        (mine, weight, total, {
            "key": key.kind, **({"fact": key.fact} if key.fact else {}),
            "time": text(rounded(part.time, PLACES)),
            "formula": f"{text(amount)} × {_short(weight)} / {_short(total)} = {text(mine)}"})
        for part, weight, mine in zip(parts, weights, amounts, strict=True)
    ]


def _short(weight):
    """A weight without zeros after the point, because people read formulas."""
    return text(rounded(weight, PLACES)).rstrip("0").rstrip(".")


def _mixed(pool, key, parts, amount, digits):
    """A part of the sum by each of several keys (70 % by consumption, 30 % by area)."""
    sums = divide(amount, [share for share, _key in key.parts], digits)
    columns = [
        _shares(pool, inner, parts, value, digits)
        for value, (_share, inner) in zip(sums, key.parts, strict=True)
    ]
    rows = []
    for cells in zip(*columns, strict=True):
        mine = sum((cell[0] for cell in cells), ZERO)
        rows.append((mine, mine, amount, {
            "key": "weighted", "parts": [cell[3] | {"amount": text(cell[0])} for cell in cells]}))
    return rows


def _weight(pool, key, part):
    time = part.time if key.by_time else Decimal(1)
    if key.kind == "equal":
        return time
    if key.kind == "fact":
        return _fact(pool, part, key.fact) * time
    if key.kind == "consumption":
        return _consumption(pool, part)
    if key.kind == "fixed":
        return key.shares.get(part.unit.key, ZERO) * time
    return _formula(pool, key, part)


def _fact(pool, part, name):
    value = part.facts.get(name)
    if value is None:
        raise CaseError(f"pool {pool.key}", f"unit {part.unit.key} has no {name}")
    return value


def _consumption(pool, part):
    """Vacant time without a reading of its own consumed nothing; a tenant's must be known."""
    if part.consumption is None and not part.vacant:
        raise CaseError(f"pool {pool.key}", f"unit {part.unit.key} has no consumption")
    return part.consumption or ZERO


def _formula(pool, key, part):
    values = {**part.facts, "consumption": part.consumption, "time": part.time}
    try:
        result = formula_of(key.formula, tuple(values))(values)
    except FormulaError as error:
        raise CaseError(f"pool {pool.key}", str(error)) from None
    if result is None or result < 0:
        raise CaseError(f"pool {pool.key}", f"the formula has no weight for {part.unit.key}")
    return result
