"""Where a supplier's bill went: tenants, common areas, vacancy, losses, and what is left.

Σ rows == the bill, to the last coin. Energy that nobody was billed for is valued at the bill's
own mean price, so that a loss is money and not only kWh.
"""

from dataclasses import dataclass
from decimal import Decimal

from ..money import ZERO, rounded

PLACES = ("tenants", "shared", "vacant", "common", "loss", "remainder")


@dataclass(frozen=True, slots=True)
class Row:
    """One place: its energy (None where it is money only) and its amount."""

    place: str
    quantity: Decimal | None
    amount: Decimal


def reconcile(amount, main, tenants, shared=ZERO, vacant=ZERO, common=ZERO, digits=2):
    """([Row] in the order of PLACES, mean price).

    :param amount: what is to be explained, in the bill's currency
    :param main: energy of the main meter
    :param tenants: (energy, amount) that was billed to subscribers by their meters
    :param shared: amount that settlements put on tenants; ``vacant``: on owners
    :param common: energy of the common areas' own meters
    """
    price = amount / main if main else ZERO
    used, billed = tenants
    lost = main - used - common
    rows = [
        Row("tenants", used, billed),
        Row("shared", None, shared),
        Row("vacant", None, vacant),
        Row("common", common, _valued(common, price, digits, covered=shared + vacant)),
        Row("loss", lost, rounded(lost * price, digits)),
    ]
    left = amount - sum((row.amount for row in rows), ZERO)
    return [*rows, Row("remainder", None, left)], price


def _valued(energy, price, digits, covered):
    """Common energy that settlements have not put on anybody yet."""
    return max(rounded(energy * price, digits) - covered, ZERO)
