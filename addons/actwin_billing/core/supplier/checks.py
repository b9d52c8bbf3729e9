"""The control invoice (kontrol faturası) of a supplier's bill: fifteen checks.

S01 indices × multiplier = billed energy; S02 bands = total register; S03 quantity × price = each
line; S04 the distribution line; S05 levy (BTV) = rate of the energy; S06 base (matrah) = Σ lines +
levy; S07 base × rate = VAT (KDV); S08 base + VAT = total; S09 total and roundings = payable; S10
first index = last index of the bill before; S11 our own reading at that time; S12 price against
the tariff; S13 reactive and S14 excess verdict against our own; S15 no gap and no overlap of days.
Tolerances: one unit of energy, 0.05 of money, a printed price with six decimals.
"""

from datetime import timedelta
from decimal import Decimal

from ..money import ZERO, rounded, text
from .model import Finding

ENERGY, MONEY, PRICE_ROUND = Decimal(1), Decimal("0.05"), Decimal("0.0000005")
CENT = Decimal("0.01")


def checks(bill, ours=None, before=None):
    """[Finding] of a SupplierBill.

    :param ours: Ours, our own figures of the same period; without it S11-S14 are left out
    :param before: SupplierBill of the same meter that came before; without it S10 and S15 are
    """
    found = [*_indices(bill), *_lines(bill), *_taxes(bill), *_totals(bill)]
    if before:
        found += [*_chain(bill, before), *_days(bill, before)]
    if ours:
        found += [*_readings(bill, ours), *_prices(bill, ours), *_verdicts(bill, ours)]
    return sorted(found, key=lambda item: item.code)


def _finding(code, subject, found, expected, tolerance):
    return Finding(code, subject, abs(found - expected) <= tolerance,
                   text(found), text(expected), text(tolerance))


def _indices(bill):
    for item in bill.indices:
        if item.billed is not None:
            yield _finding("S01", item.register, item.billed,
                           rounded((item.last - item.first) * item.multiplier, 3), ENERGY)
    for register in sorted({item.register.partition(".")[0] for item in bill.indices}):
        whole = bill.used(register)
        bands = [item.billed for item in bill.indices
                 if item.register.startswith(f"{register}.") and item.billed is not None]
        if whole is not None and bands:
            yield _finding("S02", register, sum(bands, ZERO), whole, ENERGY)


def _lines(bill):
    for line in bill.lines:
        if line.quantity is None or line.price is None:
            continue
        code = "S04" if line.group == "distribution" else "S03"
        tolerance = max(MONEY, abs(line.quantity) * PRICE_ROUND + CENT)
        yield _finding(code, line.label, line.amount, rounded(line.quantity * line.price),
                       tolerance)


def _taxes(bill):
    if bill.levy is not None and bill.levy_rate is not None:
        yield _finding("S05", "levy", bill.levy,
                       rounded(bill.sum_of("energy") * bill.levy_rate), MONEY)
    if bill.base is not None:
        whole = sum((line.amount for line in bill.lines), ZERO) + (bill.levy or ZERO)
        yield _finding("S06", "base", bill.base, whole, MONEY)
    if None not in (bill.base, bill.vat, bill.vat_rate):
        yield _finding("S07", "vat", bill.vat, rounded(bill.base * bill.vat_rate), MONEY)


def _totals(bill):
    if None not in (bill.base, bill.vat, bill.total):
        yield _finding("S08", "total", bill.total, bill.base + bill.vat, MONEY)
    if None not in (bill.total, bill.payable):
        yield _finding("S09", "payable", bill.payable, bill.total + bill.rounding, CENT)


def _chain(bill, before):
    ends = {item.register: item.last for item in before.indices}
    for item in bill.indices:
        if item.register in ends:
            yield _finding("S10", item.register, item.first, ends[item.register], ZERO)


def _days(bill, before):
    expected = before.end + timedelta(days=1)
    yield Finding("S15", "period", bill.start == expected, bill.start.isoformat(),
                  expected.isoformat(), "0")


def _readings(bill, ours):
    for item in bill.indices:
        used = ours.used.get(item.register)
        if item.billed is not None and used is not None:
            yield _finding("S11", item.register, item.billed, used,
                           max(ENERGY, abs(used) / max(ours.days, 1)).quantize(CENT))


def _prices(bill, ours):
    for line in bill.lines:
        price = ours.prices.get((line.group, line.band))
        if price is not None and line.price is not None:
            yield _finding("S12", line.label, line.price, price, Decimal("0.000001"))


def _verdicts(bill, ours):
    for code, group in (("S13", "reactive"), ("S14", "excess")):
        theirs, own = bill.sum_of(group), ours.amounts.get(group, ZERO)
        if bool(theirs) != bool(own):
            yield Finding(code, group, False, text(theirs), text(own), "0")
        elif theirs:
            yield _finding(code, group, theirs, own, abs(own) * Decimal("0.02") + MONEY)
        else:
            yield _finding(code, group, theirs, own, ZERO)
