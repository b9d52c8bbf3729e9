from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common import BillingCommon

BUSINESS = ("actwin.tariff", "actwin.tariff.version", "actwin.tariff.component",
            "actwin.subscription", "actwin.billing.run", "actwin.billing.chunk", "actwin.bill",
            "actwin.bill.line", "actwin.bill.reading", "actwin.bill.tax", "actwin.bill.check",
            "actwin.billing.rule", "actwin.adjustment", "actwin.tariff.tier",
            "actwin.tariff.parameter", "actwin.tariff.parameter.value", "actwin.calendar",
            "actwin.calendar.season", "actwin.calendar.slot", "actwin.holiday", "actwin.market",
            "actwin.market.price", "actwin.charging.card", "actwin.charging.session",
            "actwin.share.key", "actwin.share.key.part", "actwin.cost.pool",
            "actwin.cost.pool.version", "actwin.cost.pool.member", "actwin.cost.settlement",
            "actwin.cost.settlement.cost")


@tagged("post_install", "-at_install")
class TestAccess(BillingCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mine = cls.create_subscription("T01")
        cls.other = cls.create_subscription("T02")
        cls.run_id = cls.create_run()
        cls.tenant = new_test_user(
            cls.env, login="billing_tenant", groups="base.group_portal",
            company_id=cls.company.id)
        cls.tenant.partner_id = cls.mine.partner_id

    def test_an_accountant_bills_a_month_alone(self):
        run = self.create_run().with_user(self.accountant)
        run.action_compute()
        self.assertEqual(run.run_now()["bills"], 2)
        self.assertTrue(run.action_approve())
        self.assertTrue(run.action_post())
        answer = run.run_now()
        self.assertEqual((answer["posted"], answer["pending"], run.state), (2, 0, "posted"))
        self.assertEqual({row["amount"] for row in run.result_table()}, {"31306.03"})
        self.assertTrue(all(row["number"] for row in run.result_table()))

    def test_a_tenant_reads_only_own_posted_bills(self):
        bill_model = self.env["actwin.bill"].with_user(self.tenant)
        bills = self.compute(self.run_id)
        self.assertFalse(bill_model.search([]))
        self.post(self.run_id)
        mine = bills.filtered(lambda bill: bill.subscription_id == self.mine)
        self.assertEqual(bill_model.search([]), mine)
        self.assertEqual(mine.with_user(self.tenant).line_ids.bill_id, mine)
        self.assertEqual(
            self.env["actwin.bill.reading"].with_user(self.tenant).search([]).bill_id, mine)
        self.assertEqual(
            self.env["actwin.bill.tax"].with_user(self.tenant).search([]).bill_id, mine)
        with self.assertRaises(AccessError):
            (bills - mine).with_user(self.tenant).read(["amount_total"])
        with self.assertRaises(AccessError):
            (bills - mine).line_ids.with_user(self.tenant).read(["amount"])
        for action in (lambda: mine.with_user(self.tenant).write({"state": "cancelled"}),
                       lambda: mine.with_user(self.tenant).check_ids.read(["code"]),
                       lambda: self.run_id.with_user(self.tenant).run_now()):
            with self.assertRaises(AccessError):
                action()

    def test_an_accountant_cannot_go_round_the_run(self):
        bill = self.compute(self.run_id)[0].with_user(self.accountant)
        for action in (
            lambda: bill.write({"state": "approved"}),
            lambda: bill.write({"amount_total": 1}),
            lambda: bill.write({"snapshot": "{}", "snapshot_hash": "x"}),
            lambda: bill.check_ids.write({"accepted": True}),
        ):
            with self.assertRaises(UserError):
                action()
        for action in (
            bill.unlink, lambda: bill.copy(), lambda: bill.line_ids.write({"amount": 1}),
            lambda: bill.tax_ids.unlink(), lambda: bill.reading_ids.write({"consumption": 1}),
        ):
            with self.assertRaises(AccessError):
                action()
        bill.check_ids.write({"reason": "seen"})

    def test_sites_bound_to_others_stay_out_of_sight(self):
        bills = self.compute(self.run_id)
        accountant = self.accountant
        self.assertEqual(bills.with_user(accountant).search([("run_id", "=", self.run_id.id)]),
                         bills)
        self.site.user_ids = new_test_user(
            self.env, login="billing_insider", groups="actwin_billing.group_accountant",
            company_id=self.company.id)
        self.env.invalidate_all()
        for name in ("actwin.bill", "actwin.bill.line", "actwin.bill.reading", "actwin.bill.tax",
                     "actwin.bill.check", "actwin.subscription", "actwin.billing.run"):
            self.assertFalse(
                self.env[name].with_user(accountant).search(
                    [("site_id", "=", self.site.id)]), name)
            self.assertTrue(
                self.env[name].with_user(self.site.user_ids).search(
                    [("site_id", "=", self.site.id)]), name)
        with self.assertRaises(AccessError):
            bills.with_user(accountant).action_approve()

    def test_another_company_sees_nothing(self):
        self.compute(self.run_id)
        stranger = new_test_user(
            self.env, login="billing_stranger", groups="actwin_billing.group_accountant",
            company_id=self.env["res.company"].create({"name": "Other"}).id)
        for name in BUSINESS:
            if name != "actwin.billing.rule":
                found = self.env[name].with_user(stranger).search(
                    [("company_id", "=", self.company.id)])
                self.assertFalse(found, name)

    def test_an_operator_reads_tariffs_but_no_bills(self):
        operator = new_test_user(
            self.env, login="billing_operator", groups="actwin_metering.group_operator",
            company_id=self.company.id)
        self.assertTrue(self.tariff.with_user(operator).name)
        with self.assertRaises(AccessError):
            self.tariff.version_ids.component_ids[0].with_user(operator).write({"price": 0})
        for name in ("actwin.bill", "actwin.billing.run"):
            with self.assertRaises(AccessError):
                self.env[name].with_user(operator).search([])

    def test_every_model_has_a_company_rule(self):
        for name in BUSINESS:
            if name == "actwin.billing.rule":
                continue
            rules = self.env["ir.rule"].search([("model_id.model", "=", name)])
            self.assertTrue(rules.filtered(lambda rule: not rule.groups), name)
