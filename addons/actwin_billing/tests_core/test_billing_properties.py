"""Properties every bill has, whatever the facts."""

import random
from decimal import Decimal

from actwin_billing_core.answer import bill_to
from actwin_billing_core.engine import price
from actwin_billing_core.money import rounded, shares
from actwin_billing_core.recheck import recheck
from actwin_billing_core.schema import case_from
from billing_cases import capacity, case, distribution, energy, reactive, taxes
from hypothesis import given, settings
from hypothesis import strategies as st

BANDS = ("t1", "t2", "t3")
kwh = st.decimals("0", "999999.999", places=3)
unit_price = st.decimals("0", "99.999999", places=6)
rate = st.sampled_from(["0", "0.01", "0.05", "0.18", "0.20"])


@st.composite
def cases(draw):
    components = [energy(str(draw(unit_price)), band, band=band) for band in BANDS]
    components += [distribution(str(draw(unit_price))), *reactive(),
                   *capacity(str(draw(unit_price)), "3")]
    quantities = {f"active_import.{band}": str(draw(kwh)) for band in BANDS}
    quantities |= {"reactive_inductive": str(draw(kwh)), "reactive_capacitive": str(draw(kwh)),
                   "demand": str(draw(kwh))}
    data = case(components, quantities, subscriber={
        "contract_kw": str(draw(kwh)), "connection_kva": str(draw(st.integers(1, 2000)))})
    return data | {"taxes": taxes(draw(rate), draw(rate))}


def run(data):
    return price(case_from(data))


@settings(max_examples=300, deadline=None)
@given(cases())
def test_parts_add_up_and_the_recomputation_agrees(data):
    bill = run(data)
    assert bill.untaxed == sum(line.amount for line in bill.lines)
    assert bill.total == bill.untaxed + sum(tax.amount for tax in bill.taxes)
    for tax in bill.taxes:
        assert sum(tax.line_amounts) == tax.amount
        assert sum(tax.line_bases) == tax.base
        assert tax.amount == rounded(tax.base * tax.rate)
    assert recheck(data, bill_to(bill, "TRY")) == []


@settings(max_examples=100, deadline=None)
@given(cases(), st.randoms(use_true_random=False))
def test_order_of_readings_does_not_matter(data, source: random.Random):
    items = list(data["quantities"].items())
    source.shuffle(items)
    assert run({**data, "quantities": dict(items)}) == run(data)


@settings(max_examples=200, deadline=None)
@given(kwh, kwh, unit_price, unit_price, st.integers(1, 29))
def test_two_short_bills_equal_one_long_bill(first, second, price_a, price_b, day):
    """Within a kuruş a line, for a contract with fixed prices."""
    components = [energy(str(price_a)), distribution(str(price_b)),
                  {"key": "day", "kind": "fixed_day", "price": "1.25", "unit": "day"}]
    middle = f"2025-11-{day + 1:02d}T00:00:00+03:00"
    whole = case(components, {"active_import": str(first + second)})
    left, right = (case(components, {"active_import": str(value)}) for value in (first, second))
    left["period"] = {**left["period"], "end": middle}
    right["period"] = {**right["period"], "start": middle}
    for long, a, b in zip(run(whole).lines, run(left).lines, run(right).lines, strict=True):
        assert abs(long.amount - a.amount - b.amount) <= Decimal("0.01")


@settings(max_examples=200, deadline=None)
@given(cases(), kwh, st.sampled_from(BANDS))
def test_more_energy_never_costs_less_apart_from_reactive(data, more, band):
    data["subscriber"]["reactive_exempt"] = True
    less = run(data).total
    key = f"active_import.{band}"
    data["quantities"][key] = str(Decimal(data["quantities"][key]) + more)
    assert run(data).total >= less


@settings(max_examples=200, deadline=None)
@given(cases())
def test_removing_an_exemption_never_lowers_the_bill(data):
    charged = run(data).total
    data["subscriber"]["reactive_exempt"] = True
    assert run(data).total <= charged


@settings(max_examples=300, deadline=None)
@given(st.decimals("-9999", "9999", places=3), st.lists(kwh, min_size=1, max_size=9),
       st.integers(0, 3))
def test_shares_add_up_to_the_pool(total, weights, digits):
    assert sum(shares(total, weights, digits)) == total


@given(st.decimals("-99999", "99999", places=5))
def test_a_correction_is_the_mirror_of_the_bill(value):
    for mode in ("half_up", "half_even"):
        assert rounded(-value, 2, mode) == -rounded(value, 2, mode)
