"""Phone numbers in the form each gateway takes them."""

import re

_NOISE = re.compile(r"[\s().\-/]")
_TURKEY = "90"


def canonical(number):
    """International digits without + (905321234567), or None for what no SMS can be sent to.

    Takes +90 532 …, 0090…, 0532… and 532…; of Turkish numbers only mobile ones receive SMS.
    """
    text = _NOISE.sub("", str(number or ""))
    plus = text.startswith("+")
    digits = text.removeprefix("+")
    if not digits.isascii() or not digits.isdigit():
        return None
    if digits.startswith("00"):
        plus, digits = True, digits[2:]
    if not plus:
        digits = _of_turkey(digits)
    if not digits or digits.startswith("0") or not 8 <= len(digits) <= 15:
        return None
    if digits.startswith(_TURKEY) and not (len(digits) == 12 and digits[2] == "5"):
        return None
    return digits


def _of_turkey(digits):
    """Digits written without a plus: of Turkey, with or without its prefixes."""
    national = digits.removeprefix("0")
    if len(national) == 10 and national.startswith("5"):
        return _TURKEY + national
    return digits


def national(digits):
    """Ten digits of a Turkish number, 00 and the country's code for any other."""
    if digits.startswith(_TURKEY):
        return digits[2:]
    return "00" + digits
