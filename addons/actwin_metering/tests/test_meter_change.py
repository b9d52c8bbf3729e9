import base64
from datetime import datetime
from decimal import Decimal

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, new_test_user, tagged

from .common import MeteringCase

_PIXEL = (
    b"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJg"
    b"gg=="
)
_START, _END = datetime(2026, 3, 1, 21), datetime(2026, 3, 31, 21)


@tagged("post_install", "-at_install")
class TestMeterChange(MeteringCase):
    """What a technician notes at a meter comes out exactly in consumption."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.meter = cls.create_meter(serial="OLD")
        cls.first = cls.install("2026-01-01", opening=0, meter_id=cls.meter.id, ct_primary=40,
                                ct_secondary=5)  # fmt: skip
        cls.technician = new_test_user(
            cls.env, "change_technician", groups="actwin_metering.group_technician", tz="UTC"
        )

    def form(self, kind="replace", date="2026-03-10 10:00:00", user=None):
        model = self.env["actwin.meter.change"].with_user(user or self.env.user)
        form = Form(model.with_context(default_point_id=self.point.id))
        form.kind = kind
        if date:
            form.date = date
        return form

    def replace(self, serial, closing=None, opening=0, digits=5, date="2026-03-10 10:00:00"):
        form = self.form(date=date)
        form.meter_id = self.create_meter(serial=serial, digits=digits)
        with form.line_ids.edit(0) as line:
            if closing is not None:
                line.closing_index = closing
            line.opening_index = opening
        change = form.save()
        change.action_apply()
        return change

    def month(self, channel=None):
        channel = channel or self.channel
        return channel._consumption_between(_START, _END)[channel.id]

    def newest(self):
        return self.point.installation_ids.sorted("date_from")[-1]

    def refused(self, text, action, *args, **values):
        with self.assertRaisesRegex(ValidationError, text):
            action(*args, **values)

    def test_closing_index_is_proposed_from_the_last_reading(self):
        self.send(("2026-03-10 09:00:00", "500.25"), ("2026-03-10 11:00:00", "3"))
        form = self.form()
        with form.line_ids.edit(0) as line:
            self.assertEqual((line.last_value, line.closing_index), (500.25, 500.25))

    def test_replaced_meter_adds_up_and_is_told(self):
        self.send(("2026-03-01 20:00:00", "100"), ("2026-03-10 09:00:00", "500.25"))
        form = self.form(user=self.technician)
        new = self.create_meter(serial="NEW")
        form.meter_id = new
        form.ct_primary = 20
        form.reason, form.note, form.photo = "calibration", "seal 7", _PIXEL
        with form.line_ids.edit(0) as line:
            line.closing_index = 501
            line.opening_index = 2
        form.save().action_apply()
        self.send(("2026-03-31 20:30:00", "12.5"))
        self.assertEqual(self.first.date_to, datetime(2026, 3, 10, 10))
        self.assertEqual(self.newest().reason, "calibration")
        figures = self.month()
        self.assertEqual(figures["consumption"], Decimal("401") * 8 + Decimal("10.5") * 4)
        self.assertEqual((figures["faults"], len(figures["segments"])), (0, 2))
        for record in (self.point, new, self.meter):
            message = record.message_ids[0]
            self.assertEqual(message.author_id, self.technician.partner_id)
            self.assertIn("seal 7", message.body)
            self.assertIn("501", message.body)
            self.assertEqual(message.attachment_ids.raw, base64.b64decode(_PIXEL))

    def test_three_meters_in_one_month(self):
        self.send(("2026-03-01 20:00:00", "100"), ("2026-03-05 10:00:00", "200"))
        self.replace("M2", closing=210, opening=7, date="2026-03-06 10:00:00")
        self.send(("2026-03-15 10:00:00", "57"))
        self.replace("M3", closing=60, opening=0, date="2026-03-16 10:00:00")
        self.send(("2026-03-31 20:59:00", "40.5"))
        figures = self.month()
        self.assertEqual(figures["consumption"], (110 + 53 + Decimal("40.5")) * 8)
        self.assertEqual(
            [item["meter_serial"] for item in figures["segments"]], ["OLD", "M2", "M3"]
        )
        self.roll()
        self.assertEqual(
            sum(day[1] for day in self.channel._day_series("2026-03-02", "2026-03-31")[
                self.channel.id]),
            figures["consumption"],
        )  # fmt: skip

    def test_change_found_out_late_goes_between_two_others(self):
        self.send(("2026-03-01 20:00:00", "100"))
        self.send(("2026-03-20 10:00:00", "130"))
        self.replace("M3", closing=130, date="2026-03-20 11:00:00")
        self.send(("2026-03-31 20:00:00", "9"))
        self.refused("first reading afterwards", self.replace, "M2", closing=110, opening=131,
                     date="2026-03-10 10:00:00")  # fmt: skip
        self.replace("M2b", closing=110, opening=100, date="2026-03-10 10:00:00")
        self.assertEqual(self.month()["consumption"], (10 + 30 + 9) * 8)
        self.assertEqual(self.month()["faults"], 0)

    def test_transformers_changed(self):
        self.send(("2026-03-01 20:00:00", "100"), ("2026-03-10 10:00:00", "200"))
        self.refused("same as before", self.form("ratio").save().action_apply)
        form = self.form("ratio")
        form.ct_primary = 100
        form.save().action_apply()
        self.send(("2026-03-31 20:00:00", "210"))
        self.assertEqual(self.month()["consumption"], 100 * 8 + 10 * 20)
        self.assertEqual(self.point.installation_ids.meter_id, self.meter)
        self.assertEqual(self.newest().reason, "transformer")

    def test_roll_over_that_nobody_saw_coming_is_confirmed(self):
        other = self.create_channel(obis="2.8.0")
        self.send(("2026-03-01 20:00:00", "20000"), ("2026-03-09 20:00:00", "80000"))
        self.send(("2026-03-01 20:00:00", "5"), ("2026-03-11 20:00:00", "15"), channel=other)
        self.send(("2026-03-12 20:00:00", "30000"), ("2026-03-31 20:00:00", "31000"))
        self.send(("2026-03-31 20:00:00", "25"), channel=other)
        self.roll()
        self.assertNotEqual(self.month()["consumption"], 111000 * 8)
        form = self.form("rollover", date=None)
        form.channel_id = self.channel
        self.assertEqual(form.date, datetime(2026, 3, 9, 20))
        form.save().action_apply()
        for _round in range(3):
            self.roll()
        figures = self.month()
        self.assertEqual((figures["consumption"], figures["faults"]), (111000 * 8, 0))
        self.assertEqual(figures["suspect"], 0)
        self.assertEqual(self.month(other)["consumption"], 20 * 8)

    def test_roll_over_needs_a_fall(self):
        self.send(("2026-03-01 20:00:00", "1"), ("2026-03-12 20:00:00", "2"))
        self.refused("did not fall", self.form("rollover").save().action_apply)

    def test_first_meter(self):
        self.point = self.create_point(code="P2")
        channel = self.create_channel(point_id=self.point.id)
        form = self.form(date="2026-03-10 10:00:00", kind="install")
        form.meter_id = self.create_meter(serial="FIRST")
        with form.line_ids.edit(0) as line:
            line.opening_index = 12.5
        form.save().action_apply()
        self.send(("2026-03-10 12:00:00", "14"), channel=channel)
        installation = self.point.installation_ids
        self.assertEqual((installation.reason, installation.index_ids.opening_index), ("new", 12.5))
        self.roll()
        self.assertEqual(self.figures("day", channel=channel), [("2026-03-10", "1.5")])

    def test_what_cannot_be_is_refused(self):
        self.send(("2026-03-01 20:00:00", "100"), ("2026-03-10 09:00:00", "500.25"))
        self.refused("below the last reading", self.replace, "A", closing=500)
        self.refused("5 digits", self.replace, "B", closing=100000)
        self.refused("4 digits", self.digits_of_the_new, 4)
        self.refused("future", self.replace, "D", closing=600, date="2100-01-01 00:00:00")
        self.refused("No meter hangs", self.replace, "E", date="2025-01-01 00:00:00")
        self.refused("already has an installation", self.hanging_elsewhere)

    def digits_of_the_new(self, digits):
        self.channel.digits = 0
        self.replace("C", closing=600, opening=10000, digits=digits)

    def hanging_elsewhere(self):
        point = self.create_point(code="P3")
        meter = self.create_meter(serial="ELSEWHERE")
        self.env["actwin.meter.installation"].create(
            {"meter_id": meter.id, "point_id": point.id, "date_from": "2026-01-01"}
        )
        form = self.form()
        form.meter_id = meter
        form.save().action_apply()

    def test_outsider_may_not(self):
        user = new_test_user(self.env, "change_nobody", groups="base.group_user")
        with self.assertRaises(AccessError):
            self.form(user=user)
