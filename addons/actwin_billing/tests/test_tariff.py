from datetime import date

from psycopg2 import IntegrityError

from odoo import Command
from odoo.exceptions import ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from odoo.addons.actwin_billing.models.facts.period import Period
from odoo.addons.actwin_billing.models.tariff.version_facts import Prices

from .common import BillingCommon


@tagged("post_install", "-at_install")
class TestTariff(BillingCommon):

    def test_an_accountant_makes_a_tariff_in_the_form(self):
        with Form(self.env["actwin.tariff"].with_user(self.accountant)) as form:
            form.name = "Shops"
            form.code = "SHOP"
            form.vat_tax_id = self.vat
        with Form(self.env["actwin.tariff.version"].with_user(self.accountant)) as form:
            form.tariff_id = self.env["actwin.tariff"].search([("code", "=", "SHOP")])
            form.valid_from = "2025-01-01 00:00:00"
            with form.component_ids.new() as component:
                component.name = "Energy"
                component.price = 3.347564
        component = form.record.component_ids
        self.assertEqual((component.key, component.unit, component.levy), ("energy", "kWh", True))

    def test_facts_carry_prices_exactly(self):
        tariff = self.create_tariff(
            [{"kind": "energy", "name": "E", "price": 3.03203583},
             {"kind": "reactive_inductive", "name": "R", "price": 2.645474,
              "ratio_below": 0.33, "ratio_above": 0.2}], code="X")
        version = tariff.version_ids
        period = Period(date(2025, 11, 1), date(2025, 11, 30), "Europe/Istanbul")
        prices = Prices(self.env, version._pieces(period), period)
        energy, reactive = prices.versions[0]["components"]
        self.assertEqual(energy["price"], "3.03203583")
        self.assertEqual(energy["taxes"], ["levy", "vat"])
        self.assertEqual(reactive["unit"], "kVArh")
        self.assertEqual([limit["ratio"] for limit in reactive["limits"]], ["0.3300", "0.2000"])
        self.assertEqual(reactive["taxes"], ["vat"])

    def test_a_levy_must_enter_the_base_of_vat(self):
        with self.assertRaises(ValidationError):
            self.tariff.levy_tax_id = self.vat
        with self.assertRaises(ValidationError):
            self.levy.sequence = 20
            self.tariff._check_taxes()

    def test_versions_and_components_are_unambiguous(self):
        version = self.tariff.version_ids
        for vals in ({"valid_from": version.valid_from},
                     {"valid_from": "2026-01-01", "valid_to": "2025-01-01"}):
            with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), \
                    self.env.cr.savepoint():
                version.create({"tariff_id": self.tariff.id, **vals}).flush_recordset()
        with mute_logger("odoo.sql_db"), \
                self.assertRaises(IntegrityError), self.env.cr.savepoint():
            version.component_ids = [Command.create({
                "kind": "energy", "band": "t1", "name": "again", "price": 1})]
            version.flush_recordset()

    def test_one_subscription_a_point_and_day(self):
        subscription = self.create_subscription("T01")
        with self.assertRaises(ValidationError):
            subscription.copy({"date_from": "2025-06-01"})
        subscription.date_to = "2025-05-31"
        self.assertTrue(subscription.copy({"date_from": "2025-06-01", "date_to": False}))

    def test_quantities_and_prices_keep_their_decimals(self):
        precision = self.env["decimal.precision"]
        self.assertEqual(precision.precision_get("Product Unit"), 3)
        self.assertEqual(precision.precision_get("Product Price"), 8)
