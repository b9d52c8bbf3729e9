"""Independent recomputation of a priced bill, for the control invoice.

Works on the JSON of case and bill with exact fractions and shares no arithmetic with the engine:
an error in one of the two shows as a difference. Answers sentences; an empty list is agreement.
"""

from fractions import Fraction

HALF = Fraction(1, 2)


def recheck(case, bill):
    """Differences between ``bill`` and the facts of ``case`` (both as JSON objects)."""
    step = Fraction(1, 10 ** case.get("rounding", {}).get("money", 2))
    return [
        *_lines(case, bill, step), *_energy(case, bill), *_taxes(case, bill, step), *_totals(bill)
    ]


def _prices(case):
    return {
        (version.get("key", ""), component["key"]): Fraction(component["price"])
        for version in case["tariff"]["versions"]
        for component in version["components"]
    }


def _lines(case, bill, step):
    prices = _prices(case)
    for line in bill["lines"]:
        if line["kind"] == "adjustment" or "override" in line["trace"]:
            continue
        price = prices.get((line["trace"]["version"], line["key"]))
        if price is None:
            yield f"{line['key']}: no such price in the tariff"
            continue
        exact = price * Fraction(line["trace"]["quantity"])
        if abs(exact - Fraction(line["amount"])) > step * HALF:
            yield f"{line['key']}: {line['amount']} is not {float(exact):.4f}"


def _total_of(segments, register, band):
    """Σ over the period of a register; without a total register its bands are added up."""
    total = Fraction(0)
    for segment in segments:
        quantities = segment["quantities"]
        key = f"{register}.{band}" if band else register
        if quantities.get(key) is not None:
            total += Fraction(quantities[key])
        elif not band:
            total += sum(
                (Fraction(value) for name, value in quantities.items()
                 if name.startswith(f"{register}.") and value is not None), Fraction(0))
    return total


def _energy(case, bill):
    """Billed metered energy of each component equals the registers, over all its spans."""
    segments = case.get("segments") or [{"quantities": case["quantities"]}]
    billed = {}
    for line in bill["lines"]:
        if line["kind"] in ("energy", "distribution"):
            trace = line["trace"]
            key = (line["key"], trace["register"], trace["band"])
            billed[key] = billed.get(key, 0) + Fraction(trace["inputs"]["metered"])
    versions = len(case["tariff"]["versions"])
    for (key, register, band), total in billed.items():
        present = sum(line["key"] == key for line in bill["lines"])
        expected = _total_of(segments, register, band)
        if (versions == 1 or present == versions) and total != expected:
            yield f"{key}: {float(total)} billed, {float(expected)} measured"


def _taxes(case, bill, step):
    included = {tax["key"]: tax.get("include_in_base", False) for tax in case.get("taxes", [])}
    carried = [Fraction(0)] * len(bill["lines"])
    for tax in bill["taxes"]:
        mine = [tax["key"] in line["taxes"] for line in bill["lines"]]
        base = sum(
            (Fraction(line["amount"]) + extra
             for line, extra, has in zip(bill["lines"], carried, mine, strict=True) if has),
            Fraction(0))
        amount = Fraction(tax["amount"])
        parts = [Fraction(part) for part in tax["line_amounts"]]
        if base != Fraction(tax["base"]):
            yield f"{tax['key']}: base {tax['base']} is not {float(base)}"
        if abs(base * Fraction(tax["rate"]) - amount) > step * HALF * max(1, sum(mine)):
            yield f"{tax['key']}: {tax['amount']} is not {tax['rate']} of {tax['base']}"
        if sum(parts) != amount:
            yield f"{tax['key']}: the parts of the lines do not add up to {tax['amount']}"
        if included.get(tax["key"]):
            carried = [old + part for old, part in zip(carried, parts, strict=True)]


def _totals(bill):
    untaxed = sum((Fraction(line["amount"]) for line in bill["lines"]), Fraction(0))
    taxes = sum((Fraction(tax["amount"]) for tax in bill["taxes"]), Fraction(0))
    for key, value in (("untaxed", untaxed), ("taxes", taxes), ("total", untaxed + taxes)):
        if Fraction(bill["totals"][key]) != value:
            yield f"total {key}: {bill['totals'][key]} is not {float(value)}"
