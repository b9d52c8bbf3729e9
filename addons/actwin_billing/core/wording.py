"""The sentence of a line: quantity × price = amount, as a person would write it."""

from .money import text

SHARES = ("discount", "surcharge")
"""Kinds whose quantity is an amount of money and whose price is a share of it."""


def line_formula(kind, unit, quantity, unit_price, amount, currency):
    """"930.000 kWh × 3.63 TRY/kWh = 3375.90 TRY"; a share reads "200.00 TRY × 5 % = 10.00 TRY"."""
    if kind in SHARES:
        percent = text((unit_price * 100).normalize() + 0)
        return f"{text(quantity)} {currency} × {percent} % = {text(amount)} {currency}"
    counted, per = (f"{text(quantity)} {unit}", f"/{unit}") if unit else (text(quantity), "")
    return f"{counted} × {text(unit_price)} {currency}{per} = {text(amount)} {currency}"
