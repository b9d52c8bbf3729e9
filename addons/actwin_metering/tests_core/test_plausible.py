from decimal import Decimal

import pytest
from vee_core.judge import Reading
from vee_core.plausible import Surroundings, doubts, impossible

DAY = 86_400


def around(before=None, after=None, **values):
    """Of a register that stood at 1,000 a day before, or as told."""
    return Surroundings(
        before=Reading(0, Decimal(1000 if before is None else before)),
        after=None if after is None else Reading(2 * DAY, Decimal(after)),
        **{name: value if name == "digits" else Decimal(value) for name, value in values.items()},
    )


def codes(value, near, days=1):
    return [code for code, _figures in doubts(Reading(days * DAY, Decimal(value)), near)]


@pytest.mark.parametrize(
    ("value", "near", "days", "expected"),
    [
        (1000, around(), 1, []),
        (999, around(), 1, ["below_last"]),
        (5, around(before=99_990, digits=5), 1, []),  # rolled over
        (5, around(before=50_000, digits=5), 1, ["below_last"]),
        (1010, around(after=1005), 1, ["above_next"]),
        (99_990, around(before=99_980, after=3, digits=5), 1, []),
        (1031, around(usual=10), 1, ["too_much"]),
        (1030, around(usual=10), 1, []),
        (1031, around(usual=10), 2, []),
        (1031, around(usual=10), Decimal("0.01"), ["too_much"]),  # a day's usual at any hour
        (1031, around(usual=300, multiplier=30), 1, ["too_much"]),
        (9000, around(usual=10, times=0), 1, []),
        (9000, around(usual=0), 1, []),
        (1030, around(per_hour=1), 1, ["too_fast"]),
        (1024, around(per_hour=1), 1, []),
        (500, around(after=400), 1, ["below_last", "above_next"]),
    ],
)
def test_what_speaks_against_a_figure(value, near, days, expected):
    assert codes(value, near, days) == expected


def test_nothing_speaks_against_the_first_figure():
    assert codes(7, Surroundings(usual=Decimal(1))) == []


@pytest.mark.parametrize(("value", "digits", "refused"), [
    ("99999.9", 5, False), ("100000", 5, True), ("-100000", 5, True), ("100000", 0, False),
])  # fmt: skip
def test_a_register_has_its_digits(value, digits, refused):
    assert bool(impossible(Decimal(value), Surroundings(digits=digits))) is refused


def test_the_nearer_reading_before_counts():
    near = around()
    assert near.after_own(None) is near
    assert near.after_own(Reading(-1, Decimal(5))) is near
    assert near.after_own(Reading(7, Decimal(5))).before.value == 5
