"""A supplier's bill shared among sub-meters, reconciled to 0.00.

Modes: ``unit_cost`` (the bill ÷ Σ consumption is everybody's price), ``mirror`` (each line of the
bill by a key of its own), ``fixed`` (a price agreed, the rest is somebody's difference) and
``tariff`` (each unit priced by the engine as if it were a subscriber; its totals come in as
``given``).
"""

from dataclasses import dataclass
from decimal import Decimal

from ..errors import CaseError
from ..money import ZERO, rounded, text
from .model import Key, Pool, Share
from .pools import share

MODES = ("unit_cost", "mirror", "fixed", "tariff")
CONSUMPTION = Key("consumption")


@dataclass(frozen=True, slots=True)
class Settlement:
    """Σ shares + difference == bill. ``missing_energy`` is what the main meter measured beyond
    its sub-meters (losses, common areas, unmetered), ``missing_share`` its part of the main."""

    shares: tuple[Share, ...]
    billed: Decimal
    difference: Decimal
    missing_energy: Decimal | None
    missing_share: Decimal | None


def settle(mode, lines, parts, *, main=None, price=None, given=None, digits=2):
    """Settlement of a bill.

    :param lines: [Pool], the lines of the supplier's bill (taxes among them); their keys are used
        by ``mirror`` only
    :param main: energy of the main meter, to name what is missing
    :param price: price of a unit for ``fixed``; ``given``: {(unit, payer): amount} for ``tariff``
    """
    billed = sum((line.amount for line in lines), ZERO)
    if mode == "mirror":
        shares = [item for line in lines for item in share(line, parts, digits)]
    elif mode == "unit_cost":
        shares = share(Pool("unit_cost", billed, CONSUMPTION), parts, digits)
    elif mode == "fixed":
        shares = _fixed(parts, price, digits)
    else:
        shares = _given(parts, given or {})
    owed = sum((item.amount for item in shares), ZERO)
    missing = part = None
    if main is not None:
        missing = main - sum((item.consumption or ZERO for item in parts), ZERO)
        part = missing / main if main else ZERO
    return Settlement(tuple(shares), billed, billed - owed, missing, part)


def _fixed(parts, price, digits):
    if price is None:
        raise CaseError("price", "is missing")
    found = []
    for part in parts:
        used = part.consumption or ZERO
        amount = rounded(used * price, digits)
        found.append(Share("fixed", part.unit.key, part.payer, amount, used, used, part.vacant, {
            "formula": f"{text(used)} × {text(price)} = {text(amount)}"}))
    return found


def _given(parts, given):
    lost = set(given) - {(part.unit.key, part.payer) for part in parts}
    if lost:
        raise CaseError("given", f"nobody is {sorted(lost)[0]}")
    return [
        Share("tariff", part.unit.key, part.payer, given[part.unit.key, part.payer],
              part.consumption or ZERO, ZERO, part.vacant, {"formula": "own tariff"})
        for part in parts if (part.unit.key, part.payer) in given
    ]
