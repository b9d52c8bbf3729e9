"""Exact text of the floats Odoo hands over."""

from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")


def plain(value: float | Decimal | str, places: int) -> str:
    """Decimal text rounded half-up to ``places``, without exponent and trailing zeros.

    A float is read through its shortest representation, so 1.385324 stays 1.385324.
    """
    number = Decimal(str(value)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    text = f"{number:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def money(value: float | Decimal | str) -> Decimal:
    """Two decimals, half-up."""
    return Decimal(str(value)).quantize(CENT, ROUND_HALF_UP)
