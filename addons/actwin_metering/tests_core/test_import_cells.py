from datetime import date, datetime, timedelta
from decimal import Decimal as D
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from imports_core.cells import convert
from imports_core.column import choices, column
from imports_core.faults import CellFault
from imports_core.identity import compact_iban, is_tax_number
from imports_core.judge import judge, mark_repeats
from imports_core.moments import parse_moment, to_utc
from imports_core.numbers import decimal_sign, parse_number

MEDIUM = choices(electricity="Elektrik|Electricity", water="Su|Water")
NUMBER = column("n", "number", "n", low=-1000, high=10**9, units=("kW",))
BERLIN, ISTANBUL = ZoneInfo("Europe/Berlin"), ZoneInfo("Europe/Istanbul")


def fault(call, *args, **kwargs):
    with pytest.raises(CellFault) as caught:
        call(*args, **kwargs)
    return caught.value.code


def shown(number, decimal, thousand):
    """A Decimal as a spreadsheet of some language shows it."""
    whole, _point, rest = format(abs(number), ",f").partition(".")
    text = whole.replace(",", thousand) + (decimal + rest if rest else "")
    return ("-" if number < 0 else "") + text


DECIMALS = st.decimals(-(10**9), 10**9, places=2) | st.decimals(-(10**6), 10**6, places=5)


@given(
    st.lists(DECIMALS, min_size=1, max_size=9),
    st.sampled_from([(",", "."), (".", ","), (",", "\u202f"), (",", "")]),
)
def test_numbers_of_any_language_are_exact(numbers, signs):
    decimal, thousand = signs
    cells = [
        shown(number, decimal, " " if thousand == "\u202f" else thousand) for number in numbers
    ]
    sign = decimal_sign(cells, "?")
    assert sign in (decimal, "?")
    assert [parse_number(cell, sign if sign != "?" else decimal) for cell in cells] == numbers


@given(st.text(max_size=30))
def test_any_text_is_a_number_or_a_fault(text):
    try:
        assert parse_number(text, ",").is_finite()
    except CellFault as error:
        assert error.code in ("bad_number", "percent", "scientific", "ambiguous_number")


@pytest.mark.parametrize(
    ("text", "sign", "expected"),
    [
        ("1,5", ".", "1.5"), ("1.234,5", ".", "1234.5"), ("1,234.5", ",", "1234.5"),
        ("1.234", ",", "1234"), ("1.234", ".", "1.234"), ("0.123", ",", "0.123"),
        ("1234.567", ",", "1234.567"), ("1 234,5", ",", "1234.5"), ("12'345", ",", "12345"),
        ("−7", ",", "-7"), ("41.0082376", ",", "41.0082376"), ("150 kW", ",", "150"),
        (",5", ",", "0.5"), ("5.", ".", "5"),
    ],
)  # fmt: skip
def test_numbers(text, sign, expected):
    assert parse_number(text, sign, ("kW",)) == D(expected)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1.23.4", "bad_number"), ("1,2,3", "bad_number"), ("abc", "bad_number"),
        ("12 %", "percent"), ("1,23E+11", "scientific"), ("1 2 3", "bad_number"),
        ("٣", "bad_number"), ("1" * 50, "bad_number"), ("-", "bad_number"), ("", "bad_number"),
    ],
)  # fmt: skip
def test_what_is_no_number(text, code):
    assert fault(parse_number, text, ",") == code


def test_column_at_odds_with_itself_judges_no_doubtful_number():
    sign = decimal_sign(["1,5", "2.25", "1.234"], ",")
    assert sign is None
    assert parse_number("1,5", sign) == D("1.5")
    assert fault(parse_number, "1.234", sign) == "ambiguous_number"


def test_percent_counts_only_where_one_is_asked_for():
    assert parse_number("%12,5", ",", percent=True) == D("12.5")
    assert parse_number("12,5 %", ",", percent=True) == D("12.5")


@pytest.mark.parametrize(
    "text",
    ["31.12.2026", "31/12/2026", "31-12-26", "2026-12-31", "31 Ara 2026", "31.Aralık.2026",
     "31.12.2026 00:00", "31 December 2026"],
)  # fmt: skip
def test_days(text):
    assert convert(column("d", "date", "d"), text, None) == date(2026, 12, 31)


@pytest.mark.parametrize("text", ["31.02.2026", "12/31/2026", "46023", "31.12.1026", "soon", "1.1"])
def test_what_is_no_day(text):
    assert fault(convert, column("d", "date", "d"), text, None) == "bad_date"


@pytest.mark.parametrize(
    ("text", "moment", "offset"),
    [
        ("31.12.2026 7:15", datetime(2026, 12, 31, 7, 15), None),
        ("31.12.2026 24:00", datetime(2027, 1, 1), None),
        ("2026-12-31T07:15:30Z", datetime(2026, 12, 31, 7, 15, 30), timedelta()),
        ("31.12.2026 07:15+03:00", datetime(2026, 12, 31, 7, 15), timedelta(hours=3)),
        ("31.12.2026", datetime(2026, 12, 31), None),
    ],
)
def test_moments(text, moment, offset):
    assert parse_moment(text) == (moment, offset)


