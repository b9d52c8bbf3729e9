"""Every kind of price through Odoo: from the form's fields to the posted invoice."""

import base64
from datetime import date, datetime, timedelta

from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from .common import END, START, BillingCommon


@tagged("post_install", "-at_install")
class TestKinds(BillingCommon):

    def tariff_of(self, *components, **values):
        return self.create_tariff(list(components), code="K", **values)

    def bill_of(self, tariff, bands, registers=(), **values):
        subscription = self.create_subscription("K1", bands, tariff, **values)
        for register, quantity in registers:
            self.create_channel(subscription.point_id, 9, "", quantity, register)
        bill = self.compute(self.create_run())
        self.assertEqual(bill.state, "checked", bill.check_ids.mapped("message"))
        return bill

    def amounts(self, bill):
        return {line.key: line.amount for line in bill.line_ids}

    def assert_posted_alike(self, bill):
        move = self.post(bill.run_id).move_id
        self.assertEqual(move.state, "posted")
        self.assertEqual(move.amount_total, bill.amount_total)
        self.assertEqual(move.amount_tax, bill.amount_levy + bill.amount_vat)
        return move

    def test_w1_tiers_by_the_day_and_a_difference_passed_through(self):
        """A real bill of services, low voltage, with the limits of 30 days instead of 31."""
        tariff = self.tariff_of(
            {"kind": "energy", "name": "Energy", "tiered": True, "tier_period": "day",
             "tier_ids": [
                 Command.create({"name": "low", "up_to": 30, "price": 3.633871}),
                 Command.create({"name": "high", "price": 3.63387})]},
            {"kind": "distribution", "name": "Distribution", "price": 1.87741},
            {"kind": "pass_through", "name": "Difference", "price": -0.0058230952, "levy": True})
        bill = self.bill_of(tariff, {"": "7504.600"})
        self.assertEqual(self.amounts(bill), {
            "energy.tier1": 3270.48, "energy.tier2": 24000.26, "distribution": 14089.21,
            "pass_through": -43.70})
        self.assertEqual(bill.line_ids.mapped("name")[:2], ["Energy – low", "Energy – high"])
        self.assertEqual(bill.line_ids.product_id.mapped("name"),
                         ["Energy", "Distribution", "Pass-through"])
        move = self.assert_posted_alike(bill)
        self.assertEqual(move.invoice_line_ids[0].quantity, 7504.6)

    def test_limits_that_are_each_flats(self):
        tariff = self.tariff_of(
            {"kind": "energy", "name": "Water", "register": "volume", "tiered": True,
             "tier_period": "period", "tier_per_unit": True, "tier_ids": [
                 Command.create({"up_to": 10, "price": 1}), Command.create({"price": 2})]},
            commodity="water")
        subscription = self.create_subscription("K1", {}, tariff, flat_count=4)
        subscription.point_id.channel_ids.active = False
        self.create_channel(subscription.point_id, 3, "", "50", "volume")
        bill = self.compute(self.create_run())
        self.assertEqual(self.amounts(bill), {"energy.tier1": 40, "energy.tier2": 20})
        self.assertEqual(bill.line_ids[0].unit, "m³")

    def test_shares_minimum_and_fixed_charges(self):
        tariff = self.tariff_of(
            {"kind": "energy", "name": "Energy", "price": 2},
            {"kind": "distribution", "name": "Distribution", "price": 1},
            {"kind": "discount", "name": "Loyal", "percent": 0.05},
            {"kind": "surcharge", "name": "Fund", "percent": 0.01, "base": "energy_distribution"},
            {"kind": "fixed_day", "name": "Meter rent", "price": 0.5},
            {"kind": "minimum", "name": "Least", "price": 400, "base": "all"})
        bill = self.bill_of(tariff, {"": "100"})
        self.assertEqual(self.amounts(bill), {
            "energy": 200, "distribution": 100, "discount": -10, "surcharge": 3, "fixed_day": 15,
            "minimum": 92})
        move = self.assert_posted_alike(bill)
        lines = {line.product_id.name: (line.quantity, line.price_subtotal)
                 for line in move.invoice_line_ids}
        self.assertEqual(lines["Discount"], (1, -10))
        self.assertEqual(lines["Minimum charge"], (1, 92))

    def test_a_share_of_chosen_components(self):
        tariff = self.tariff_of(
            {"kind": "energy", "name": "Energy", "price": 2},
            {"kind": "fixed_month", "name": "Fee", "price": 50},
            {"kind": "surcharge", "name": "On both", "percent": 0.1, "base": "chosen",
             "of_keys": "energy, fixed_month"})
        self.assertEqual(self.amounts(self.bill_of(tariff, {"": "100"}))["surcharge"], 25)
        surcharge = tariff.version_ids.component_ids[-1]
        for keys in ("", "energy, nothing", "surcharge"):
            with self.assertRaises(ValidationError), self.env.cr.savepoint():
                surcharge.of_keys = keys

    def test_a_least_amount_is_judged_by_the_lines_it_names(self):
        tariff = self.tariff_of(
            {"kind": "energy", "name": "Energy", "price": 2},
            {"kind": "fixed_month", "name": "Fee", "price": 500},
            {"kind": "minimum", "name": "Least", "price": 300})
        self.assertEqual(self.amounts(self.bill_of(tariff, {"": "100"}))["minimum"], 100)

    def test_capacity_and_excess_of_a_published_price(self):
        power = self.env["actwin.tariff.parameter"].create({
            "code": "POWER", "name": "Power", "company_id": self.company.id,
            "value_ids": [Command.create({"date_from": "2025-01-01", "value": 43.37003})]})
        tariff = self.tariff_of(
            {"kind": "energy", "name": "Energy", "price": 1},
            {"kind": "capacity", "name": "Capacity", "parameter_id": power.id},
            {"kind": "excess_demand", "name": "Excess", "parameter_id": power.id, "factor": 2})
        subscription = self.create_subscription("K1", {"": "100"}, tariff, contract_kw=100)
        demand = self.create_channel(subscription.point_id, 9, "", None, "demand")
        self.add_readings(demand, [(START, 120), (END, 130)])
        self.assertEqual(self.amounts(self.compute(self.create_run())), {
            "energy": 100, "capacity": 4337.00, "excess_demand": 2602.20})

    def test_own_production_is_set_off_and_the_rest_paid_for(self):
        tariff = self.tariff_of(
            {"kind": "energy", "name": "Energy", "price": 3},
            {"kind": "netting", "name": "Own", "price": 3},
            {"kind": "feed_in", "name": "Fed in", "price": 2})
        bill = self.bill_of(tariff, {"": "100"}, [("active_export", "130")])
        self.assertEqual(self.amounts(bill), {"energy": 300, "netting": -300, "feed_in": -60})

    def test_hour_by_hour_only_what_meets_is_set_off(self):
        tariff = self.tariff_of(
            {"kind": "energy", "name": "Energy", "price": 3},
            {"kind": "netting", "name": "Own", "price": 3, "netting_by": "interval"},
            {"kind": "feed_in", "name": "Fed in", "price": 2, "netting_by": "interval"})
        subscription = self.create_subscription("K1", {}, tariff)
        subscription.point_id.channel_ids.active = False
        self.create_profile(subscription.point_id, [10, 0, 4] * 240)
        self.create_profile(subscription.point_id, [1, 9, 6] * 240, register="active_export")
        bill = self.compute(self.create_run())
        self.assertEqual(self.amounts(bill), {
            "energy": 14 * 240 * 3, "netting": -5 * 240 * 3, "feed_in": -11 * 240 * 2})
        self.assertEqual(bill.state, "checked", bill.check_ids.mapped("message"))

    def test_demand_from_quarter_hours_when_no_register_counts_it(self):
        tariff = self.tariff_of(
            {"kind": "energy", "name": "Energy", "price": 1},
            {"kind": "excess_demand", "name": "Excess", "price": 10})
        subscription = self.create_subscription("K1", {"": None}, tariff, contract_kw=100)
        channel = subscription.point_id.channel_ids
        channel.validation_group_id = False
        rows, index = [(START, 0)], 0
        for number in range(1, 30 * 96 + 1):
            index += 32.5 if number == 1000 else 10
            rows.append((START + timedelta(minutes=15 * number), index))
        self.add_readings(channel, rows)
        bill = self.compute(self.create_run())
        self.assertEqual(self.amounts(bill)["excess_demand"], 300)

    def test_a_formula_reads_the_users_own_figures(self):
        self.env["actwin.subscription"]._own_definition()
        subscription_model = self.env["properties.base.definition"]
        definition = subscription_model._get_definition_for_property_field(
            "actwin.subscription", "properties").sudo()
        definition.properties_definition = [
            {"name": "a1b2", "string": "Lift share", "type": "integer"}]
        tariff = self.tariff_of(
            {"kind": "energy", "name": "Energy", "price": 2},
            {"kind": "formula", "name": "Lift", "price": 1,
             "formula": "max(area_m2 * 0.1, 5) + lift_share * days + amount_energy / 100"})
        subscription = self.create_subscription("K1", {"": "100"}, tariff)
        subscription.point_id.area_m2 = 120
        subscription.properties = {"a1b2": 2}
        bill = self.compute(self.create_run())
        self.assertEqual(self.amounts(bill)["formula"], 12 + 2 * 30 + 2)
        self.assertEqual(bill.state, "checked", bill.check_ids.mapped("message"))

    def test_a_formula_whose_figure_is_missing_keeps_the_bill_back(self):
        tariff = self.tariff_of(
            {"kind": "energy", "name": "Energy", "price": 2},
            {"kind": "formula", "name": "Lift", "price": 1, "formula": "area_m2 * 2"})
        self.create_subscription("K1", {"": "100"}, tariff)
        bill = self.compute(self.create_run())
        self.assertEqual(bill.state, "blocked")
        self.assertIn("area_m2", "".join(bill.check_ids.mapped("message")))

    def test_the_checker_explains_mistakes(self):
        version = self.tariff.version_ids
        component = self.env["actwin.tariff.component"].new({
            "version_id": version.id, "kind": "formula", "name": "F",
            "formula": "active_import * areaa + sqrt(3)"})
        self.assertIn("“areaa” is none of the names", component.formula_problem)
        self.assertIn("no function “sqrt”", component.formula_problem)
        for name in ("area_m2", "active_import_t1", "amount_energy_t1", "contract_kw", "days"):
            self.assertIn(name, component.formula_names)
        component.formula = "active_import * area_m2"
        self.assertFalse(component.formula_problem)
        for formula in ("", "1 +", "area"):
            with self.assertRaises(ValidationError), self.env.cr.savepoint():
                version.component_ids = [Command.create({
                    "kind": "formula", "name": "F", "formula": formula})]

    def test_tiers_without_an_open_end_are_refused(self):
        for limits in ([], [10], [20, 10, 0], [10, 10, 0], [0, 0]):
            with self.assertRaises(ValidationError), self.env.cr.savepoint():
                self.tariff_of({"kind": "energy", "name": "E", "tiered": True, "tier_ids": [
                    Command.create({"up_to": limit, "price": 1}) for limit in limits]})

    def test_w4_a_part_of_the_price_stays_outside_the_levy(self):
        """Last-resort supply: 4.45139333 a kWh includes distribution, which pays no levy."""
        tariff = self.tariff_of(
            {"kind": "energy", "name": "Energy", "price": 4.45139333, "levy_less": 1.87741})
        bill = self.bill_of(tariff, {"": "289.415"})
        self.assertEqual((bill.amount_untaxed, bill.amount_levy, bill.amount_base, bill.amount_vat),
                         (1288.30, 37.25, 1325.55, 265.11))
        self.assert_posted_alike(bill)

    def test_payable_is_rounded_and_the_rest_carried_on(self):
        tariff = self.tariff_of({"kind": "energy", "name": "Energy", "price": 1.234},
                                levy_tax_id=False, vat_tax_id=False, payable_step=5)
        subscription = self.create_subscription("K1", {"": "100"}, tariff, carry=2.31)
        bill = self.compute(self.create_run())
        self.assertEqual((bill.amount_total, bill.amount_carry, bill.amount_payable),
                         (123.40, 2.31, 125))
        self.assertEqual(bill.amount_rounding, -0.71)
        move = self.assert_posted_alike(bill)
        self.assertEqual(move.amount_total, 123.40)
        self.add_readings(subscription.point_id.channel_ids, [
            (END + timedelta(days=31), 1000.125 + 201)])
        following = self.compute(self.create_run(date_from="2025-12-01", date_to="2025-12-31"))
        self.assertEqual((following.amount_total, following.amount_carry), (124.63, 0.71))
        self.assertEqual((following.amount_payable, following.amount_rounding), (125, -0.34))

    def test_a_price_change_inside_the_month_by_three_methods(self):
        """October 31 days; the change on the 16th; a third of the energy before it."""
        for method, expected in (("index", [30, 70]), ("days", [50, 50])):
            tariff = self.create_tariff(
                [{"kind": "energy", "name": "Energy", "price": 1}], code=f"S{method}",
                split_method=method)
            tariff.version_ids.copy({"valid_from": datetime(2025, 11, 15, 21)}) \
                .component_ids.price = 2
            subscription = self.create_subscription(f"S{method}", {"": None}, tariff)
            self.add_readings(subscription.point_id.channel_ids, [
                (START, 100), (datetime(2025, 11, 15, 21), 130), (END, 200)])
            bill = self.compute(self.create_run(subscription_ids=subscription.ids))
            self.assertEqual(bill.line_ids.mapped("quantity"), expected, method)
        tariff.write({"split_method": "index", "price_split": "weighted"})
        bill = self.compute(self.create_run(subscription_ids=subscription.ids))
        self.assertEqual((bill.line_ids.quantity, bill.line_ids.unit_price), (100, 1.7))

    def test_a_price_change_split_by_the_profile(self):
        tariff = self.create_tariff(
            [{"kind": "energy", "name": "Energy", "price": 1}], code="P", split_method="profile")
        tariff.version_ids.copy({"valid_from": datetime(2025, 11, 15, 21)}).component_ids.price = 2
        subscription = self.create_subscription("P1", {}, tariff)
        subscription.point_id.channel_ids.active = False
        self.create_profile(subscription.point_id, [1] * 360 + [3] * 360)
        bill = self.compute(self.create_run())
        self.assertEqual(bill.line_ids.mapped("quantity"), [360, 1080])

    def test_a_draft_prices_nothing_until_it_is_in_force(self):
        version = self.tariff.version_ids
        draft = self.env["actwin.tariff.version"].browse(version.action_new_draft()["res_id"])
        draft.valid_from = version.valid_from
        draft.component_ids.price = 99
        self.create_subscription("K1")
        bill = self.compute(self.create_run())
        self.assertEqual(bill.amount_total, 31306.03)
        with self.assertRaises(UserError):
            draft.action_put_in_force()
        draft.valid_from = datetime(2025, 2, 1)
        draft.action_put_in_force()
        run = bill.run_id
        bill.action_recompute()
        self.assertGreater(run.bill_ids.amount_total, 100_000)
        self.assertEqual(self.tariff.current_version_id, draft)


