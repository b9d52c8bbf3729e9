from odoo import fields
from odoo.tests import HttpCase, tagged

from .common import BillingCommon


@tagged("post_install", "-at_install")
class TestTour(BillingCommon, HttpCase):

    def test_an_accountant_bills_a_month_in_the_browser(self):
        self.site.name = "Tour zone"
        self.create_subscription("T01")
        self.create_subscription("T02")
        november = (fields.Date.to_date("2025-11-01"), fields.Date.to_date("2025-11-30"))
        self.patch(
            type(self.env["actwin.billing.run"]), "_default_month", lambda runs: november)
        self.start_tour("/odoo/billing-runs", "actwin_billing_tour", login="billing_accountant")
        run = self.env["actwin.billing.run"].search([("site_id", "=", self.site.id)])
        self.assertEqual((run.state, run.user_id), ("posted", self.accountant))
        self.assertEqual(run.bill_ids.move_id.mapped("amount_total"), [31306.03, 31306.03])
        self.assertEqual(set(run.bill_ids.move_id.mapped("state")), {"posted"})