def test_hours_a_zone_has_not_or_has_twice():
    assert to_utc(datetime(2026, 3, 29, 3, 30), None, BERLIN) == datetime(2026, 3, 29, 1, 30)
    assert fault(to_utc, datetime(2026, 3, 29, 2, 30), None, BERLIN) == "skipped_hour"
    assert fault(to_utc, datetime(2026, 10, 25, 2, 30), None, BERLIN) == "double_hour"
    summer = to_utc(datetime(2026, 10, 25, 2, 30), timedelta(hours=2), BERLIN)
    assert summer == datetime(2026, 10, 25, 0, 30)
    assert to_utc(datetime(2026, 10, 25, 3, 30), None, ISTANBUL) == datetime(2026, 10, 25, 0, 30)
    assert fault(to_utc, datetime(2015, 11, 8, 3, 30), None, ISTANBUL) == "double_hour"


@given(
    st.datetimes(datetime(1990, 1, 2), datetime(2099, 12, 30)), st.sampled_from([BERLIN, ISTANBUL])
)
def test_utc_and_back(moment, zone):
    try:
        utc = to_utc(moment, None, zone)
    except CellFault:
        return
    back = utc.replace(tzinfo=ZoneInfo("UTC")).astimezone(zone)
    assert back.replace(tzinfo=None) == moment


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("choice", "ELEKTRİK", "electricity"), ("choice", "su", "water"), ("bool", "EVET", True),
        ("list", "1.8.0, 5.8.0; 8.8.0", ["1.8.0", "5.8.0", "8.8.0"]),
        ("ratio", "150/5", (150, 5)), ("ratio", "40", (40, 1)), ("code", "00123", "00123"),
        ("email", "a@b.com; c@d.com", "a@b.com, c@d.com"), ("phone", "+90 (532) 1234567",
                                                            "+90 (532) 1234567"),
        ("tax_number", "TR 456 100 0012", "4561000012"),
        ("iban", "tr33 0006 1005 1978 6457 8413 26", "TR330006100519786457841326"),
        ("integer", "1.234", 1234),
    ],
)  # fmt: skip
def test_kinds_of_cells(kind, text, expected):
    column_ = column("c", kind, "c", choices=MEDIUM) if kind == "choice" else column("c", kind, "c")
    assert convert(column_, text, ",") == expected


@pytest.mark.parametrize(
    ("kind", "text", "code"),
    [
        ("text", "#BAŞV!", "spreadsheet_error"), ("number", "######", "spreadsheet_error"),
        ("text", "=HYPERLINK(1)", "formula"), ("text", "x" * 201, "too_long"),
        ("code", "1,23457E+11", "scientific"), ("phone", "9,05E+11", "scientific"),
        ("choice", "steam", "unknown_choice"), ("ratio", "1/2/3", "bad_ratio"),
        ("email", "nobody", "bad_email"), ("phone", "call me", "bad_phone"),
        ("tax_number", "4561000013", "bad_tax_number"), ("iban", "TR33", "bad_iban"),
        ("integer", "1,5", "bad_integer"), ("number", "1,0000001", "too_many_decimals"),
        ("number", "-1001", "out_of_range"), ("time", "25:00", "bad_time"),
    ],
)  # fmt: skip
def test_what_cells_refuse(kind, text, code):
    column_ = NUMBER if kind == "number" else column("c", kind, "c", choices=MEDIUM)
    assert fault(convert, column_, text, ",") == code


@given(st.text(max_size=25), st.sampled_from(["text", "code", "number", "date", "moment", "list"]))
def test_any_cell_is_a_value_or_a_fault(text, kind):
    try:
        convert(column("c", kind, "c"), text, ",")
    except CellFault as error:
        assert error.code


@given(st.integers(0, 10**9 - 1))
def test_one_wrong_digit_of_a_tax_number_is_noticed(number):
    good = [digit for digit in range(10) if is_tax_number(f"{number:09d}{digit}")]
    assert len(good) == 1
    assert not compact_iban(f"TR{number}")


def test_rows_are_judged_cell_by_cell():
    columns = (column("code", "code", "Kod", required=True), NUMBER, column("d", "date", "d"))
    rows = [(2, ["T1", "1,5", ""]), (3, ["", "x", "1.1.2026"]), (4, ["T1", "1.234", ""])]
    found = judge(rows, ("code", "n", "d"), columns, ".")
    mark_repeats(found, lambda row: row.values.get("code"), "code")
    assert found[0].values == {"code": "T1", "n": D("1.5")}
    assert found[1].faults == [("code", "missing", {}), ("n", "bad_number", {})]
    assert found[2].values["n"] == 1234, "the column's 1,5 decides on 1.234, not the language"
    assert found[2].faults == [("code", "repeated", {"row": 2})]


def test_column_that_is_missing_faults_every_row():
    columns = (column("code", "code", "Kod", required=True),)
    assert judge([(1, ["x"])], (None,), columns, ",")[0].faults == [("code", "no_column", {})]
