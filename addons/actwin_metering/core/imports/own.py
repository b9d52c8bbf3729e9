"""Columns of fields that users made themselves: what Odoo calls properties."""

from dataclasses import replace

from .column import YES_NO, column
from .text import fold

PREFIX = "own:"
"""Before the field's label in the name of such a column."""

_KINDS = {
    "boolean": "bool",
    "integer": "integer",
    "float": "number",
    "monetary": "number",
    "char": "text",
    "text": "text",
    "date": "date",
    "datetime": "moment",
    "selection": "choice",
    "tags": "list",
    "many2one": "text",
    "many2many": "list",
}


def own_columns(definitions):
    """A Column for each label among property definitions; what its cells hold is told later,
    because the same label may be another field for another type of record.
    """
    labels = dict.fromkeys(item["string"] for item in definitions if is_column(item))
    return [column(PREFIX + label, "text", label.replace("|", " "), longest=2_000)
            for label in labels]  # fmt: skip


def is_column(definition):
    """Whether a table can have a column of it."""
    return definition["type"] in _KINDS and bool(definition.get("string"))


def typed_column(definition):
    """The Column that converts a cell to the value of the property."""
    kind = _KINDS[definition["type"]]
    bounds = {"low": -(10**15), "high": 10**15} if kind in ("integer", "number") else {}
    found = column(PREFIX + definition["string"], kind, "", longest=2_000, **bounds)
    if definition["type"] == "selection":
        words = {fold(label): key for key, label in definition.get("selection") or []}
        return replace(found, choices=words)
    return replace(found, choices=YES_NO) if kind == "bool" else found


def tags_of(definition, names):
    """({key of each known name}, [unknown names]) of tags."""
    keys = {fold(label): key for key, label, *_color in definition.get("tags") or []}
    return (
        [keys[fold(name)] for name in names if fold(name) in keys],
        [name for name in names if fold(name) not in keys],
    )
