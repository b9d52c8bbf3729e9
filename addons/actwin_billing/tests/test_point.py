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
