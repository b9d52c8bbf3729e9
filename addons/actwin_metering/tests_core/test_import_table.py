import io
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from imports_core.column import column
from imports_core.faults import TableFault
from imports_core.headers import recognise
from imports_core.sheet import read_file
from imports_core.table import MAX_CELL, read_text
from imports_core.text import clean, fold, folds
from openpyxl import Workbook

COLUMNS = (
    column("code", "code", "Nokta kodu|Point code|Kod", required=True),
    column("name", "text", "Ad|Name"),
    column("power", "number", "Sözleşme gücü|Contract power", units=("kW",)),
)
CELL = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=12)
TABLE = st.integers(1, 5).flatmap(
    lambda width: st.lists(st.lists(CELL, min_size=width, max_size=width), min_size=1, max_size=8)
)


def rows(text, limit=100):
    return [cells for _number, cells in read_text(text, limit)]


def fault(call, *args):
    with pytest.raises(TableFault) as caught:
        call(*args)
    return caught.value.code


def workbook(fill):
    book = Workbook()
    fill(book.active)
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def quoted(cell):
    """As a spreadsheet copies a cell: quoted when it holds a break or begins with a quote."""
    special = any(sign in cell for sign in "\t\n") or cell.startswith('"')
    return '"' + cell.replace('"', '""') + '"' if special else cell


@given(TABLE)
def test_what_a_spreadsheet_copies_comes_back(table):
    text = "\r\n".join("\t".join(quoted(cell) for cell in row) for row in [*table, []])
    found = rows(text) if len(table[0]) > 1 else rows(text.replace("\r\n", "\t\r\n"))
    assert found == [[clean(cell) for cell in row] for row in table]


@given(st.text(max_size=200))
def test_any_text_is_a_table_or_a_fault(text):
    try:
        found = read_text(text, 50)
    except TableFault as error:
        assert error.code in ("empty", "too_many_rows", "too_many_columns")
    else:
        assert len({len(cells) for _number, cells in found}) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('a\t"Acme" Ltd\nb\tc', [["a", '"Acme" Ltd'], ["b", "c"]]),
        ('a\t"Acme Ltd\nb\tc', [["a", '"Acme Ltd'], ["b", "c"]]),
        ('a\t"two\nlines"\nb\tc', [["a", "two lines"], ["b", "c"]]),
        ('a\t"say ""hi"""\nb\tc', [["a", 'say "hi"'], ["b", "c"]]),
        ("a;1,5\nb;2,5", [["a", "1,5"], ["b", "2,5"]]),
        ('a,"1,5"\nb,2', [["a", "1,5"], ["b", "2"]]),
        ("\n\na\tb\n\t\nc\td\n\n", [["a", "b"], ["c", "d"]]),
        ("a\u00a0b\tc\u200b\n x  y \tz", [["a b", "c"], ["x y", "z"]]),
        ("a\tb\t\t\nc\t\t\t", [["a", "b"], ["c", ""]]),
    ],
)
def test_shapes_of_pasted_text(text, expected):
    assert rows(text) == expected


def test_row_numbers_are_those_of_the_sheet():
    assert [number for number, _cells in read_text("a\tb\n\n\nc\td", 9)] == [1, 4]


def test_what_is_too_much_is_refused_by_name():
    assert fault(read_text, "a\tb\n" * 100_001, 20_000) == "too_many_rows"
    assert fault(read_text, "x\t" * 500 + "x", 9) == "too_many_columns"
    assert fault(read_text, "a\t" + "x" * (MAX_CELL + 1), 9) == "long_cell"
    assert fault(read_text, " \n\t\n", 9) == "empty"
    assert len(read_text("a\tb\n" * 21, 20)) == 21


@pytest.mark.parametrize("same", ["İSİM", "ISIM", "ısım", "isim", "  İsim\u00a0", "ısı\u0307m"])
def test_turkish_capitals_fold_alike(same):
    assert fold(same) == "isim"
    assert fold("Şehir Ölçüm-Noktası") == "sehir olcum noktasi"
    assert folds("Sözleşme gücü (kW)") == ["sozlesme gucu kw", "sozlesme gucu"]


def test_headers_are_found_under_a_title_in_any_order():
    table = read_text("Nokta listesi\t\t\nSÖZLEŞME GÜCÜ (kW)\tKOD\tRenk\n5\tT1\tred", 9)
    found = recognise(table, COLUMNS)
    assert (found.at, found.names) == (1, ("power", "code", None))


def test_second_bearer_of_a_name_is_left_to_the_user():
    assert recognise(read_text("Kod\tPoint code\tAd", 9), COLUMNS).names == ("code", None, "name")


def test_table_without_headers_recognises_none():
    assert recognise(read_text("T1\tname\t5\nT2\tx\t6", 9), COLUMNS).at is None


def test_workbook_is_read_as_it_is_shown():
    def fill(sheet):
        sheet.append(["Kod", "Ad", "Güç", "Tarih", "Pay"])
        sheet.append(["T1", "Ortak", 1.234, datetime(2026, 1, 31), 0.125])
        sheet.append(["T2", None, 0.1 + 0.2, datetime(2026, 1, 31, 7, 15), True])
        sheet.append([12345678901234, None, 1e-7, None, None])
        sheet["D2"].number_format = "dd.mm.yyyy"
        sheet["E2"].number_format = "0.0%"
        sheet.merge_cells("B2:B3")

    found = [cells for _number, cells in read_file(workbook(fill), 10)]
    assert found[1:] == [
        ["T1", "Ortak", "1.2340", "2026-01-31", "12.5%"],
        ["T2", "Ortak", "0.3", "2026-01-31 07:15:00", "1"],
        ["12345678901234", "", "0.0000001", "", ""],
    ]


def test_formula_that_was_never_computed_is_not_lost():
    found = read_file(workbook(lambda sheet: sheet.append(["Kod", "=1+1"])), 10)
    assert found == [(1, ["Kod", "=1+1"])]


def test_other_files():
    turkish = "Kod;Ad\nT1;Şişli"
    for data in (turkish.encode(), turkish.encode("cp1254"), turkish.encode("utf-16"),
                 "\ufeff".encode() + turkish.encode()):  # fmt: skip
        assert read_file(data, 9)[1] == (2, ["T1", "Şişli"])
    assert fault(read_file, b"\xd0\xcf\x11\xe0 old", 9) == "old_excel"
    assert fault(read_file, b"PK broken", 9) == "unreadable"
    assert fault(read_file, workbook(lambda sheet: None), 9) == "empty"
    many = workbook(lambda sheet: [sheet.append([n]) for n in range(30)])
    assert fault(read_file, many, 20) == "too_many_rows"
