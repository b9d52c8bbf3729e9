"""What the database does for a call: its statements, the pages they touch, their partitions."""

import contextlib
from unittest.mock import patch

from odoo.sql_db import Cursor
from odoo.tools import SQL

_PARTITION = "actwin_reading_2"


def statements(call, table="actwin_reading"):
    """[(query, parameters)…] with which ``call`` reads or writes ``table``."""
    found = []
    execute = Cursor.execute

    def spy(cursor, query, params=None, **options):
        if isinstance(query, SQL):
            found.append((query.code, query.params))
        else:
            found.append((query, params))
        return execute(cursor, query, params, **options)

    with patch.object(Cursor, "execute", spy):
        call()
    return [
        (query, params)
        for query, params in found
        if table in query and query.lstrip().upper().startswith(("SELECT", "WITH", "UPDATE"))
    ]


def nodes(env, query, params=None):
    """Every node of the executed plan; whatever the statement changes is undone."""
    with contextlib.closing(env.cr.savepoint()):
        env.cr.execute("SET LOCAL jit = off")
        env.cr.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {query}", params)
        root = env.cr.fetchone()[0][0]["Plan"]
    return list(_walk(root))


def buffers(found):
    """Pages the whole statement touched: figures of the topmost node hold those below it."""
    return _pages(found[0])


def store_buffers(found):
    """Pages of the readings and their keys alone."""
    return sum(_pages(node) for node in found if _partition(node))


def partitions(found):
    """Names of the partitions that were opened."""
    return {_partition(node) for node in found if _partition(node) and node["Actual Loops"]}


def _walk(node):
    yield node
    for child in node.get("Plans", ()):
        yield from _walk(child)


def _pages(node):
    kinds = ("Shared Hit Blocks", "Shared Read Blocks", "Local Hit Blocks", "Local Read Blocks")
    return sum(node.get(kind, 0) for kind in kinds)


def _partition(node):
    name = node.get("Relation Name") or ""
    return name if name.startswith(_PARTITION) else ""
