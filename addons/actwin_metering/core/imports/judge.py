"""Rows of a table as values, each fault with its column."""

from dataclasses import dataclass, field

from .cells import convert
from .faults import CellFault
from .numbers import decimal_sign

_NUMERIC = {"number", "percent", "integer", "ratio", "measure"}


@dataclass(slots=True)
class Row:
    """``faults`` are (column name or "", code, figures) of what stands in the way, ``doubts`` of
    what somebody has to confirm.

    ``present`` is the id of what the row describes when it exists already, ``depth`` how many
    rows must be created before.
    """

    number: int
    values: dict = field(default_factory=dict)
    faults: list = field(default_factory=list)
    doubts: list = field(default_factory=list)
    present: int | None = None
    depth: int = 0

    def fault(self, name, code, /, **figures):
        self.faults.append((name, code, figures))

    def doubt(self, name, code, /, **figures):
        self.doubts.append((name, code, figures))


def judge(rows, names, columns, default_sign):
    """[Row…] of [(number, cells)…]; ``names`` is one column name or None for each cell."""
    by_name = {item.name: item for item in columns}
    used = [(at, by_name[name]) for at, name in enumerate(names) if name in by_name]
    signs = _signs(rows, used, default_sign)
    missing = [item for item in columns if item.required and item.name not in names]
    return [_row(number, cells, used, signs, missing) for number, cells in rows]


def _signs(rows, used, default):
    """The decimal sign of each numeric column; a column that proves none follows the table."""
    numeric = [at for at, item in used if item.kind in _NUMERIC]
    table = decimal_sign((cells[at] for _n, cells in rows for at in numeric), default)
    return {at: decimal_sign((cells[at] for _n, cells in rows), table or default) for at in numeric}


def _row(number, cells, used, signs, missing):
    row = Row(number)
    for item in missing:
        row.fault(item.name, "no_column")
    for at, item in used:
        if not cells[at]:
            if item.required:
                row.fault(item.name, "missing")
            continue
        try:
            row.values[item.name] = convert(item, cells[at], signs.get(at))
        except CellFault as fault:
            row.fault(item.name, fault.code, **fault.figures)
    return row


def mark_repeats(rows, key, name):
    """Fault every row whose ``key(row)`` an earlier row had; None is no key."""
    first = {}
    for row in rows:
        found = key(row)
        if found is None:
            continue
        if found in first:
            row.fault(name, "repeated", row=first[found])
        else:
            first[found] = row.number
