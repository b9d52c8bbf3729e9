"""Uploaded files as tables: XLSX through openpyxl, everything else as delimited text."""

import io
import re
import zipfile
from datetime import date, datetime, time
from decimal import Decimal

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from .faults import TableFault
from .table import read_text, tidy

MAX_FILE = 30_000_000
_MAX_UNPACKED = 80_000_000
_ENCODINGS = ("utf-8-sig", "cp1254")
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_NEVER_COMPUTED = re.compile(rb"</f>\s*(?:</c>|<v\s*/>|<v></v>)|<f[^>]*/>\s*</c>")
"""A formula without its result: a program wrote the file, and no spreadsheet opened it since."""


def read_file(data, max_rows):
    """[(row number, [cell…])…] of the content of a file, as ``table.read_text`` gives them."""
    if len(data) > MAX_FILE:
        raise TableFault("too_large", megabytes=MAX_FILE // 1_000_000)
    if data.startswith(_OLD_EXCEL):
        raise TableFault("old_excel")
    if data.startswith(b"PK"):
        return tidy(_workbook_rows(data, max_rows), max_rows)
    return read_text(_decode(data), max_rows)


def _decode(data):
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    for encoding in _ENCODINGS:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise TableFault("unreadable")


def _workbook_rows(data, max_rows):
    """Numbered rows of the first sheet that holds something."""
    try:
        sheet, formulas = _open(data)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise TableFault("unreadable") from error
    if sheet is None:
        raise TableFault("empty")
    if sheet.max_row > 10 * max_rows + 1_000:
        raise TableFault("too_many_rows", limit=max_rows)
    known = _merged(sheet) | formulas
    for number, cells in enumerate(sheet.iter_rows(), 1):
        yield (
            number,
            [
                _as_text(known.get((cell.row, cell.column), cell.value), cell.number_format)
                for cell in cells
            ],
        )


def _open(data):
    """(sheet, {(row, column): text of a formula that has no result})"""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if sum(item.file_size for item in archive.infolist()) > _MAX_UNPACKED:
            raise TableFault("too_large", megabytes=_MAX_UNPACKED // 1_000_000)
        uncomputed = any(
            _NEVER_COMPUTED.search(archive.read(name))
            for name in archive.namelist()
            if name.startswith("xl/worksheets/") and name.endswith(".xml")
        )
    if not uncomputed:
        return _first(load_workbook(io.BytesIO(data), data_only=True)), {}
    written = _first(load_workbook(io.BytesIO(data)))
    sheet = load_workbook(io.BytesIO(data), data_only=True)[written.title]
    formulas = {
        (cell.row, cell.column): cell.value
        for row in written.iter_rows()
        for cell in row
        if cell.data_type == "f" and sheet.cell(cell.row, cell.column).value is None
    }
    return sheet, formulas


def _first(book):
    return next((sheet for sheet in book.worksheets if _holds_something(sheet)), None)


def _holds_something(sheet):
    return sheet.sheet_state == "visible" and any(
        value not in (None, "") for row in sheet.iter_rows(values_only=True) for value in row
    )


def _merged(sheet):
    """{(row, column): value} of cells merged downwards: each row has what is written once."""
    values = {}
    for area in sheet.merged_cells.ranges:
        top = sheet.cell(area.min_row, area.min_col).value
        for row in range(area.min_row + 1, area.max_row + 1):
            values[row, area.min_col] = top
    return values


def _as_text(value, number_format):
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, (int, float)):
        return _number_text(value, number_format)
    if isinstance(value, datetime):
        midnight = value.time() == time() and "h" not in (number_format or "").lower()
        return value.date().isoformat() if midnight else value.isoformat(" ", "seconds")
    if isinstance(value, (date, time)):
        return value.isoformat()
    return str(value)


def _number_text(value, number_format):
    """Plain digits that read one way only: 1.234 becomes 1.2340, lest it pass for 1234."""
    percent = (number_format or "").endswith("%")
    number = Decimal(format(value, ".15g")) * (100 if percent else 1)
    text = format(number.normalize() if number else Decimal(0), "f")
    if len(text.partition(".")[2]) == 3:
        text += "0"
    return f"{text}%" if percent else text
