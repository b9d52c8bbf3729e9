from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import MeteringCase


@tagged("post_install", "-at_install")
class TestReading(MeteringCase):
    """The read-only face of the store."""

    def setUp(self):
        super().setUp()
        self.send(("2026-03-02 09:00:00", "1.5"), ("2026-03-03 09:15:00", "2.5"))
        self.readings = self.env["actwin.reading"].search([("channel_id", "=", self.channel.id)])

    def test_rows_read_like_records(self):
        self.assertEqual(self.readings.mapped("value"), [2.5, 1.5])
        self.assertEqual(self.readings[0].point_id, self.point)
        self.assertEqual(self.readings[0].site_id, self.site)
        self.assertEqual(self.readings.mapped("quality"), ["0", "0"])

    def test_rows_group(self):
        groups = self.env["actwin.reading"]._read_group(
            [("point_id", "=", self.point.id)], ["ts:day"], ["value:max", "__count"]
        )
        self.assertEqual([row[1:] for row in groups], [(1.5, 1), (2.5, 1)])

    def test_nothing_writes_through_the_model(self):
        model = self.env["actwin.reading"]
        with self.assertRaises(UserError):
            model.create({"value": 1})
        with self.assertRaises(UserError):
            self.readings[0].write({"value": 1})
        with self.assertRaises(UserError):
            self.readings[0].unlink()
        with self.assertRaises(AccessError):
            self.reading.search([])

    def test_filter_by_time_opens_its_partitions_only(self):
        model = self.env["actwin.reading"]
        query = model._search([("ts", ">=", "2026-03-02"), ("ts", "<", "2026-03-04")])
        self.env.cr.execute("EXPLAIN %s" % self.env.cr.mogrify(query.select()).decode())  # noqa: UP031
        plan = "\n".join(row[0] for row in self.env.cr.fetchall())
        self.assertIn("actwin_reading_2026_03", plan)
        self.assertNotIn("actwin_reading_2026_1", plan)

    def test_uninstall_drops_the_store(self):
        from ..hooks import uninstall_hook

        uninstall_hook(self.env)
        self.env.cr.execute(
            "SELECT to_regclass('actwin_reading'), to_regclass('actwin_reading_2026_03')"
        )
        self.assertEqual(self.env.cr.fetchone(), (None, None))
