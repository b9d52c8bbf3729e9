"""Charging of vehicles: sessions from a file, cards, and the bill they end up on."""

import base64
from datetime import datetime

from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import BillingCommon

FILE = """Session;Card;Charger;Start;End;kWh;Idle
S1;AA;;03.11.2025 10:00;03.11.2025 12:00;20,5;30
S2;AA;;09.11.2025 10:00;09.11.2025 11:00;11,25;
S3;ZZ;;09.11.2025 10:00;09.11.2025 11:00;7;
S4;AA;;30.11.2025 23:00;01.12.2025 01:00;9;
S5;AA;CH9;09.11.2025 10:00;09.11.2025 11:00;7;
S6;AA;;09.11.2025 10:00;08.11.2025 11:00;7;
"""


@tagged("post_install", "-at_install")
class TestCharging(BillingCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tariff = cls.create_tariff([
            {"kind": "session_energy", "name": "Charging", "price": 8},
            {"kind": "session_idle", "name": "Waiting", "price": 0.5},
            {"kind": "session_fee", "name": "Start", "price": 10}], code="EV")
        cls.subscription = cls.create_subscription("E1", tariff=cls.tariff)
        cls.card = cls.env["actwin.charging.card"].create({
            "code": "AA", "subscription_id": cls.subscription.id, "date_from": "2025-01-01"})

    def upload(self, text=FILE):
        wizard = self.env["actwin.session.import"].with_user(self.accountant).create({
            "file": base64.b64encode(text.encode()), "file_name": "s.csv",
            "site_id": self.site.id})
        wizard.action_check()
        return wizard

    def test_sessions_go_on_the_bill_of_the_month_they_ended_in(self):
        wizard = self.upload()
        self.assertEqual((wizard.good_count, wizard.faulty_count), (4, 2))
        self.assertIn("Row 6: Charging point: No such point", wizard.faults)
        self.assertIn("Row 7: End: A session must end after it starts.", wizard.faults)
        message = wizard.action_import()["params"]["message"]
        self.assertIn("4 sessions added, 0 were known; 1 are of cards", message)
        bill = self.compute(self.create_run())
        self.assertEqual({line.kind: line.amount for line in bill.line_ids}, {
            "session_energy": 254, "session_idle": 15, "session_fee": 20})
        sessions = self.env["actwin.charging.session"].search([("bill_id", "=", bill.id)])
        self.assertEqual(set(sessions.mapped("key")), {"S1", "S2"})
        move = self.post(bill.run_id).move_id
        self.assertEqual(move.amount_total, bill.amount_total)
        with self.assertRaises(UserError):
            sessions[0].kwh = 1
        with self.assertRaises(UserError):
            sessions.unlink()
        bill.action_credit()
        self.assertEqual(set(sessions.mapped("state")), {"open"})

    def test_the_same_file_again_adds_nothing(self):
        self.upload().action_import()
        message = self.upload().action_import()["params"]["message"]
        self.assertIn("0 sessions added, 4 were known", message)

    def test_a_card_given_later_claims_its_sessions_and_they_are_billed_late(self):
        self.upload().action_import()
        self.post(self.compute(self.create_run()).run_id)
        other = self.create_subscription("E2", tariff=self.tariff)
        self.env["actwin.charging.card"].create({
            "code": "ZZ", "subscription_id": other.id, "date_from": "2025-11-01"})
        late = self.env["actwin.charging.session"].search([("key", "=", "S3")])
        self.assertEqual((late.subscription_id, late.state), (other, "open"))
        bill = self.compute(self.create_run(
            date_from="2025-12-01", date_to="2025-12-31", subscription_ids=other.ids))
        self.assertEqual(bill.line_ids[0].amount, 56)

    def test_a_card_counts_only_while_it_is_held(self):
        self.card.date_to = "2025-11-05"
        self.upload().action_import()
        sessions = self.env["actwin.charging.session"].search([("card_code", "=", "AA")])
        self.assertEqual(sessions.filtered("subscription_id").mapped("key"), ["S1"])
        self.assertEqual(sessions.filtered(lambda s: s.key == "S1").end,
                         datetime(2025, 11, 3, 9))
