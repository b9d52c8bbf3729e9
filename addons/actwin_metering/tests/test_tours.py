from datetime import timedelta

from odoo import fields
from odoo.tests import HttpCase, new_test_user, tagged

from .common import CollectorCase, MeteringCase, make_batch


@tagged("post_install", "-at_install")
class TestTours(MeteringCase, HttpCase):
    """The main screens, clicked through in a browser by the users they are made for."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for role in ("operator", "manager"):
            new_test_user(cls.env, f"tour_{role}", groups=f"actwin_metering.group_{role}")

    def test_operator_follows_a_point_to_consumption_and_rejects(self):
        point = self.create_point(code="TOUR-1", name="Tour point")
        channel = self.create_channel(point_id=point.id)
        yesterday = fields.Datetime.today() - timedelta(days=1)
        self.install(yesterday, channel=channel)
        nine, quarter_past = f"{yesterday:%Y-%m-%d} 09:00:00", f"{yesterday:%Y-%m-%d} 09:15:00"
        self.send((nine, "100"), (quarter_past, "142"), channel=channel)
        self.reading.ingest(make_batch([("TS1/NOWHERE:1.8.0", nine, "1")]))
        self.roll()
        self.start_tour("/odoo/points", "actwin_metering_follow_a_point", login="tour_operator")

    def test_manager_sets_up_a_site_with_a_point_and_a_channel(self):
        self.start_tour("/odoo/sites/new", "actwin_metering_set_up_a_site", login="tour_manager")
        channel = self.env["actwin.channel"].search([("key", "=", "TOUR/W1:1.8.0")])
        self.assertEqual(channel.point_id.name, "Workshop of the tour")
        self.assertEqual(channel.site_id.tz, "Europe/Istanbul")

    def test_manager_sets_up_a_collector_with_a_device_and_its_settings(self):
        self.start_tour(
            "/odoo/collectors", "actwin_metering_set_up_a_collector", login="tour_manager"
        )
        device = self.env["actwin.device"].search([("key", "=", "A1")])
        self.assertEqual(device.settings, {"map": "schneider_iem3000", "pause": 1.5})
        self.assertEqual(device.line_id.host, "192.0.2.1")


@tagged("post_install", "-at_install")
class TestOperatingTours(CollectorCase, HttpCase):
    """A device is read at once, and a line stopped, from the browser."""

    def test_answer_appears_without_reloading(self):
        self.staff("administrator", "tour_admin")
        self.start_tour("/odoo/devices", "actwin_metering_read_now", login="tour_admin")

    def test_operator_finds_no_way_to_stop_a_line(self):
        self.staff("operator", "tour_op")
        self.start_tour("/odoo/lines", "actwin_metering_cannot_stop_a_line", login="tour_op")

    def test_manager_stops_a_line_and_starts_it_again(self):
        self.staff("manager", "tour_man")
        self.start_tour("/odoo/lines", "actwin_metering_stop_a_line", login="tour_man")
        self.assertTrue(self.line.enabled)
