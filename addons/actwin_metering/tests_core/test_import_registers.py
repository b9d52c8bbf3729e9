from decimal import Decimal

import pytest
from imports_core.cells import convert
from imports_core.faults import CellFault
from imports_core.headers import recognise
from imports_core.kinds import KINDS
from imports_core.own import own_columns, tags_of, typed_column
from imports_core.registers import (
    code_in,
    codes_of,
    index_column,
    known_unit,
    register_column,
    unit_in,
)
from imports_core.table import read_text


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("1.8.0", "1.8.0"), ("1-0:1.8.0", "1.8.0"), ("1-0:1.8.0*255", "1.8.0"),
        ("T1 (1.8.1)", "1.8.1"), ("Endeks 8.8.0 kvarh", "8.8.0"), ("8-0:1.0.0", "1.0.0"),
        ("1.8.0 / 1.8.1", None), ("31.12.2026", None), ("31.01.26", None), ("1.234.567", None),
        ("12.345,6", None), ("Tarih", None), ("192.168.1.1", None), ("", None),
    ],
)  # fmt: skip
def test_codes_in_headers(header, code):
    assert code_in(header) == code


def test_words_that_mean_a_register():
    assert codes_of("Endüktif") == ["3.8.0", "5.8.0"]
    assert codes_of("GÜNDÜZ") == ["1.8.1"]
    assert codes_of("1-0:2.8.0") == ["2.8.0"]
    assert codes_of("renk") == []


def test_units():
    assert unit_in("Endeks (kWh)") == "kWh"
    assert unit_in("1.8.0 [MWh]") == "MWh"
    assert unit_in("Endeks (son)") is None
    assert known_unit("m³") == known_unit("M3") == "m3"
    assert known_unit("adet") is None


@pytest.mark.parametrize(
    ("text", "number", "unit"),
    [
        ("12.345,678", "12345.678", None), ("12,5 kWh", "12.5", "kWh"), ("7m³", "7", "m3"),
        ("1 234,5 MWh", "1234.5", "MWh"), ("0", "0", None), ("-3", "-3", None),
    ],
)  # fmt: skip
def test_figures_with_and_without_a_unit(text, number, unit):
    value, found = convert(index_column("value", "Endeks"), text, ",")
    assert (value, found) == (Decimal(number), unit)


@pytest.mark.parametrize("text", ["12 adet", "kWh", "1,2E+11", "12 %", "12,5,5"])
def test_figures_that_are_none(text):
    with pytest.raises(CellFault):
        convert(index_column("value", "Endeks"), text, ",")


def test_a_table_with_a_column_a_register():
    columns = (*KINDS["reading"][0], *map(register_column, ("1.8.0", "5.8.0", "8.8.0")))
    text = "Nokta\tTarih\tAktif (kWh)\tEndüktif\t1-0:8.8.0\nT1\t31.12.26\t1.234.567\t2\t3"
    found = recognise(read_text(text, 9), columns)
    assert found.at == 0
    assert found.names == (
        "point", "moment", "register:1.8.0", "register:5.8.0", "register:8.8.0",
    )  # fmt: skip


DEFINITIONS = [
    {"name": "a1", "type": "selection", "string": "Renk", "selection": [["x1", "Kırmızı"]]},
    {"name": "a2", "type": "float", "string": "Güç"},
    {"name": "a3", "type": "boolean", "string": "Sigorta"},
    {"name": "a4", "type": "tags", "string": "Etiket", "tags": [["t1", "Öncelikli", 1]]},
    {"name": "a5", "type": "separator", "string": "Başlık"},
    {"name": "a6", "type": "date", "string": "Renk"},
]


def test_own_fields_are_columns_under_their_labels():
    names = [column.name for column in own_columns(DEFINITIONS)]
    assert names == ["own:Renk", "own:Güç", "own:Sigorta", "own:Etiket"]
    values = [
        convert(typed_column(one), text, ",")
        for one, text in zip(DEFINITIONS[:4], ["KIRMIZI", "1,5", "evet", "öncelikli"], strict=True)
    ]
    assert (values[0], str(values[1]), values[2]) == ("x1", "1.5", True)
    assert tags_of(DEFINITIONS[3], values[3]) == (["t1"], [])
    assert tags_of(DEFINITIONS[3], ["yok"]) == ([], ["yok"])
    with pytest.raises(CellFault):
        convert(typed_column(DEFINITIONS[0]), "mavi", ",")
