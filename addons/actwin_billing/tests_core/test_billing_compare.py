from actwin_billing_core.compare import compare


def line(key, quantity, price, amount):
    return {"key": key, "label": key.title(), "unit": "kWh", "quantity": quantity,
            "unit_price": price, "amount": amount}


def result(*lines, vat="20.00", total="120.00"):
    return {"lines": list(lines), "taxes": [{"key": "vat", "label": "VAT", "amount": vat}],
            "totals": {"untaxed": "100.00", "taxes": vat, "total": total}}


def test_lines_stand_beside_those_of_the_last_bill():
    rows = compare(result(line("t1", "10.000", "2.50", "25.00")),
                   result(line("t1", "8.000", "2.50", "20.00")))["lines"]
    assert rows == [{
        "key": "t1", "label": "T1", "unit": "kWh", "quantity": "10.000", "price": "2.50",
        "amount": "25.00", "before_quantity": "8.000", "before_amount": "20.00", "change": "25.0",
    }]


def test_segments_of_a_line_are_summed_and_a_changed_price_is_not_shown():
    now = result(line("t1", "10.000", "2.50", "25.00"), line("t1", "0.100", "3.00", "0.30"))
    row = compare(now)["lines"][0]
    assert (row["quantity"], row["amount"], row["price"]) == ("10.100", "25.30", None)
    assert (row["before_amount"], row["change"]) == (None, None)


def test_lines_of_only_one_of_the_bills_are_kept():
    rows = compare(result(line("new", "1", "1", "1.00")), result(line("old", "1", "1", "1.00")))
    assert [(row["key"], row["amount"], row["before_amount"], row["change"])
            for row in rows["lines"]] == [("new", "1.00", None, None), ("old", None, "1.00", None)]


def test_totals_follow_with_the_taxes_between():
    rows = compare(result(vat="30.00", total="130.00"), result(vat="0.00"))["totals"]
    assert [(row["key"], row["amount"], row["before_amount"], row["change"]) for row in rows] == [
        ("untaxed", "100.00", "100.00", "0.0"),
        ("vat", "30.00", "0.00", None),
        ("total", "130.00", "120.00", "8.3"),
    ]


def test_the_change_of_a_negative_bill_keeps_its_direction():
    rows = compare(result(line("t1", "1", "1", "-5.00")), result(line("t1", "1", "1", "-10.00")))
    assert rows["lines"][0]["change"] == "50.0"
