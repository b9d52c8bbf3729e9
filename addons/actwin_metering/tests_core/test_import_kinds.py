from itertools import combinations

import pytest
from imports_core.cells import KINDS as CELL_KINDS
from imports_core.cells import convert
from imports_core.headers import recognise
from imports_core.kinds import KINDS
from imports_core.table import read_text


@pytest.mark.parametrize("kind", KINDS)
def test_no_header_means_two_columns(kind):
    columns, _limit = KINDS[kind]
    for one, other in combinations(columns, 2):
        assert not set(one.headers) & set(other.headers), (one.name, other.name)


@pytest.mark.parametrize("kind", KINDS)
def test_columns_are_of_known_kinds_and_their_examples_convert(kind):
    columns, _limit = KINDS[kind]
    for item in columns:
        assert item.kind in CELL_KINDS
        if item.example:
            convert(item, item.example, ",")


@pytest.mark.parametrize(
    ("kind", "headers", "expected"),
    [
        (
            "point",
            "ÖLÇÜM NOKTASI\tADI\tSeri No\tAbone\tSözleşme Gücü (kW)\tEnlem\tRenk",
            ("code", "name", "serial", "subscriber_name", "contract_power_kw", "latitude", None),
        ),
        (
            "point",
            "Fed from;Point code;Meter serial;CT ratio",
            ("parent", "code", "serial", "ct"),
        ),
        (
            "subscriber",
            "Müşteri No\tUnvan\tVergi No\tAda\tParsel\tYetkili",
            ("subscriber_number", "subscriber_name", "tax_number", "parcel_block", "parcel_no",
             "authorised_name"),
        ),
        ("reading", "Sayaç No\tOkuma Tarihi\tENDEKS", ("serial", "moment", "value")),
        ("reading", "Meter no,Date,Time,Reading", ("serial", "moment", "clock", "value")),
        ("meter", "Seri no\tMarka\tDamga tarihi", ("serial", "manufacturer", "calibration_date")),
    ],
)  # fmt: skip
def test_headers_as_people_write_them(kind, headers, expected):
    assert recognise(read_text(headers, 9), KINDS[kind][0]).names == expected
