"""Independent recomputation of a priced bill, for the control invoice.

Works on the JSON of case and bill with exact fractions and shares no arithmetic with the engine:
an error in one of the two shows as a difference. Answers sentences; an empty list is agreement.
"""

from fractions import Fraction

from .recheck_prices import SHARES, charged, expected_amount

HALF = Fraction(1, 2)


def recheck(case, bill):
    """Differences between ``bill`` and the facts of ``case`` (both as JSON objects)."""
    step = Fraction(1, 10 ** case.get("rounding", {}).get("money", 2))
    return [
        *_lines(case, bill, step), *_shares(case, bill, step), *_energy(case, bill),
        *_taxes(case, bill, step),
        *_totals(case, bill),
    ]


def _lines(case, bill, step):
    for line in bill["lines"]:
        if line["kind"] == "adjustment" or "override" in line["trace"]:
            continue
        exact = expected_amount(case, bill, line)
        slack = _joins(bill) if line["kind"] == "minimum" else 0
        if exact is None:
            yield f"{line['key']}: no such price in the tariff"
        elif abs(exact - Fraction(line["amount"])) > step * HALF * (1 + slack):
            yield f"{line['key']}: {line['amount']} is not {float(exact):.4f}"


def _joins(bill):
    """How many roundings stand behind lines that were joined over spans."""
    return sum(len(line["trace"].get("parts", ())) for line in bill["lines"])


def _shares(case, bill, step):
    """What discounts and surcharges are taken of is what the named lines amount to."""
    versions = [row["components"] for row in case["tariff"]["versions"]]
    taken = {}
    for line in bill["lines"]:
        if line["kind"] in SHARES:
            for part in line["trace"].get("parts") or [line["trace"]]:
                taken.setdefault(line["trace"]["component"], []).append(part["inputs"]["base"])
    for key, bases in taken.items():
        mine = [item for rows in versions for item in rows if item["key"] == key]
        base, expected = sum(map(Fraction, bases)), charged(bill, mine[0])
        alike = len(mine) == len(versions) and all(item["of"] == mine[0]["of"] for item in mine)
        if alike and abs(base - expected) > step * HALF * _joins(bill):
            yield f"{key}: taken of {float(base)}, the lines amount to {float(expected)}"


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
    if case.get("profile"):
        return  # what the profile gave is not among the quantities of the case
    segments = case.get("segments") or [{"quantities": case["quantities"]}]
    billed, spans = {}, {}
    for line in bill["lines"]:
        trace = line["trace"]
        for part in trace.get("parts") or [{**line, "inputs": trace["inputs"]}]:
            if "metered" in part["inputs"]:
                key = (trace.get("component", line["key"]), trace["register"], trace["band"])
                billed.setdefault(key, {})[part["start"]] = Fraction(part["inputs"]["metered"])
                spans.setdefault(key, set()).add(part["start"])
    versions = len(case["tariff"]["versions"])
    for (key, register, band), parts in billed.items():
        total, expected = sum(parts.values()), _total_of(segments, register, band)
        if (versions == 1 or len(spans[key, register, band]) == versions) and total != expected:
            yield f"{key}: {float(total)} billed, {float(expected)} measured"


def _taxes(case, bill, step):
    included = {tax["key"]: tax.get("include_in_base", False) for tax in case.get("taxes", [])}
    carried = [Fraction(0)] * len(bill["lines"])
    for tax in bill["taxes"]:
        mine = [tax["key"] in line["taxes"] for line in bill["lines"]]
        base = sum(
            (Fraction(line["amount"]) - Fraction(line.get("less", {}).get(tax["key"], 0)) + extra
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


def _totals(case, bill):
    untaxed = sum((Fraction(line["amount"]) for line in bill["lines"]), Fraction(0))
    taxes = sum((Fraction(tax["amount"]) for tax in bill["taxes"]), Fraction(0))
    total = untaxed + taxes
    for key, value in (("untaxed", untaxed), ("taxes", taxes), ("total", total)):
        if Fraction(bill["totals"][key]) != value:
            yield f"total {key}: {bill['totals'][key]} is not {float(value)}"
    yield from _payable(case.get("payable"), bill["totals"], total)


def _payable(rule, totals, total):
    paid = Fraction(totals.get("payable", totals["total"]))
    exact = total + Fraction((rule or {}).get("carry", 0))
    step = Fraction(rule["step"]) if rule else 0
    if (rule and (paid / step).denominator != 1) or abs(paid - exact) > step * HALF:
        yield f"total payable: {totals['payable']} is not {float(exact)} rounded"
    elif paid - exact != Fraction(totals.get("rounding", 0)):
        yield f"total rounding: {totals['rounding']} is not {float(paid - exact)}"
