from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tr_core.figures import money, plain
from tr_core.words import amount_in_words, integer_in_words, turkish_upper


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        ("1234.29", "YALNIZ: #BİNİKİYÜZOTUZDÖRT TL YİRMİDOKUZ KR#"),
        ("157530.40", "YALNIZ: #YÜZELLİYEDİBİNBEŞYÜZOTUZ TL KIRK KR#"),
        ("222031.10", "YALNIZ: #İKİYÜZYİRMİİKİBİNOTUZBİR TL ON KR#"),
        ("1001000", "YALNIZ: #BİRMİLYONBİN TL SIFIR KR#"),
        ("0.05", "YALNIZ: #SIFIR TL BEŞ KR#"),
        ("-12.50", "YALNIZ: #ONİKİ TL ELLİ KR#"),
        ("0.995", "YALNIZ: #BİR TL SIFIR KR#"),
    ],
)
def test_amount_is_written_as_invoices_print_it(amount, expected):
    assert amount_in_words(D(amount)) == expected


@given(st.integers(0, 10**15 - 1), st.integers(0, 10**15 - 1))
def test_different_numbers_have_different_words(one, other):
    assert (integer_in_words(one) == integer_in_words(other)) == (one == other)


@pytest.mark.parametrize("number", [-1, 10**15])
def test_number_without_words_is_refused(number):
    with pytest.raises(ValueError):
        integer_in_words(number)


def test_dotted_i_keeps_its_dot():
    assert turkish_upper("iki ışık") == "İKİ IŞIK"


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [
        (1.385324, 8, "1.385324"),
        (3.347564, 8, "3.347564"),
        (0.86092179, 8, "0.86092179"),
        (1e-9, 8, "0"),
        (38819.10, 6, "38819.1"),
        (100.0, 6, "100"),
        (-0.0, 2, "0"),
        (1e16, 3, "10000000000000000"),
    ],
)
def test_float_text_is_exact_and_plain(value, places, text):
    assert plain(value, places) == text


def test_money_rounds_half_up():
    assert money(11.065) == D("11.07")
