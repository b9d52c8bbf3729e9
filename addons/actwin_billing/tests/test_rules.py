from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .sharing_common import SharingCommon

PARTS = ("actwin.bill", "actwin.bill.line", "actwin.bill.reading", "actwin.bill.tax",
         "actwin.bill.check")
WORK = ("actwin.subscription", "actwin.adjustment", "actwin.billing.run", "actwin.billing.chunk",
        "actwin.charging.card", "actwin.charging.session")
SHARING = ("actwin.point.fact", "actwin.cost.pool", "actwin.cost.pool.version",
           "actwin.cost.pool.member", "actwin.cost.settlement", "actwin.cost.settlement.cost",
           "actwin.cost.share")
SUPPLY = ("actwin.supplier.bill", "actwin.supplier.bill.line", "actwin.supplier.bill.index",
          "actwin.supplier.bill.finding", "actwin.supplier.bill.compare",
          "actwin.supplier.bill.place")
KEYS = ("actwin.share.key", "actwin.share.key.part")
PRICES = ("actwin.tariff", "actwin.tariff.version", "actwin.tariff.component",
          "actwin.tariff.tier", "actwin.tariff.parameter", "actwin.tariff.parameter.value",
          "actwin.calendar", "actwin.calendar.season", "actwin.calendar.slot", "actwin.holiday",
          "actwin.market", "actwin.market.price")
INVOICES = ("account.move", "account.move.line", "account.payment",
            "account.bank.statement.line")


