"""Numbers that carry their own check digits: tax numbers, citizens' numbers and IBANs."""

import re

from stdnum.iso7064 import mod_97_10
from stdnum.tr import tckimlik, vkn

_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", re.ASCII)
_TURKISH_LENGTH = 26


def compact_tax_number(text):
    """The digits of a Turkish tax (VKN) or citizen's number (TCKN) as people write them."""
    number = "".join((text or "").split()).upper().removeprefix("TR")
    return number.replace("-", "").replace(".", "")


def is_tax_number(text):
    """Whether the check digits of a VKN (10 digits) or TCKN (11 digits) are right."""
    number = compact_tax_number(text)
    return vkn.is_valid(number) or tckimlik.is_valid(number)


def compact_iban(text):
    """An IBAN without blanks in capitals, None when it cannot be one."""
    number = "".join((text or "").split()).upper()
    if not _IBAN.fullmatch(number) or number.startswith("TR") and len(number) != _TURKISH_LENGTH:
        return None
    return number if mod_97_10.is_valid(number[4:] + number[:4]) else None
