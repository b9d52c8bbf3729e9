"""Prices of an exchange: import, hourly bills, means, what is missing."""

import base64
from datetime import timedelta

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import START, BillingCommon


@tagged("post_install", "-at_install")
class TestMarket(BillingCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.support = cls.env["actwin.tariff.parameter"].create({
            "code": "YEKDEM", "name": "Support", "company_id": cls.company.id,
            "value_ids": [Command.create({"date_from": "2025-10-01", "value": 100}),
                          Command.create({"date_from": "2025-11-01", "value": 120.50})]})
        cls.market = cls.env["actwin.market"].create({
            "name": "Day ahead", "code": "PTF", "company_id": cls.company.id,
            "support_id": cls.support.id})

    def tariff_by(self, way, **values):
        return self.create_tariff(
            [{"kind": "market", "name": "Energy", "market_by": way, "ptf_factor": 1.0938,
              "yekdem_factor": 1.0938, **values}],
            code="M", market_id=self.market.id)

    def put(self, prices, volumes=None, start=START):
        return self.market._put([
            (start + timedelta(hours=number), price, volumes[number] if volumes else None)
            for number, price in enumerate(prices)])

    def bill(self, tariff, values):
        subscription = self.create_subscription("M1", {}, tariff)
        subscription.point_id.channel_ids.active = False
        self.create_profile(subscription.point_id, values)
        return self.compute(self.create_run())

    def upload(self, text):
        return self.env["actwin.market.import"].with_user(self.accountant).create({
            "file": base64.b64encode(text.encode("cp1254")), "file_name": "ptf.csv",
            "market_id": self.market.id})

    def test_each_hour_at_its_price(self):
        """The constructed example of three hours, the others unused at other prices."""
        self.put(["2345.67", "2890.10", "1500.00", *["9999"] * 717])
        bill = self.bill(self.tariff_by("hour"), ["1.2", "0.8", "2.0", *[0] * 717])
        line = bill.line_ids
        self.assertEqual((line.quantity, line.amount), (4, 9.42))
        self.assertEqual(line.trace["price"][:12], "2.3540993298")
        self.assertEqual(bill.state, "checked", bill.check_ids.mapped("message"))
        self.assertEqual(self.post(bill.run_id).move_id.amount_total, bill.amount_total)

    def test_the_mean_of_days_weighted_by_what_was_matched(self):
        self.put(["1000", "3000", *["2000"] * 718], ["3", "1", *["1"] * 718])
        bill = self.bill(self.tariff_by("mean", ptf_factor=1, yekdem_factor=0), [1] * 720)
        first = (3 * 1000 + 3000 + 22 * 2000) / 26
        self.assertAlmostEqual(bill.line_ids.unit_price, (first + 29 * 2000) / 30 / 1000, 8)

    def test_an_hour_without_a_price_keeps_the_bill_back(self):
        self.put(["2000"] * 700)
        bill = self.bill(self.tariff_by("hour"), [1] * 720)
        self.assertEqual(bill.state, "blocked")
        self.assertIn("PTF", "".join(bill.check_ids.mapped("message")))

    def test_a_support_cost_that_is_not_known_keeps_the_bill_back(self):
        self.put(["2000"] * 720)
        self.support.value_ids.filtered(lambda v: v.value == 100).unlink()
        self.support.value_ids.date_from = "2025-11-10"
        bill = self.bill(self.tariff_by("hour"), [1] * 720)
        self.assertIn("YEKDEM", "".join(bill.check_ids.mapped("message")))

    def test_import_of_the_exchanges_file(self):
        wizard = self.upload(
            "Tarih;Saat;PTF (TL/MWh);Eşleşme Miktarı (MWh)\n"
            "01.11.2025;00:00;2.345,67;21.000,5\n"
            "01.11.2025;01:00;2.890,10;20.000\n"
            "01.11.2025;02:30;1,5;1\n"
            "01.11.2025;03:00;;1\n")
        wizard.action_check()
        self.assertEqual((wizard.good_count, wizard.faulty_count), (2, 2))
        self.assertIn("Row 4: Hour: A market price begins with an hour.", wizard.faults)
        wizard.action_import()
        prices = self.market.price_ids.sorted("ts")
        self.assertEqual(prices.mapped("ts"), [START, START + timedelta(hours=1)])
        self.assertEqual(prices.mapped("price"), [2345.67, 2890.1])
        self.assertEqual(prices[0].volume, 21000.5)
        self.assertEqual((self.market.price_count, self.market.date_to),
                         (2, START + timedelta(hours=2)))
        with self.assertRaises(UserError):
            self.upload("no;headers\n1;2\n").action_check()

    def test_the_same_hour_again_replaces_its_price(self):
        self.assertEqual(self.put(["1", "2"]), (2, 0))
        self.assertEqual(self.put(["1", "3", "4"]), (1, 1))
        self.assertEqual(self.market.price_ids.sorted("ts").mapped("price"), [1, 3, 4])
