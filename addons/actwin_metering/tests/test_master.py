from psycopg2.errors import CheckViolation, UniqueViolation

from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .common import MeteringCase


@tagged("post_install", "-at_install")
class TestMaster(MeteringCase):
    def test_points_form_a_tree_without_cycles(self):
        child = self.create_point(code="P2", parent_id=self.point.id)
        with self.assertRaises(UserError):
            self.point.parent_id = child
        self.assertEqual(
            self.env["actwin.point"].search([("id", "child_of", self.point.id)]), self.point | child
        )

    def test_parent_is_of_the_same_site_and_commodity(self):
        with self.assertRaises(ValidationError):
            self.create_point(code="P2", commodity="water", parent_id=self.point.id)
        with self.assertRaises(ValidationError):
            self.create_point(
                code="P2", site_id=self.create_site(code="TS2").id, parent_id=self.point.id
            )

    def test_codes_are_unique(self):
        cases = (
            ({"code": "P1"}, UniqueViolation),
            ({"code": "P2", "latitude": 91}, CheckViolation),
        )
        for values, error in cases:
            with (
                self.subTest(values),
                mute_logger("odoo.sql_db"),
                self.assertRaises(error),
                self.env.cr.savepoint(),
            ):
                self.create_point(**values).flush_recordset()

    def test_channel_key_follows_site_point_and_obis(self):
        self.assertEqual(self.channel.key, "TS1/P1:1.8.0")
        self.channel.obis = "1.8.9"
        self.assertEqual(self.channel.key, "TS1/P1:1.8.0")

    def test_channel_form_fills_the_key(self):
        with Form(self.env["actwin.channel"]) as form:
            form.point_id = self.point
            form.obis = "2.8.0"
            self.assertEqual(form.key, "TS1/P1:2.8.0")

    def test_zone_off_the_hour_is_refused(self):
        with self.assertRaises(ValidationError):
            self.site.tz = "Asia/Kolkata"

    def test_meter_hangs_at_one_point_at_a_time(self):
        first = self.install("2026-01-01", "2026-02-01")
        self.install("2026-02-01", meter_id=first.meter_id.id)
        other = self.create_channel(point_id=self.create_point(code="P2").id)
        for dates in (("2026-01-31", False), ("2025-01-01", False), ("2026-03-01", "2026-03-02")):
            with self.subTest(dates), self.assertRaises(ValidationError):
                self.install(*dates, channel=other, meter_id=first.meter_id.id)

    def test_point_has_one_meter_at_a_time(self):
        self.install("2026-01-01")
        with self.assertRaises(ValidationError):
            self.install("2026-02-01")

    def test_current_meter_and_subscriber(self):
        installation = self.install("2026-01-01")
        self.assertEqual(self.point.meter_id, installation.meter_id)
        self.assertEqual(installation.meter_id.point_id, self.point)
        search = self.env["actwin.point"].search
        self.assertEqual(search([("meter_id", "=", installation.meter_id.id)]), self.point)
        self.assertNotIn(self.point, search([("meter_id", "=", False)]))
        installation.date_to = "2026-02-01"
        self.point.invalidate_recordset()
        self.assertFalse(self.point.meter_id)
        self.assertIn(self.point, search([("meter_id", "=", False)]))

    def test_occupancies_do_not_overlap(self):
        subscriber = self.env["actwin.subscriber"].create(
            {
                "partner_id": self.env["res.partner"].create({"name": "Tenant"}).id,
                "site_id": self.site.id,
            }
        )
        values = {"point_id": self.point.id, "subscriber_id": subscriber.id}
        occupancy = self.env["actwin.occupancy"]
        occupancy.create({**values, "date_from": "2026-01-01", "date_to": "2026-01-31"})
        with self.assertRaises(ValidationError):
            occupancy.create({**values, "date_from": "2026-01-31"})
        occupancy.create({**values, "date_from": "2026-02-01"})
        self.assertEqual(self.point.subscriber_id, subscriber)
        self.assertEqual(
            self.env["actwin.point"].search([("subscriber_id", "=", subscriber.id)]), self.point
        )
        self.assertTrue(subscriber.number.isdigit())

    def test_what_has_readings_stays(self):
        self.send(("2026-03-02 09:00:00", "1"))
        with self.assertRaises(UserError):
            self.channel.unlink()
        with self.assertRaises(UserError):
            self.channel.point_id = self.create_point(code="P2")
        with self.assertRaises(UserError):
            self.point.site_id = self.create_site(code="TS2")

    def test_own_fields_of_a_subscriber_kind(self):
        kind = self.env["actwin.subscriber.kind"].create(
            {
                "name": "Industry",
                "code": "ind",
                "subscriber_properties_definition": [
                    {"name": "crew", "string": "Crew", "type": "integer"}
                ],
            }
        )
        subscriber = self.env["actwin.subscriber"].create(
            {
                "partner_id": self.env.company.partner_id.id,
                "site_id": self.site.id,
                "kind_id": kind.id,
                "properties": {"crew": 12},
            }
        )
        search = self.env["actwin.subscriber"].search
        self.assertEqual(
            search([("properties.crew", ">", 10), ("kind_id", "=", kind.id)]), subscriber
        )

    def test_writing_the_same_site_and_point_again_changes_nothing(self):
        self.send(("2026-03-02 09:00:00", "1"))
        self.roll()
        self.point.write({"site_id": self.site.id})
        self.channel.write({"point_id": self.point.id, "digits": 5, "kind": "index"})
        self.assertEqual(self.rollup._count_dirty(), 0)
        other = self.create_site(code="TS7")
        with self.assertRaises(UserError):
            self.point.site_id = other