@tagged("post_install", "-at_install")
class TestParameters(BillingCommon):

    def parameter(self, *values, code="DIST", **more):
        return self.env["actwin.tariff.parameter"].create({
            "code": code, "name": code, "company_id": self.company.id, "value_ids": [
                Command.create({"date_from": day, "value": value}) for day, value in values],
            **more})

    def upload(self, text, name="prices.csv", company=None):
        return self.env["actwin.parameter.import"].with_user(self.accountant).create({
            "file": base64.b64encode(text.encode()), "file_name": name,
            "company_id": (company or self.company).id})

    def test_a_new_value_cuts_the_bill_on_its_day(self):
        parameter = self.parameter(("2025-01-01", 0.665704), ("2025-11-05", 0.895372))
        tariff = self.create_tariff([
            {"kind": "energy", "name": "Energy", "price": 1},
            {"kind": "distribution", "name": "Network", "parameter_id": parameter.id,
             "factor": 1.5}], code="P")
        subscription = self.create_subscription("P1", {"": None}, tariff)
        self.add_readings(subscription.point_id.channel_ids, [
            (START, 0), (datetime(2025, 11, 4, 21), 400), (END, 3000)])
        bill = self.compute(self.create_run())
        self.assertEqual(
            [(line.key, line.quantity, line.unit_price) for line in bill.line_ids],
            [("energy", 3000, 1), ("distribution", 400, 0.998556),
             ("distribution", 2600, 1.343058)])
        self.assertEqual(bill.line_ids.tariff_version_id, tariff.version_ids)

    def test_before_its_first_value_nothing_is_billed(self):
        parameter = self.parameter(("2025-11-10", 1))
        tariff = self.create_tariff(
            [{"kind": "energy", "name": "Energy", "parameter_id": parameter.id}], code="P")
        self.create_subscription("P1", {"": "100"}, tariff)
        bill = self.compute(self.create_run())
        self.assertEqual(bill.state, "blocked")
        self.assertIn("K16", bill.findings)
        self.assertIn("has no value on 2025-11-01", "".join(bill.check_ids.mapped("message")))

    def test_tiers_and_what_is_outside_the_levy_follow_too(self):
        low, less = self.parameter(("2025-01-01", 2), code="LOW"), self.parameter(
            ("2025-01-01", 0.5), code="LESS")
        tariff = self.create_tariff([
            {"kind": "energy", "name": "Energy", "tiered": True, "tier_period": "period",
             "levy_less_parameter_id": less.id, "tier_ids": [
                 Command.create({"up_to": 10, "parameter_id": low.id, "factor": 1.1}),
                 Command.create({"price": 3})]}], code="P")
        self.create_subscription("P1", {"": "100"}, tariff)
        bill = self.compute(self.create_run())
        self.assertEqual(bill.line_ids.mapped("amount"), [22, 270])
        self.assertEqual(bill.amount_levy, 12.10)

    def test_the_yearly_list_is_imported_with_its_faults_shown(self):
        known = self.parameter(("2025-01-01", 1), code="A")
        wizard = self.upload(
            "Kod;Ad;Birim;Geçerlilik;Değer;Kaynak\n"
            "A;;;01.01.2026;1,82950;EPDK\n"
            "B;Güç bedeli;TRY/kW;01.01.2026;43,37003;EPDK\n"
            "B;;;01.04.2026;50,5;EPDK\n"
            "C;;;01.01.2026;1,5;\n"
            "A;x;;31.02.2026;2;\n"
            "A;x;;01.03.2026;zwei;\n")
        wizard.action_check()
        self.assertEqual((wizard.good_count, wizard.faulty_count), (3, 3))
        for text in ("Row 5: Name: Empty, but needed", "Row 6: Since: Not a date",
                     "Row 7: Value: Not a number"):
            self.assertIn(text, wizard.faults)
        wizard.action_import()
        self.assertEqual(known.value_ids.sorted("date_from").mapped("value"), [1, 1.8295])
        made = self.env["actwin.tariff.parameter"].search([("code", "=", "B")])
        self.assertEqual((made.name, made.unit, made.company_id),
                         ("Güç bedeli", "TRY/kW", self.company))
        self.assertEqual(made.value_ids.mapped("source"), ["EPDK", "EPDK"])
        again = self.upload("Code,Since,Value\nA,2026-01-01,1.82950\nB,2026-04-01,60.25\n")
        message = again.action_import()["params"]["message"]
        self.assertEqual(message, "0 values added, 1 changed, 1 were known.")
        self.assertEqual(made.value_ids.sorted("date_from")[-1].value, 60.25)
        self.assertIn("until now 50.5 since 2026-04-01", "".join(made.message_ids.mapped("body")))

    def test_a_file_that_is_no_list_says_so(self):
        for text in ("", "just words", "Kod;Geçerlilik;Değer\n"):
            with self.assertRaises(UserError):
                self.upload(text or " ").action_check()

    def test_value_in_force(self):
        parameter = self.parameter(("2020-01-01", 1), ("2020-06-01", 2))
        self.assertEqual((parameter.value, parameter.date_from), (2, date(2020, 6, 1)))
