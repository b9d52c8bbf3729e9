"""Numbers as spreadsheets show them: 1.234,5 and 1,234.5 and 1 234,5 are the same."""

import re
from decimal import Decimal

from .faults import CellFault

_SCIENTIFIC = re.compile(r"[-+]?\d(?:[.,]\d+)?[eE][-+]?\d{1,3}", re.ASCII)
_NUMBER = re.compile(r"([-+−]?) ?(\d{1,3}(?:[ ']\d{3})+(?:[.,]\d+)?|[\d.,]*\d[\d.,]*)", re.ASCII)
_PERCENT = re.compile(r"(.*\d)\s*%|%\s*(\d.*)")
_TRAILING = re.compile(r"[^\d.,]+$")
"""A unit or a percent sign says nothing about the decimal sign."""

_LONGEST = 40


def is_scientific(text):
    """1,23E+11: what a narrow spreadsheet column makes of a long number; its digits are lost."""
    return bool(_SCIENTIFIC.fullmatch(text))


def evidence(text):
    """The decimal sign a number cannot do without, None when 1.234 might be either."""
    found = _NUMBER.fullmatch(_TRAILING.sub("", text))
    if not found:
        return None
    body = found[2].replace(" ", "").replace("'", "")
    points, commas = body.count("."), body.count(",")
    if points and commas:
        return "." if body.rindex(".") > body.rindex(",") else ","
    sign = "." if points else ","
    if points + commas > 1:
        return "," if points else "."
    if points + commas == 0:
        return None
    whole, _sign, rest = body.partition(sign)
    grouped = len(rest) == 3 and 1 <= len(whole) <= 3 and not whole.startswith("0")
    return None if grouped else sign


def decimal_sign(cells, default):
    """The decimal sign of a column: what its cells prove, else ``default``; None if they differ."""
    proven = {evidence(cell) for cell in cells} - {None}
    if len(proven) > 1:
        return None
    return proven.pop() if proven else default


def parse_number(text, sign, units=(), percent=False):
    """Decimal of a cell. ``sign`` decides on 1.234 alone; None of a column that is at odds."""
    if len(text) > _LONGEST:
        raise CellFault("bad_number")
    if is_scientific(text):
        raise CellFault("scientific")
    text = _without_unit(text, units)
    if "%" in text:
        found = _PERCENT.fullmatch(text)
        if not percent or not found:
            raise CellFault("percent")
        text = found[1] or found[2]
    found = _NUMBER.fullmatch(text.strip())
    if not found:
        raise CellFault("bad_number")
    own = evidence(text.strip()) or sign
    body = found[2].replace(" ", "").replace("'", "")
    if own is None and ("." in body or "," in body):
        raise CellFault("ambiguous_number")
    return Decimal(("-" if found[1] in "-−" and found[1] else "") + _plain(body, own or ","))


def _without_unit(text, units):
    for unit in units:
        if text.casefold().endswith(unit.casefold()):
            return text[: -len(unit)].rstrip()
    return text


def _plain(body, sign):
    other = "," if sign == "." else "."
    whole, _sign, rest = body.partition(sign)
    groups = whole.split(other)
    faulty = len(groups) > 1 and (
        not 1 <= len(groups[0]) <= 3 or any(len(group) != 3 for group in groups[1:])
    )
    if faulty or other in rest or sign in rest:
        raise CellFault("bad_number")
    return f"{''.join(groups) or '0'}.{rest or '0'}"
