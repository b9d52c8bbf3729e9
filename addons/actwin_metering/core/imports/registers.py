"""Tables with a column a register: which header names which, and in which unit it counts."""

import re

from .column import column
from .text import clean, fold

PREFIX = "register:"
"""Before the code in the name of such a column."""

_PART = r"(?:0|[1-9]\d?)"
_CODE = re.compile(rf"(?<![\d.])({_PART}\.(?:0|2|6|7|8|9|29)\.{_PART})(?![\d.])", re.ASCII)
_BRACKETED = re.compile(r"[(\[]\s*([^)\]]*?)\s*[)\]]")
_WORDS = {
    "1.8.0": "Aktif|Aktif endeks|Aktif enerji|Toplam aktif|Aktif toplam|Active|Active import|"
    "Active energy",
    "1.8.1": "T1|T1 endeks|Gündüz|Gündüz endeksi|Day",
    "1.8.2": "T2|T2 endeks|Puant|Puant endeksi|Peak",
    "1.8.3": "T3|T3 endeks|Gece|Gece endeksi|Night",
    "1.8.4": "T4|T4 endeks",
    "1.6.0": "Demand|Demant|Maksimum demand|Maximum demand",
    "2.8.0": "Veriş|Aktif veriş|Üretim|Export|Active export",
    "3.8.0": "Endüktif|Reaktif endüktif|Reaktif|Inductive|Reactive inductive",
    "5.8.0": "Endüktif|Reaktif endüktif|Reaktif|Inductive|Reactive inductive",
    "4.8.0": "Kapasitif|Reaktif kapasitif|Capacitive|Reactive capacitive",
    "8.8.0": "Kapasitif|Reaktif kapasitif|Capacitive|Reactive capacitive",
}
_UNITS = {
    "wh": "Wh", "kwh": "kWh", "mwh": "MWh", "gwh": "GWh", "varh": "varh", "kvarh": "kvarh",
    "mvarh": "Mvarh", "kvah": "kVAh", "w": "W", "kw": "kW", "mw": "MW", "m3": "m3", "m³": "m3",
    "sm3": "Sm3", "sm³": "Sm3", "l": "l", "lt": "l", "litre": "l", "gj": "GJ", "mj": "MJ",
    "kj": "kJ", "gcal": "Gcal", "mcal": "Mcal",
}  # fmt: skip


def index_column(name, headers, **values):
    """Column of a meter's figures, with or without their unit."""
    return column(name, "measure", headers, low=-(10**15), high=10**15, decimals=12, **values)


def register_column(code, names=()):
    """Column of the figures of the register ``code``; ``names`` are what else it is called."""
    headers = [code, f"1-0:{code}", f"1-1:{code}", *_WORDS.get(code, "").split("|"), *names]
    return index_column(PREFIX + code, "|".join(filter(None, headers)))


def code_in(header):
    """The OBIS code in a header, short as channels have it; None without one or with several."""
    found = _CODE.findall(header)
    return found[0] if len(found) == 1 else None


def unit_in(header):
    """The unit that a header gives in brackets, None without one."""
    found = (known_unit(text) for text in _BRACKETED.findall(clean(header)))
    return next((unit for unit in found if unit), None)


def known_unit(text):
    """A unit as people write it in its own spelling, None of any other text."""
    return _UNITS.get(clean(text).casefold().replace(" ", ""))


def codes_of(word):
    """Codes of registers that ``word`` may mean: itself, or those that people call so."""
    code = code_in(word)
    return [code] if code else [code for code, words in _FOLDED.items() if fold(word) in words]


_FOLDED = {code: {fold(word) for word in words.split("|")} for code, words in _WORDS.items()}
