"""Exact decimals in and out of SQL, because the cursor turns numeric into binary float."""

from decimal import Decimal


def to_decimal(text):
    """Decimal of a ``numeric::text`` column, None for NULL."""
    return None if text is None else Decimal(text)


def plain(value):
    """Plain decimal text of a Decimal: no exponent, no trailing zeros after the point."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def array_literal(items):
    """PostgreSQL array literal of numbers or safe words.

    Several times faster than letting the driver adapt a list element by element. The caller
    guarantees that no item holds a quote, comma, brace or backslash.
    """
    return "{" + ",".join(map(str, items)) + "}"
