"""Plain Python of the ingest: nothing here knows Odoo or a database."""

from . import batch, packed, rows
