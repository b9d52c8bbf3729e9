"""Columns of rows as parameters of set-based statements."""

from .decimals import array_literal


def rows_literals(rows):
    """Array literals of ``core.rows.Accepted``, and the time span that bounds the partitions."""
    return {
        "channel": array_literal(rows.channel),
        "ts": array_literal(rows.ts),
        "value": array_literal(rows.value),
        "quality": array_literal(rows.quality),
        "oldest": min(rows.ts),
        "newest": max(rows.ts),
    }
