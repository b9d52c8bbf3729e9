import pytest
from sms_core.numbers import canonical, national


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("+90 532 123 45 67", "905321234567"),
        ("0090 (532) 123-45-67", "905321234567"),
        ("905321234567", "905321234567"),
        ("0532 123 45 67", "905321234567"),
        ("532.123.45.67", "905321234567"),
        ("+49 151 23456789", "4915123456789"),
        ("004915123456789", "4915123456789"),
        ("+90 212 123 45 67", None),
        ("0212 123 45 67", None),
        ("+90 532 123 45", None),
        ("532123456", "532123456"),
        ("", None),
        (None, None),
        ("no number", None),
        ("+90 532 123 45 67 ext 3", None),
        ("٠٥٣٢١٢٣٤٥٦٧", None),
        ("1234567890123456", None),
    ],
)
def test_numbers_are_brought_to_one_form(written, expected):
    assert canonical(written) == expected


def test_numbers_abroad_keep_their_country():
    assert national("905321234567") == "5321234567"
    assert national("4915123456789") == "004915123456789"
