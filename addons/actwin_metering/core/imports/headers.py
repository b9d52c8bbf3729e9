"""Which row holds the headers, and which column is which."""

from dataclasses import dataclass

from .text import folds

_LOOK_AT = 10
"""Titles and notes may stand above the headers, but not more rows of them."""


@dataclass(frozen=True, slots=True)
class Recognition:
    """``at`` is the index of the header row, None without one; ``names`` one a column or None."""

    at: int | None
    names: tuple


def recognise(rows, columns):
    """Recognition of a table: the row that names most columns; the first bearer of a name has it.

    :param rows: [(row number, [cell…])…]
    """
    by_header = {header: item.name for item in columns for header in reversed(item.headers)}
    best = Recognition(None, (None,) * len(rows[0][1]))
    for at, (_number, cells) in enumerate(rows[:_LOOK_AT]):
        names = _names(cells, by_header)
        if _known(names) > _known(best.names):
            best = Recognition(at, names)
    required = {item.name for item in columns if item.required}
    if _known(best.names) < 2 and not required.intersection(best.names):
        return Recognition(None, (None,) * len(rows[0][1]))
    return best


def _names(cells, by_header):
    names, taken = [], set()
    for cell in cells:
        found = next((by_header[form] for form in folds(cell) if form in by_header), None)
        names.append(None if found in taken else found)
        taken.add(found)
    return tuple(names)


def _known(names):
    return sum(name is not None for name in names)
