"""A bill beside the one before it, for the eye of the person who approves it."""

from decimal import Decimal

from .money import ZERO, rounded, text


def compare(result, before=None):
    """Rows of two priced bills (JSON objects of ``answer.bill_to``), line by line.

    :return: {'lines': [{'key', 'label', 'unit', 'quantity', 'price', 'amount',
        'before_quantity', 'before_amount', 'change'}], 'totals': [{'key', 'label', 'amount',
        'before_amount', 'change'}]}; numbers are decimal texts, None where there is nothing.
        ``change`` is the change of the amount in percent. A key that stands in several segments
        is summed up; its price is None when it changed on the way. Lines that only the earlier
        bill has come last.
    """
    now, then = _by_key(result), _by_key(before)
    lines = [_row(key, now.get(key), then.get(key)) for key in {**now, **then}]
    return {"lines": lines, "totals": list(_totals(result, before))}


def _by_key(result):
    """{key: {label, unit, quantity, amount, prices}} of a result, in the order of its lines."""
    sums = {}
    for line in (result or {}).get("lines", ()):
        entry = sums.setdefault(line["key"], {
            "label": line["label"], "unit": line["unit"], "quantity": ZERO, "amount": ZERO,
            "prices": set(),
        })
        entry["quantity"] += Decimal(line["quantity"])
        entry["amount"] += Decimal(line["amount"])
        entry["prices"].add(line["unit_price"])
    return sums


def _row(key, now, then):
    shown = now or then
    prices = now["prices"] if now else ()
    return {
        "key": key,
        "label": shown["label"],
        "unit": shown["unit"],
        "quantity": text(now["quantity"]) if now else None,
        "price": next(iter(prices)) if len(prices) == 1 else None,
        "amount": text(now["amount"]) if now else None,
        "before_quantity": text(then["quantity"]) if then else None,
        "before_amount": text(then["amount"]) if then else None,
        "change": _change(now and now["amount"], then and then["amount"]),
    }


def _totals(result, before):
    figures = [("untaxed", "", result["totals"]["untaxed"])]
    figures += [(tax["key"], tax["label"], tax["amount"]) for tax in result["taxes"]]
    figures.append(("total", "", result["totals"]["total"]))
    known = {}
    if before:
        known = {**before["totals"], **{tax["key"]: tax["amount"] for tax in before["taxes"]}}
    for key, label, amount in figures:
        earlier = known.get(key)
        yield {
            "key": key, "label": label, "amount": amount, "before_amount": earlier,
            "change": _change(Decimal(amount), earlier and Decimal(earlier)),
        }


def _change(now, then):
    """Percent with one decimal; None without an earlier amount or a later one."""
    if now is None or not then:
        return None
    return text(rounded((now - then) / abs(then) * 100, 1))
