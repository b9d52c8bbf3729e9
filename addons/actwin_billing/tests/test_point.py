from odoo.exceptions import ValidationError
from odoo.tests import Form, tagged

from .common import END, BillingCommon


@tagged("post_install", "-at_install")
class TestPoint(BillingCommon):
    """What is billed stays as it was measured."""

    def test_meter_is_not_changed_inside_a_billed_period(self):
        subscription = self.create_subscription("T01")
        point = subscription.point_id
        self.assertFalse(point._billed_until())
        run = self.create_run()
        self.compute(run)
        run.action_approve()
        self.assertEqual(point._billed_until(), END)
        form = Form(self.env["actwin.meter.change"].with_context(default_point_id=point.id))
        form.date = "2025-11-15 10:00:00"
        form.meter_id = self.env["actwin.meter"].create({
            "serial": "NEW", "site_id": self.site.id, "digits": 8,
        })
        with self.assertRaisesRegex(ValidationError, "billed until"):
            form.save().action_apply()

    def test_run_says_before_computing_which_points_are_ready(self):
        self.create_subscription("T01")
        silent = self.create_subscription("T02", bands={"t1": None, "t2": "5", "t3": "5"})
        run = self.create_run()
        self.assertEqual((run.ready_count, run.point_count), (1, 2))
        lines = self.env["actwin.readiness"].search(run.action_open_not_ready()["domain"])
        self.assertEqual(lines.point_id, silent.point_id)
        self.assertIn("boundary", lines.reasons)
        bills = self.compute(run)
        blocked = bills.filtered(lambda bill: bill.state == "blocked")
        self.assertEqual(blocked.point_id, silent.point_id)
        self.assertEqual((run.ready_count, run.point_count), (0, 0))
