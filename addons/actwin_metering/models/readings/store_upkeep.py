import logging
from datetime import UTC, datetime

import psycopg2
from dateutil.relativedelta import relativedelta

from odoo import api, models
from odoo.tools import SQL

_logger = logging.getLogger(__name__)

_SETTLED_DAYS = 3
"""A month is closed once it has been over for so many days: late deliveries are in by then."""

_SORTED = 0.9
"""Correlation of place and channel from which a partition counts as sorted by channel."""


class ActwinReadingStore(models.AbstractModel):
    """Closed months are sorted by channel, because polling writes them in order of time.

    One channel's month then lies on some 30 pages instead of 2,900. Sorting locks that one
    partition, for seconds; whoever uses it just then goes first, and the month waits for the
    next night. Deliveries into other months never notice.
    """

    _inherit = "actwin.reading.store"

    @api.model
    def _cron_close_months(self):
        """Sort the closed months that are not, each in a transaction of its own."""
        cron = self.env["ir.cron"]
        names = self._closed_months()
        cron._commit_progress(remaining=len(names))
        for name in names:
            self._close_month(name)
            if not cron._commit_progress(1):
                break

    @api.model
    def _close_month(self, name):
        """Sort the partition ``name`` unless it is sorted already; whether it is now."""
        table, key = SQL.identifier(name), SQL.identifier(f"{name}_pkey")
        try:
            with self.env.cr.savepoint():
                statement = SQL("SET LOCAL lock_timeout = '2s'; ANALYZE %s", table)
                self.env.cr.execute(statement, log_exceptions=False)
                if not self._is_sorted(name):
                    statement = SQL("CLUSTER %s USING %s; ANALYZE %s", table, key, table)
                    self.env.cr.execute(statement, log_exceptions=False)
                self.env.cr.execute("SET LOCAL lock_timeout = DEFAULT")
        except psycopg2.errors.LockNotAvailable:
            _logger.info("%s is in use; it is sorted next time", name)
            return False
        return True

    def _closed_months(self):
        """Names of the partitions whose month is over, that are not sorted or never looked at."""
        limit = datetime.now(UTC) - relativedelta(months=1, days=_SETTLED_DAYS)
        self.env.cr.execute(
            """
            SELECT c.relname
              FROM pg_inherits h JOIN pg_class c ON c.oid = h.inhrelid
              LEFT JOIN pg_stats s
                ON s.schemaname = c.relnamespace::regnamespace::text
               AND s.tablename = c.relname AND s.attname = 'channel_id'
             WHERE h.inhparent = 'actwin_reading'::regclass AND c.relname <= %s
               AND (c.reltuples < 0 OR s.correlation < %s)
             ORDER BY 1
            """,
            [f"actwin_reading_{limit:%Y_%m}", _SORTED],
        )
        return [row[0] for row in self.env.cr.fetchall()]

    def _is_sorted(self, name):
        self.env.cr.execute(
            "SELECT correlation FROM pg_stats WHERE tablename = %s AND attname = 'channel_id'"
            " AND schemaname = current_schema",
            [name],
        )
        row = self.env.cr.fetchone()
        return not row or row[0] is None or row[0] >= _SORTED
