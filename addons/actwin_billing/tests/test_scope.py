from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .common import BillingCommon

OF_A_POINT = ("actwin.subscription", "actwin.adjustment", "actwin.bill", "actwin.bill.line",
              "actwin.bill.reading", "actwin.bill.tax", "actwin.bill.check", "account.move",
              "account.move.line", "account.payment", "account.bank.statement.line")
OF_A_SITE = ("actwin.billing.run", "actwin.billing.chunk")


@tagged("post_install", "-at_install")
class TestScope(BillingCommon):
    """An accountant bound to one point of a billed site, beside a neighbour and a supplier."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mine = cls.create_subscription("T01")
        cls.other = cls.create_subscription("T02")
        cls.env["actwin.adjustment"].create([
            {"subscription_id": item.id, "name": "Fee", "amount": 1, "reason": "test"}
            for item in cls.mine + cls.other])
        run = cls.create_run()
        run.action_compute()
        run.run_now()
        # a finding on each, whatever the rules found
        cls.env["actwin.bill.check"].sudo().create([
            {"bill_id": bill.id, "code": "K20", "severity": "info", "message": "seen"}
            for bill in run.bill_ids])
        run.action_approve()
        run.action_post()
        run.run_now()
        cls.supplier = cls.env["res.partner"].create({"name": "Utility"})
        for partner in (cls.mine.partner_id, cls.other.partner_id, cls.supplier):
            cls.create_money(partner)
        cls.user = new_test_user(
            cls.env, login="billing_bound", groups="actwin_billing.group_accountant",
            company_id=cls.company.id)

    def partners(self, model):
        """Contacts of the records of this company that the bound user sees."""
        rows = self.env[model].with_user(self.user).search([]).sudo()
        rows = rows.filtered(lambda row: row.company_id == self.company)
        path = {"actwin.adjustment": "subscription_id.partner_id"}.get(model)
        parts = ("actwin.bill.line", "actwin.bill.reading", "actwin.bill.tax", "actwin.bill.check")
        path = path or ("bill_id.partner_id" if model in parts else "partner_id")
        return rows.mapped(path).with_user(self.env.user)

    def bind(self, **values):
        self.user.write({"actwin_access": "bound", **values})
        self.env.invalidate_all()

    def test_free_staff_see_both(self):
        for model in OF_A_POINT:
            self.assertLessEqual(self.mine.partner_id + self.other.partner_id,
                                 self.partners(model), model)

    def test_bound_to_a_point_sees_nothing_of_the_neighbour(self):
        self.bind(actwin_point_ids=self.mine.point_id.ids)
        for model in OF_A_POINT:
            with self.subTest(model):
                found = self.partners(model)
                self.assertIn(self.mine.partner_id, found)
                self.assertNotIn(self.other.partner_id, found)
        for model in OF_A_SITE:
            self.assertFalse(self.env[model].with_user(self.user).search(
                [("company_id", "=", self.company.id)]), model)
        self.assertIn(self.supplier, self.partners("account.move"))

    def test_direct_ids_are_refused(self):
        self.bind(actwin_point_ids=self.mine.point_id.ids)
        bill = self.other.bill_ids
        for record in (bill, bill.line_ids[:1], bill.reading_ids[:1], bill.tax_ids[:1],
                       bill.check_ids[:1], bill.move_id, bill.move_id.line_ids[:1],
                       bill.move_id.invoice_line_ids[:1], self.other, bill.run_id):
            with self.subTest(record=record), self.assertRaises(AccessError):
                record.with_user(self.user).read(["display_name"])

    def test_bound_to_a_group_or_a_site(self):
        group = self.env["actwin.point.group"].create(
            {"name": "Floor", "site_id": self.site.id, "point_ids": self.other.point_id.ids})
        self.bind(actwin_point_group_ids=group.ids)
        for model in OF_A_POINT:
            self.assertIn(self.other.partner_id, self.partners(model), model)
            self.assertNotIn(self.mine.partner_id, self.partners(model), model)
        self.bind(actwin_point_group_ids=False, actwin_site_ids=self.site.ids)
        for model in OF_A_POINT:
            self.assertLessEqual(self.mine.partner_id + self.other.partner_id,
                                 self.partners(model), model)
        for model in OF_A_SITE:
            self.assertTrue(self.env[model].with_user(self.user).search(
                [("company_id", "=", self.company.id)]), model)
