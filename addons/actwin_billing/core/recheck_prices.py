"""What a line ought to amount to, from the JSON of the case alone, in exact fractions."""

from datetime import datetime, timedelta
from fractions import Fraction

SHARES = {"discount": -1, "surcharge": 1}


def expected_amount(case, bill, line):
    """Exact amount of a line, or None when the tariff has no price for it."""
    trace = line["trace"]
    if "parts" in trace:
        parts = [
            _amount(case, bill, line, part["version"], part["quantity"], part["inputs"])
            for part in trace["parts"]
        ]
        return None if None in parts else sum(parts)
    return _amount(case, bill, line, trace["version"], trace["quantity"], trace["inputs"])


def _amount(case, bill, line, version, quantity, inputs):
    component = _component(case, version, line["trace"].get("component", line["key"]))
    if component is None:
        return None
    quantity = Fraction(quantity)
    if line["kind"] == "market":
        return quantity * _market_price(case, component, inputs)
    if line["kind"] == "minimum":
        return Fraction(inputs["minimum"]) - charged(bill, component)
    if line["kind"] in SHARES:
        return SHARES[line["kind"]] * Fraction(inputs["base"]) * Fraction(component["price"])
    return quantity * _price(component, inputs.get("tier"))


def _component(case, version, key):
    for row in case["tariff"]["versions"]:
        if row.get("key", "") == version:
            for component in row["components"]:
                if component["key"] == key:
                    return component
    return None


def _price(component, tier):
    if tier is None:
        return Fraction(component["price"])
    return next(Fraction(row["price"]) for row in component["tiers"] if row["key"] == tier)


def charged(bill, component):
    """Σ of the computed amounts of the components named in ``of``."""
    return sum(
        (Fraction(line["trace"].get("computed", line["amount"])) for line in bill["lines"]
         if line["trace"].get("component", line["key"]) in component["of"]), Fraction(0))


def _market_price(case, component, inputs):
    """Price of a unit; the hours of the profile are added up anew one by one."""
    factors = component.get("market") or {}
    ptf, yekdem = Fraction(inputs["ptf"]), Fraction(inputs["yekdem"])
    if inputs["price_by"] == "hour":
        ptf, yekdem = _weighted(case, component, inputs)
    return (
        Fraction(factors.get("ptf", 1)) * ptf + Fraction(factors.get("yekdem", 1)) * yekdem
    ) / 1000 + Fraction(component["price"])


def _weighted(case, component, inputs):
    profile = case["profile"][component.get("quantity", "active_import")]
    prices, rows = case["market"]["ptf"], case["market"].get("yekdem", [])
    begin, stop = (datetime.fromisoformat(inputs[key]) for key in ("from", "to"))
    first, steps = datetime.fromisoformat(profile["start"]), profile.get("minutes", 60)
    hours = timedelta(minutes=prices.get("minutes", 60))
    origin = datetime.fromisoformat(prices["start"])
    energy = paid = levied = Fraction(0)
    for number, value in enumerate(profile["values"]):
        at = first + timedelta(minutes=steps * number)
        if begin <= at < stop:
            energy += Fraction(value)
            paid += Fraction(value) * Fraction(prices["values"][(at - origin) // hours])
            valid = [row for row in rows if datetime.fromisoformat(row["valid_from"]) <= at]
            if valid:
                last = max(valid, key=lambda row: datetime.fromisoformat(row["valid_from"]))
                levied += Fraction(value) * Fraction(last["price"])
    return (paid / energy, levied / energy) if energy else (Fraction(0), Fraction(0))
