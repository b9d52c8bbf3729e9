import threading
from datetime import UTC, datetime

from dateutil.relativedelta import relativedelta

from odoo.sql_db import db_connect
from odoo.tests import get_db_name, tagged

from .common import MeteringCase

_MONTH = datetime(2003, 7, 1)
_TABLE = "actwin_reading_2003_07"


@tagged("post_install", "-at_install")
class TestStoreUpkeep(MeteringCase):
    """Months to come are there, closed ones are sorted."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.store = cls.env["actwin.reading.store"]
        cls.channels = cls.env["actwin.channel"].create(
            [{"point_id": cls.point.id, "obis": f"1.8.{n}"} for n in range(1, 21)]
        )

    def fill(self):
        """A month of quarter hours, in the order in which polling delivers."""
        self.store._ensure_months([_MONTH])
        self.env.cr.execute(
            """
            INSERT INTO actwin_reading (ts, value, channel_id)
            SELECT ts, 1, id
              FROM generate_series(%s, %s, interval '15 min') AS ts, unnest(%s) AS id
             ORDER BY ts, id
            """,
            [_MONTH, datetime(2003, 7, 31, 23, 45), self.channels.ids],
        )

    def pages_of_a_channel(self):
        self.env.cr.execute(
            "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT ts, value, quality FROM actwin_reading"
            " WHERE channel_id = %s AND ts > %s AND ts <= %s",
            [self.channels[3].id, _MONTH, datetime(2003, 8, 1)],
        )
        plan = self.env.cr.fetchone()[0][0]["Plan"]
        return plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]

    def test_coming_months_are_ready(self):
        self.store._cron_create_partitions()
        month = datetime.now(UTC).replace(day=1)
        names = [f"actwin_reading_{month + relativedelta(months=n):%Y_%m}" for n in range(4)]
        self.assertFalse(self.store._missing(names))

    def test_closed_month_of_a_channel_takes_few_pages(self):
        self.fill()
        before = self.pages_of_a_channel()
        self.assertIn(_TABLE, self.store._closed_months())
        self.assertTrue(self.store._close_month(_TABLE))
        self.assertGreater(before, 80)
        self.assertLessEqual(self.pages_of_a_channel(), 80)
        self.assertNotIn(_TABLE, self.store._closed_months())
        self.env.cr.execute(
            "SELECT count(*) FROM actwin_reading WHERE channel_id = ANY(%s)", [self.channels.ids]
        )
        self.assertEqual(self.env.cr.fetchone()[0], 31 * 96 * len(self.channels))

    def test_sorted_month_is_left_alone(self):
        self.fill()
        self.store._close_month(_TABLE)
        file = "SELECT pg_relation_filenode(%s::regclass)"
        self.env.cr.execute(file, [_TABLE])
        before = self.env.cr.fetchone()
        self.store._close_month(_TABLE)
        self.env.cr.execute(file, [_TABLE])
        self.assertEqual(self.env.cr.fetchone(), before)

    def test_open_months_are_no_candidates(self):
        current = f"actwin_reading_{datetime.now(UTC):%Y_%m}"
        self.assertFalse([name for name in self.store._closed_months() if name >= current])

    def test_job_closes_month_by_month(self):
        self.fill()
        with self.enter_registry_test_mode():
            self.env.ref("actwin_metering.ir_cron_close_months").method_direct_trigger()
        self.assertNotIn(_TABLE, self.store._closed_months())

    def test_month_in_use_waits_and_holds_up_nobody(self):
        name = f"actwin_reading_{datetime.now(UTC):%Y_%m}"  # stands in for any committed month
        taken, done = threading.Event(), threading.Event()

        def read():
            with db_connect(get_db_name()).cursor() as cr:
                cr.execute(f"SELECT count(*) FROM {name}")
                taken.set()
                done.wait(30)

        reader = threading.Thread(target=read)
        reader.start()
        self.addCleanup(reader.join)
        self.addCleanup(done.set)
        self.assertTrue(taken.wait(30))
        self.patch(type(self.store), "_is_sorted", lambda *_args: False)
        self.assertFalse(self.store._close_month(name))
        self.assertEqual(self.send(("2026-03-02 09:00:00", "1"))["accepted"], 1)
