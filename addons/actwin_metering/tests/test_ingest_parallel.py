import threading

import psycopg2

from odoo import SUPERUSER_ID
from odoo.api import Environment
from odoo.modules.registry import DummyRLock, Registry
from odoo.service.model import retrying
from odoo.tests import BaseCase, get_db_name, tagged
from odoo.tools import mute_logger

from .common import epoch, make_batch, pack

_MONTH = "actwin_reading_2004_05"  # a month no other test uses
_FIRST = epoch("2004-05-01 00:15:00")


@tagged("post_install", "-at_install")
class TestParallelIngest(BaseCase):
    """Senders that really run at once, each in a transaction of its own, as the server has them."""

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        # the test runner holds this lock, and a repeated transaction looks its registry up again
        self.patch(Registry, "_lock", DummyRLock())
        self.addCleanup(self._clean)
        with self.registry.cursor() as cr:
            env = Environment(cr, SUPERUSER_ID, {})
            site = env["actwin.site"].create({"name": "Parallel", "code": "PARALLEL"})
            point = env["actwin.point"].create({"name": "P", "code": "P", "site_id": site.id})
            self.channel = env["actwin.channel"].create({"point_id": point.id, "obis": "x"})
            self.key, self.channel_id = self.channel.key, self.channel.id
            collector = env["actwin.collector"].create(
                {"name": "Parallel", "code": "PARALLEL", "site_id": site.id}
            )
            self.user_id = collector._ensure_user().id

    def _clean(self):
        """These tests commit, so they take everything away again."""
        with self.registry.cursor() as cr:
            env = Environment(cr, SUPERUSER_ID, {"active_test": False})
            cr.execute(f"DROP TABLE IF EXISTS {_MONTH}")
            site = env["actwin.site"].search([("code", "=", "PARALLEL")])
            channels = env["actwin.channel"].search([("site_id", "=", site.id)])
            for table in ("dirty", "version"):
                cr.execute(
                    f"DELETE FROM actwin_reading_{table} WHERE channel_id = ANY(%s)", [channels.ids]
                )
            cr.execute("UPDATE actwin_channel SET last_ts = NULL WHERE site_id = %s", [site.id])
            env.invalidate_all()
            user = env["actwin.collector"].search([("site_id", "=", site.id)]).user_id
            env["actwin.collector"].search([("site_id", "=", site.id)]).unlink()
            channels.unlink()
            env["actwin.point"].search([("site_id", "=", site.id)]).unlink()
            partner = user.partner_id
            user.unlink()
            partner.unlink()
            site.unlink()

    def batch(self, first, last, **values):
        rows = [(self.key, _FIRST + 900 * n, str(n)) for n in range(first, last)]
        return pack(make_batch(rows, collector="PARALLEL", **values))

    def deliver(self, packed):
        """Answer to a delivery, committed and repeated as the server would."""
        with self.registry.cursor() as cr:
            env = Environment(cr, self.user_id, {})
            return retrying(lambda: env["actwin.reading"].ingest_packed(*packed), env)

    def deliver_at_once(self, deliveries):
        gate, answers = threading.Barrier(len(deliveries), timeout=30), []

        def run(packed):
            gate.wait()
            answers.append(self.deliver(packed))

        threads = [threading.Thread(target=run, args=(packed,)) for packed in deliveries]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(40)
        self.assertEqual(len(answers), len(deliveries), "a delivery got no answer")
        return answers

    def stored(self):
        with self.registry.cursor() as cr:
            cr.execute(
                "SELECT count(*), count(DISTINCT ts), sum(value)::text FROM actwin_reading"
                " WHERE channel_id = %s",
                [self.channel_id],
            )
            return cr.fetchone()

    @mute_logger("odoo.sql_db", "odoo.service.model")
    def test_overlapping_deliveries_into_a_new_month_add_up(self):
        spans = [(0, 300), (200, 500)]
        answers = self.deliver_at_once([self.batch(*span) for span in spans])
        self.assertEqual(self.stored(), (500, 500, str(sum(range(500)))))
        self.assertEqual(sum(answer["accepted"] for answer in answers), 500)
        self.assertEqual(sum(answer["duplicates"] for answer in answers), 100)
        self.assertEqual([answer["conflicts"] for answer in answers], [0, 0])

    @mute_logger("odoo.sql_db", "odoo.service.model")
    def test_the_same_delivery_twice_at_once_is_taken_once(self):
        packed = self.batch(0, 200, batch_id="parallel-1")
        answers = self.deliver_at_once([packed, packed])
        self.assertEqual(sorted(answer["accepted"] for answer in answers), [0, 200])
        self.assertEqual(sorted(answer["duplicates"] for answer in answers), [0, 200])
        self.assertEqual(self.stored()[:2], (200, 200))

    @mute_logger("odoo.sql_db")
    def test_server_that_dies_before_the_commit_leaves_nothing(self):
        packed = self.batch(0, 100)
        with self.assertRaises(psycopg2.Error), self.registry.cursor() as cr:
            env = Environment(cr, self.user_id, {})
            self.assertEqual(env["actwin.reading"].ingest_packed(*packed)["accepted"], 100)
            cr.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        self.assertEqual(self.stored()[0], 0)
        self.assertEqual(self.deliver(packed)["accepted"], 100)
        self.assertEqual(self.stored()[:2], (100, 100))
