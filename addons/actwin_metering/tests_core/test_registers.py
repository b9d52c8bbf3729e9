import pytest
from registers_core import channel_values, from_code


@pytest.mark.parametrize(
    ("code", "commodity", "expected"),
    [
        ("1.8.0", "electricity", ("1.8.0", "kWh", "index", "active_import", None)),
        ("1-0:1.8.2", "electricity", ("1.8.2", "kWh", "index", "active_import", "t2")),
        ("5.8.0", "electricity", ("5.8.0", "kvarh", "index", "reactive_inductive", None)),
        ("8.8.0", "electricity", ("8.8.0", "kvarh", "index", "reactive_capacitive", None)),
        ("1.6.0", "electricity", ("1.6.0", "kW", "instant", "demand", None)),
        ("8-0:1.0.0", "water", ("1.0.0", "m3", "index", "volume", None)),
        ("6-0:1.0.0", "heat", ("1.0.0", "kWh", "index", "heat", None)),
        ("volume", "gas", ("volume", "m3", "index", "volume", None)),
    ],
)
def test_code_says_what_is_counted(code, commodity, expected):
    values = from_code(code, commodity)
    names = ("obis", "unit", "kind", "quantity", "band")
    assert tuple(values.get(name) for name in names) == expected


@pytest.mark.parametrize("code", ["99.99.9", "hello world", "", "1.8", "x" * 40])
def test_code_that_says_nothing(code):
    assert from_code(code, "electricity") is None


def test_unit_says_what_the_code_does_not():
    assert channel_values("U1", "V")["quantity"] == "voltage"
    assert channel_values("x", "")["unit"] == "1"
