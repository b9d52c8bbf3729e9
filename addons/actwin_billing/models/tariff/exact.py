"""Exact decimals of stored numbers, past the cursor that makes them binary floats."""

from decimal import Decimal

from odoo.tools import SQL


def exact_columns(records, *columns):
    """{id: {column: Decimal}} of numeric columns; what is not set is zero.

    Records that are not stored yet, as in a form, give what their fields say.
    """
    stored = records.filtered(lambda item: isinstance(item.id, int))
    found = {item.id: _typed(item, columns) for item in records - stored}
    if not stored:
        return found
    stored.flush_recordset(columns)
    rows = records.env.execute_query(SQL(
        "SELECT id, %s FROM %s WHERE id IN %s",
        SQL(", ").join(SQL("%s::text", SQL.identifier(column)) for column in columns),
        SQL.identifier(records._table), tuple(stored.ids),
    ))
    return found | {
        row_id: {
            column: Decimal(value or 0) for column, value in zip(columns, values, strict=True)
        }
        for row_id, *values in rows
    }


def _typed(record, columns):
    """Decimals of a new record's floats, with the digits of their fields."""
    numbers = {}
    for column in columns:
        digits = record._fields[column].get_digits(record.env)
        numbers[column] = round(Decimal(repr(record[column])), digits[1] if digits else 8)
    return numbers
