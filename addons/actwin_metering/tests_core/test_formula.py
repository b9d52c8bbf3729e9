from decimal import Decimal as D

import pytest
from formula_core.check import FormulaError
from formula_core.cycle import cycle_from
from formula_core.evaluate import Formula
from hypothesis import given
from hypothesis import strategies as st

NAMES = ("main", "t1", "t2", "pv", "load")
VALUES = {"main": D("100.5"), "t1": D("30.25"), "t2": D("9.75"), "pv": D(7), "load": D(5)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("main - (t1 + t2)", "60.5"),
        ("main − t1 − t2", "60.5"),
        ("sum(t1; t2)", "40"),
        ("min(pv, load)", "5"),
        ("max(pv, load, 11.5)", "11.5"),
        ("pv * 0.5 + -load", "-1.5"),
        ("pv × 2 ÷ 4", "3.5"),
        ("if(pv > load, pv - load, 0)", "2"),
        ("if (pv <= load or not load < 1, 1, 0)", "1"),
        ("if(0 < load < pv and pv <> 3, .5, 0)", "0.5"),
        ("if(pv ≥ 7, 1, 0)", "1"),
        ("ratio(t1, main)", "0.300995025"),
        ("t1 / (pv - 7)", None),
        ("ratio(0, load - 5)", None),
        ("abs(load - main)", "95.5"),
        ("10", "10"),
        ("0.1 + 0.2", "0.3"),
    ],
)
def test_formulas_give(text, expected):
    found = Formula(text, NAMES)(VALUES)
    assert found == (None if expected is None else D(expected))


@pytest.mark.parametrize(
    ("text", "code", "about"),
    [
        ("", "empty", ""),
        (None, "empty", ""),
        ("main -", "syntax", None),
        ("main = t1", "syntax", None),
        ("main - t9", "unknown_name", "t9"),
        ("__import__('os')", "unknown_function", "__import__"),
        ("main.real", "not_allowed", "main.real"),
        ("(lambda: 1)()", "unknown_function", None),
        ("[t1][0]", "not_allowed", None),
        ("main ** 9", "not_allowed", None),
        ("main if pv else t1", "not_allowed", None),
        ("min(t1)", "argument_count", "min"),
        ("min(*t1)", "argument_count", "min"),
        ("if(pv > 1, 2)", "argument_count", "if"),
        ("abs(x=t1)", "argument_count", "abs"),
        ("if(pv, 1, 2)", "no_condition", "pv"),
        ("if(pv in t1, 1, 2)", "no_condition", None),
        ("pv > 3", "condition_outside", "pv > 3"),
        ("'7'", "no_number", "'7'"),
        ("1e999", "no_number", "1e999"),
        ("0x10", "no_number", "0x10"),
        ("3j", "no_number", "3j"),
        ("True", "no_number", "True"),
        ("main + " * 400 + "main", "too_long", None),
        ("(" * 60 + "main" + ")" * 60 + " + t9", "unknown_name", "t9"),
        ("-" * 60 + "main", "too_deep", ""),
    ],
)
def test_mistakes_are_named(text, code, about):
    with pytest.raises(FormulaError) as caught:
        Formula(text, NAMES)
    problem = caught.value.problems[0]
    assert problem.code == code
    assert about is None or problem.text == about


def test_every_mistake_is_told_at_once():
    with pytest.raises(FormulaError) as caught:
        Formula("a + b * max(c)", NAMES)
    assert [item.code for item in caught.value.problems] == [
        "unknown_name", "unknown_name", "argument_count"]  # fmt: skip


@given(st.text(max_size=80))
def test_whatever_is_typed_is_a_formula_or_a_named_mistake(text):
    try:
        found = Formula(text, NAMES)(VALUES)
    except FormulaError as error:
        assert error.problems
    else:
        assert found is None or isinstance(found, D)


@pytest.mark.parametrize("missing", ["main", "t1"])
def test_missing_input_gives_no_figure(missing):
    assert Formula("main - t1", NAMES)(VALUES | {missing: None}) is None
    assert Formula("if(t2 > 0, main, t1)", NAMES)(VALUES | {missing: None}) is None
    assert Formula("load", NAMES)(VALUES | {missing: None}) == 5


def test_what_is_linear_may_be_taken_of_any_span():
    linear = ["main", "-main + t1", "sum(t1, t2) * 0.5", "2 * (main - t1) / 4", "main * (1 + 2)"]
    other = ["main + 1", "min(main, t1)", "main * t1", "main / t1", "5", "if(pv > 1, pv, load)",
             "abs(main)", "1 / main"]  # fmt: skip
    assert all(Formula(text, NAMES).linear for text in linear)
    assert not any(Formula(text, NAMES).linear for text in other)


amounts = st.lists(st.decimals(-1000, 1000, places=3), min_size=5, max_size=5)


@given(amounts, amounts)
def test_linear_formulas_of_sums_are_sums_of_formulas(one, other):
    formula = Formula("main - (t1 + t2) * 0.5 + 3 * pv - load", NAMES)
    both = [a + b for a, b in zip(one, other, strict=True)]
    parts = [formula(dict(zip(NAMES, values, strict=True))) for values in (one, other, both)]
    assert parts[0] + parts[1] == parts[2]


def test_cycles_are_found():
    assert cycle_from(1, {1: [2], 2: [3, 4], 3: [], 4: [1]}) == [1, 2, 4, 1]
    assert cycle_from(1, {1: [1]}) == [1, 1]
    assert cycle_from(1, {1: [2, 3], 2: [4], 3: [4], 4: [5]}) == []
    assert cycle_from(1, {1: [2], 2: [3], 3: [2]}) == []
