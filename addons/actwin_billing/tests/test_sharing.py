from decimal import Decimal as D

from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, new_test_user, tagged

from .sharing_common import SharingCommon


@tagged("post_install", "-at_install")
class TestSharing(SharingCommon):
    """Pools of costs to shares: keys, stays, vacancy, modes, bills."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.units = [
            cls.create_unit(code, area) for code, area in
            (("A1", 95), ("A2", 110), ("A3", 60), ("A4", 35))
        ]
        cls.points = cls.env["actwin.point"].union(*(unit.point_id for unit in cls.units))

    def test_by_area_to_the_last_cent(self):
        settlement = self.settle(self.create_pool(self.points), 1000.00)
        settlement.action_compute()
        self.assertEqual(self.amounts(settlement), {
            "A1": D("316.67"), "A2": D("366.66"), "A3": D("200.0"), "A4": D("116.67")})
        self.assertEqual((settlement.difference, settlement.amount_shared), (0, 1000))
        self.assertEqual(
            settlement.share_ids[0].formula, "1000.00 × 95 / 300 = 316.67")

    def test_three_costs_by_three_keys(self):
        """S008: three common loads by m², equally and by consumption; each its own line."""
        keys = [self.env.ref(f"actwin_billing.share_key_{name}")
                for name in ("area", "equal", "consumption")]
        pool = self.create_pool(self.points)
        settlement = self.settle(pool, *(
            {"name": name, "amount": amount, "key_id": key.id} for name, amount, key in zip(
                ("Lighting", "Billboards", "Escalators"), (333.33, 100.01, 77.77), keys,
                strict=True)))
        settlement.action_compute()
        by_cost = settlement.share_ids.grouped("cost_id")
        self.assertEqual(
            [round(sum(rows.mapped("amount")), 2) for rows in by_cost.values()],
            [333.33, 100.01, 77.77])
        self.assertEqual({len(rows) for rows in by_cost.values()}, {4})
        self.assertEqual(
            sorted(by_cost[settlement.cost_ids[1]].mapped("amount")), [25.0, 25.0, 25.0, 25.01])

    def test_moving_in_and_out_by_the_day(self):
        """10 of 30 days one tenant, 5 days nobody, 15 days another."""
        unit = self.units[0]
        unit.point_id.occupancy_ids.date_to = "2025-11-10"
        partner = self.env["res.partner"].create({"name": "Next"})
        newcomer = self.env["actwin.subscriber"].create({
            "partner_id": partner.id, "site_id": self.site.id})
        self.env["actwin.occupancy"].create({
            "point_id": unit.point_id.id, "subscriber_id": newcomer.id,
            "date_from": "2025-11-16"})
        settlement = self.settle(
            self.create_pool(self.points, key="actwin_billing.share_key_equal"), 120.00)
        settlement.action_compute()
        mine = settlement.share_ids.filtered(lambda row: row.point_id == unit.point_id)
        self.assertEqual(
            [(row.partner_id.name, row.amount, row.vacant) for row in mine],
            [("Tenant A1", 10.0, False), ("Owner of the building", 5.0, True),
             ("Next", 15.0, False)])
        self.assertEqual(settlement.amount_vacant, 5.0)

    def test_a_measure_that_changes_inside_the_period(self):
        """Persons: two until the 15th, four from the 16th on."""
        fact = self.env.ref("actwin_billing.share_fact_persons")
        rows = [(point, "2025-01-01", 2) for point in self.points]
        rows.append((self.points[0], "2025-11-16", 4))
        self.env["actwin.point.fact"].create([
            {"point_id": point.id, "fact_id": fact.id, "value": value, "date_from": day}
            for point, day, value in rows])
        settlement = self.settle(
            self.create_pool(self.points, key="actwin_billing.share_key_persons"), 900.00)
        settlement.action_compute()
        self.assertEqual(self.amounts(settlement), {
            "A1": D("300.0"), "A2": D("200.0"), "A3": D("200.0"), "A4": D("200.0")})

    def test_a_missing_measure_names_the_unit(self):
        settlement = self.settle(
            self.create_pool(self.points, key="actwin_billing.share_key_land_share"), 900.00)
        with self.assertRaisesRegex(UserError, "Electricity: A1 Workshop A1 has no land_share"):
            settlement.action_compute()
        self.assertEqual(settlement.state, "draft")

    def test_membership_of_part_of_the_period(self):
        pool = self.create_pool(self.points, key="actwin_billing.share_key_equal")
        pool.member_ids[0].date_to = "2025-11-15"
        settlement = self.settle(pool, 350.00)
        settlement.action_compute()
        self.assertEqual(self.amounts(settlement), {
            "A1": D("50.0"), "A2": D("100.0"), "A3": D("100.0"), "A4": D("100.0")})
        self.assertFalse(settlement.share_ids.filtered("vacant"))

    def test_excluded_units_pay_nothing(self):
        settlement = self.settle(
            self.create_pool(self.points, key="actwin_billing.share_key_equal"),
            {"name": "Lift", "amount": 90, "excluded_ids": [Command.set(self.points[0].ids)]})
        settlement.action_compute()
        self.assertEqual(sorted(settlement.share_ids.mapped("amount")), [30, 30, 30])

    def test_one_price_and_what_did_not_reach_a_unit(self):
        main = self.create_unit("M1", 0, "500").point_id
        pool = self.create_pool(
            self.points, mode="unit_cost", key=None, main_point_ids=[Command.set(main.ids)])
        settlement = self.settle(pool, 1234.56)
        settlement.action_compute()
        self.assertEqual(self.amounts(settlement), dict.fromkeys(
            ("A1", "A2", "A3", "A4"), D("308.64")))
        self.assertEqual(
            (settlement.missing_quantity, settlement.missing_percent, settlement.warning),
            (100, 20, True))
        self.assertIn("20.00 %", settlement.notes)

    def test_an_agreed_price_needs_a_name_for_what_is_left(self):
        pool = self.create_pool(self.points, mode="fixed", key=None, price=2.5)
        settlement = self.settle(pool, 990.00)
        settlement.action_compute()
        self.assertEqual((settlement.amount_shared, settlement.difference), (1000, -10))
        with self.assertRaisesRegex(UserError, "account of differences"):
            settlement.action_approve()
        pool.difference_account_id = self.company_data["default_account_expense"]
        settlement.action_approve()
        self.assertEqual(settlement.state, "approved")

    def test_each_by_its_own_tariff(self):
        tariff = self.create_tariff(
            [{"kind": "energy", "name": "Active", "price": 3}], code="ONE", name="One price")
        for unit in self.units:
            unit.tariff_id = tariff
        pool = self.create_pool(self.points, mode="tariff", key=None)
        settlement = self.settle(pool, 1200.00)
        settlement.action_compute()
        self.assertEqual(self.amounts(settlement), dict.fromkeys(
            ("A1", "A2", "A3", "A4"), D("300.0")))
        self.assertEqual(settlement.difference, 0)

    def test_a_reading_that_is_missing_is_not_zero(self):
        point = self.points[0]
        self.env.cr.execute("DELETE FROM actwin_reading WHERE channel_id = ANY(%s)",
                            [point.channel_ids.ids])
        self.env["actwin.rollup"]._mark(point.channel_ids.ids)
        settlement = self.settle(
            self.create_pool(self.points, key="actwin_billing.share_key_consumption"), 100)
        with self.assertRaisesRegex(UserError, "A1 Workshop A1 has no consumption"):
            settlement.action_compute()

    def test_a_meter_of_the_common_areas_at_a_price(self):
        common = self.create_unit("C1", 0, "80").point_id
        settlement = self.settle(
            self.create_pool(self.points, key="actwin_billing.share_key_equal"),
            {"name": "Corridors", "source": "meter", "point_id": common.id, "price": 2.505})
        settlement.action_compute()
        self.assertEqual(
            (settlement.cost_ids.consumption, settlement.amount_cost), (80, 200.4))
        self.assertEqual(sorted(settlement.share_ids.mapped("amount")), [50.1] * 4)

    def test_the_line_of_a_vendor_bill_is_shared_once(self):
        bill = self.init_invoice(
            "in_invoice", invoice_date="2025-12-01", amounts=[600.0], taxes=self.tax_purchase_a,
            post=True)
        line = bill.invoice_line_ids
        pool = self.create_pool(self.points, key="actwin_billing.share_key_equal")
        settlement = self.settle(pool, {
            "name": "Supplier", "source": "bill", "move_line_id": line.id})
        self.assertEqual(settlement.amount_cost, line.price_subtotal)
        settlement.cost_ids.gross = True
        self.assertEqual(settlement.amount_cost, line.price_total)
        with self.assertRaises(ValidationError):
            self.settle(self.create_pool(self.points), {
                "name": "Again", "source": "bill", "move_line_id": line.id})

    def test_shares_come_onto_the_next_bill_and_back(self):
        settlement = self.settle(self.create_pool(self.points), 1000.00)
        settlement.action_compute()
        settlement.action_approve()
        adjustment = self.units[0].adjustment_ids
        self.assertEqual(
            (adjustment.name, adjustment.amount, adjustment.vat, adjustment.kind),
            ("Lighting: Electricity", 316.67, True, "share"))
        settlement.action_reopen()
        self.assertFalse(self.units[0].adjustment_ids)
        settlement.action_approve()
        run = self.create_run(tariff_ids=False)
        bill = self.compute(run).filtered(lambda bill: bill.point_id == self.points[0])
        line = bill.line_ids.filtered(lambda line: line.name == "Lighting: Electricity")
        self.assertEqual(line.amount, 316.67)
        run.bill_ids.filtered(lambda bill: bill.state == "checked").action_approve()
        if bill.state == "approved":
            with self.assertRaises(UserError):
                settlement.action_reopen()

    def test_who_has_no_subscription_gets_an_invoice(self):
        self.units[0].unlink()
        self.points[1].occupancy_ids.unlink()
        settlement = self.settle(self.create_pool(self.points), 1000.00)
        settlement.action_compute()
        settlement.action_approve()
        settlement.action_invoice_rest()
        moves = settlement.share_ids.move_id
        self.assertEqual(
            {move.partner_id.name: move.amount_untaxed for move in moves},
            {"Tenant A1": 316.67, "Owner of the building": 366.66})
        with self.assertRaises(UserError):
            settlement.action_invoice_rest()
        with self.assertRaises(UserError):
            settlement.action_reopen()

    def test_a_period_is_settled_once(self):
        pool = self.create_pool(self.points)
        first = self.settle(pool, 10)
        with self.assertRaises(ValidationError):
            self.settle(pool, 20)
        first.action_cancel()
        self.settle(pool, 20)

    def test_versions_and_approval_keep_what_was(self):
        pool = self.create_pool(self.points)
        settlement = self.settle(pool, 1000)
        settlement.action_compute()
        settlement.action_approve()
        with self.assertRaises(UserError):
            settlement.cost_ids.amount = 5
        with self.assertRaises(UserError):
            settlement.unlink()
        pool.version_ids = [Command.create({
            "date_from": "2025-12-01", "mode": "mirror",
            "key_id": self.env.ref("actwin_billing.share_key_equal").id})]
        later = self.settle(pool, 100, date_from="2025-12-01", date_to="2025-12-31")
        later.action_compute()
        self.assertEqual(sorted(later.share_ids.mapped("amount")), [25.0] * 4)
        self.assertEqual(settlement.mode, "mirror")

    def test_what_if_names_winners_and_losers(self):
        settlement = self.settle(self.create_pool(self.points), 1000)
        settlement.action_compute()
        before = settlement.share_ids.ids
        what_if = self.env["actwin.share.what.if"].with_user(self.accountant).with_context(
            default_settlement_id=settlement.id).create(
            {"key_id": self.env.ref("actwin_billing.share_key_equal").id})
        what_if.action_compare()
        rows = {row.point_id.code: (row.before, row.after, row.change) for row in what_if.line_ids}
        self.assertEqual(rows["A4"], (116.67, 250.0, 133.33))
        self.assertEqual(rows["A2"], (366.66, 250.0, -116.66))
        self.assertEqual((what_if.winners, what_if.losers, what_if.moved), (2, 2, 183.33))
        self.assertEqual(settlement.share_ids.ids, before)

    def test_keys_say_what_they_lack(self):
        keys = self.env["actwin.share.key"]
        for vals in (
            {"kind": "fact"}, {"kind": "fixed"}, {"kind": "weighted"},
            {"kind": "formula", "formula": "area_m2 * * 2"},
            {"kind": "formula", "formula": "rooms + 1"},
        ):
            with self.subTest(vals), self.assertRaises(ValidationError):
                keys.create({"name": "Key", **vals})
        mixed = keys.create({"name": "Mix", "kind": "weighted", "part_ids": [
            Command.create({"share": 70, "part_key_id": self.env.ref(
                "actwin_billing.share_key_consumption").id}),
            Command.create({"share": 30, "part_key_id": self.env.ref(
                "actwin_billing.share_key_area").id})]})
        settlement = self.settle(self.create_pool(self.points), {
            "name": "Heat", "amount": 1000, "key_id": mixed.id})
        settlement.action_compute()
        self.assertEqual(self.amounts(settlement)["A1"], D("270.0"))
        formula = keys.create({
            "name": "Formula", "kind": "formula", "formula": "area_m2 + consumption"})
        settlement.cost_ids.key_id = formula
        settlement.action_compute()
        self.assertEqual(self.amounts(settlement)["A1"], D("278.57"))

    def test_an_accountant_settles_with_the_forms(self):
        pool = self.create_pool(self.points[:1])
        pool.with_user(self.accountant).action_add_units()
        self.assertEqual(pool.member_ids.point_id, self.points)
        form = Form(self.env["actwin.cost.settlement"].with_user(self.accountant))
        form.pool_id = pool
        form.date_from, form.date_to = "2025-11-01", "2025-11-30"
        with form.cost_ids.new() as cost:
            cost.name, cost.amount = "Cleaning", 300
        settlement = form.save()
        settlement.action_compute()
        settlement.action_approve()
        self.assertEqual(settlement.amount_shared, 300)

    def test_a_tenant_sees_its_own_approved_shares(self):
        tenant = new_test_user(self.env, login="sharing_tenant", groups="base.group_portal",
                               company_id=self.company.id)
        tenant.partner_id = self.units[0].partner_id
        settlement = self.settle(self.create_pool(self.points), 1000)
        settlement.action_compute()
        shares = self.env["actwin.cost.share"].with_user(tenant)
        self.assertFalse(shares.search([]))
        settlement.action_approve()
        self.assertEqual(shares.search([]).point_id.ids, self.points[0].ids)