@tagged("post_install", "-at_install")
class TestRules(SharingCommon):
    """Who sees what of a month with one open site and one that is bound to its staff."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = {
            "insider": cls.create_user("insider", "actwin_billing.group_accountant"),
            "outsider": cls.create_user("outsider", "actwin_billing.group_accountant"),
            "administrator": cls.create_user(
                "administrator",
                "actwin_billing.group_accountant,actwin_metering.group_administrator"),
            "stranger": cls.create_user("stranger", "actwin_billing.group_accountant",
                                        cls.env["res.company"].create({"name": "Other"})),
            "tenant": cls.create_user("tenant", "base.group_portal"),
        }
        mine = cls.create_subscription("T01")
        cls.create_subscription("T02")
        cls.users["tenant"].partner_id = mine.partner_id
        open_site, cls.site = cls.site, cls.site.copy({"code": "ZB2", "user_ids": [
            Command.link(cls.users["insider"].id)]})
        cls.create_money(cls.create_subscription("T03").partner_id)
        for site in (open_site, cls.site):
            cls.share_costs(site)
        subscriptions = cls.env["actwin.subscription"].search(
            [("company_id", "=", cls.company.id)])
        cls.env["actwin.adjustment"].create([
            {"subscription_id": item.id, "name": "Fee", "amount": 1, "reason": "test"}
            for item in subscriptions])
        cls.create_prices(subscriptions)
        for site in (open_site, cls.site):
            run = cls.create_run(site_id=site.id)
            for step in (run.action_compute, run.run_now, run.action_approve, run.action_post,
                         run.run_now):
                step()
        unposted = cls.create_run(
            site_id=open_site.id, date_from="2025-12-01", date_to="2025-12-31")
        unposted.action_compute()
        unposted.run_now()
        cls.rules = cls.env["ir.rule"].browse(cls.env["ir.model.data"].search(
            [("module", "=", "actwin_billing"), ("model", "=", "ir.rule")]).mapped("res_id"))

    @classmethod
    def share_costs(cls, site):
        points = cls.env["actwin.point"].search([("site_id", "=", site.id)])
        cls.env["actwin.point.fact"].create([{
            "point_id": point.id, "value": 3,
            "fact_id": cls.env.ref("actwin_billing.share_fact_persons").id,
        } for point in points])
        key = cls.env["actwin.share.key"].create({
            "name": "By shares", "kind": "fixed", "company_id": cls.company.id,
            "part_ids": [Command.create({"point_id": point.id}) for point in points]})
        pool = cls.create_pool(points, site_id=site.id)
        for point in points:
            cls.env["actwin.occupancy"].create({
                "point_id": point.id, "date_from": "2020-01-01",
                "subscriber_id": cls.env["actwin.subscription"].search(
                    [("point_id", "=", point.id)]).subscriber_id.id})
        settlement = cls.settle(pool, {"name": "Cleaning", "amount": 10, "key_id": key.id})
        settlement.action_compute()
        settlement.action_approve()
        usual, cls.site = cls.site, site
        supply = cls.create_subscription(f"M{site.id}", supply=True)
        cls.site = usual
        cls.env["actwin.supplier.bill"].create({
            "name": "S-1", "subscription_id": supply.id, "date_from": "2025-11-01",
            "date_to": "2025-11-30", "total": 100, "base": 80, "vat": 20,
            "line_ids": [Command.create({"name": "Energy", "amount": 80})],
            "index_ids": [Command.create({"register": "active_import"})],
        }).action_check()

    @classmethod
    def create_prices(cls, subscriptions):
        """One record of each kind of price list, and charging of each subscription."""
        own = {"company_id": cls.company.id, "name": "Own"}
        cls.create_tariff([{"kind": "energy", "name": "E", "tiered": True, "tier_ids": [
            Command.create({"price": 1})]}], code="TIERS")
        cls.env["actwin.tariff.parameter"].create({**own, "code": "P", "value_ids": [
            Command.create({"date_from": "2025-01-01", "value": 1})]})
        cls.env["actwin.calendar"].create({**own, "season_ids": [Command.create({
            "name": "Year", "slot_ids": [Command.create({"start": 0})]})]})
        cls.env["actwin.holiday"].create({**own, "date": "2025-10-29"})
        cls.env["actwin.market"].create({**own, "code": "M", "price_ids": [
            Command.create({"ts": "2025-11-01 00:00:00", "price": 1})]})
        for item in subscriptions:
            code = item.point_id.code
            cls.env["actwin.charging.card"].create({"code": code, "subscription_id": item.id})
            cls.env["actwin.charging.session"].create({
                "key": code, "card_code": "unknown", "subscription_id": item.id,
                "site_id": item.site_id.id, "start": "2026-02-01", "end": "2026-02-02", "kwh": 1})

    @classmethod
    def create_user(cls, name, groups, company=None):
        return new_test_user(cls.env, login=f"rules_{name}", groups=groups,
                             company_id=(company or cls.company).id)

    def sites(self, records):
        """Codes of the sites of the records."""
        return sorted(set(records.sudo().mapped("site_id.code")))

    def seen(self, user, model):
        """What a user sees of a model in this company; None without the right."""
        try:
            found = self.env[model].with_user(user).search([])
            return found.sudo().filtered(lambda row: row.company_id == self.company)
        except AccessError:
            return None

    def matrix(self):
        self.env.invalidate_all()
        return {
            (name, model): records if records is None else records.ids
            for name, user in self.users.items() for model in (
                PARTS + WORK + SHARING + SUPPLY + KEYS + PRICES + INVOICES)
            for records in [self.seen(user, model)]
        }

    def test_each_sees_its_own(self):
        for model in PARTS + WORK + SHARING + SUPPLY:
            with self.subTest(model):
                seen = {name: self.seen(user, model) for name, user in self.users.items()}
                self.assertEqual(self.sites(seen["insider"]), ["ZB1", "ZB2"])
                self.assertEqual(self.sites(seen["administrator"]), ["ZB1", "ZB2"])
                self.assertEqual(self.sites(seen["outsider"]), ["ZB1"])
                self.assertFalse(seen["stranger"])
        for model in PRICES + KEYS:
            self.assertTrue(self.seen(self.users["outsider"], model), model)
            self.assertFalse(self.seen(self.users["stranger"], model), model)

    def test_a_tenant_sees_what_is_posted_to_it(self):
        tenant = self.users["tenant"]
        bill = self.seen(tenant, "actwin.bill")
        self.assertEqual((len(bill), bill.partner_id, bill.state), (1, tenant.partner_id, "posted"))
        for model in PARTS[1:4]:
            self.assertEqual(self.seen(tenant, model).bill_id, bill, model)
        share = self.seen(tenant, "actwin.cost.share")
        self.assertEqual((len(share), share.partner_id), (1, tenant.partner_id))
        for model in (PARTS[4], *WORK, *SHARING[:-1], *SUPPLY, *KEYS, *PRICES):
            self.assertIsNone(self.seen(tenant, model), model)

    def test_no_rule_can_go_unnoticed(self):
        """Without any one of the rules somebody sees more or less than before."""
        self.assertGreater(len(self.rules), 25)
        usual = self.matrix()
        for rule in self.rules:
            with self.subTest(rule.name):
                rule.active = False
                self.assertNotEqual(self.matrix(), usual)
                rule.active = True
        self.assertEqual(self.matrix(), usual)
