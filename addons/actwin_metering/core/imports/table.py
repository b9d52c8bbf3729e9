"""Pasted text as a table: rows of a spreadsheet, or of a CSV file, cell by cell."""

import re

from .faults import TableFault
from .text import clean

MAX_COLUMNS = 120
MAX_CELL = 2_000
MAX_TEXT = 40_000_000
_DELIMITERS = "\t;,|"


def read_text(text, max_rows):
    """[(row number from 1, [cell…])…] of the rows that hold something, all of one length.

    A cell is quoted only when its closing quote ends it, as spreadsheets write cells with line
    breaks: ``"Acme" Ltd`` and a lone ``"`` are plain text and swallow nothing.
    """
    if len(text) > MAX_TEXT:
        raise TableFault("too_large", megabytes=MAX_TEXT // 1_000_000)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    delimiter = _delimiter(text)
    plain = '"' not in text
    rows = [line.split(delimiter) for line in text.split("\n")] if plain else _scan(text, delimiter)
    return tidy(enumerate(rows, 1), max_rows)


def tidy(numbered, max_rows):
    """Cleaned rows without empty rows and empty columns at the end; refuses what is too much."""
    rows = []
    for number, cells in numbered:
        cells = [clean(cell) for cell in cells]
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            rows.append((number, cells))
            if len(rows) > max_rows + 1:  # one of them may be the header
                raise TableFault("too_many_rows", limit=max_rows)
    if not rows:
        raise TableFault("empty")
    width = max(len(cells) for _number, cells in rows)
    if width > MAX_COLUMNS:
        raise TableFault("too_many_columns", limit=MAX_COLUMNS)
    for number, cells in rows:
        if any(len(cell) > MAX_CELL for cell in cells):
            raise TableFault("long_cell", row=number, limit=MAX_CELL)
        cells.extend([""] * (width - len(cells)))
    return rows


def _delimiter(text):
    """Tab when there is one; else what the first line holds most of, semicolon before comma."""
    if "\t" in text:
        return "\t"
    first = next((line for line in text.split("\n") if line.strip()), "")
    unquoted = re.sub(r'"[^"]*"', "", first)
    return max(_DELIMITERS, key=lambda sign: (unquoted.count(sign), -_DELIMITERS.index(sign)))


def _scan(text, delimiter):
    sign = re.escape(delimiter)
    cell = re.compile(rf'"((?:[^"]|"")*)"(?={sign}|\n|\Z)|([^{sign}\n]*)')
    rows, row, at = [], [], 0
    while True:
        found = cell.match(text, at)
        quoted = found[1]
        row.append(found[2] if quoted is None else quoted.replace('""', '"'))
        at = found.end()
        if at >= len(text):
            rows.append(row)
            return rows
        if text[at] == "\n":
            rows.append(row)
            row = []
        at += 1
