import json
from decimal import Decimal
from unittest.mock import patch

from psycopg2.errors import UniqueViolation

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import BANDS, BillingCommon

BUILD = "odoo.addons.actwin_billing.models.bill_build"


@tagged("post_install", "-at_install")
class TestRun(BillingCommon):

    def test_w15_from_readings_to_a_checked_bill(self):
        self.create_subscription("T01")
        bill = self.compute(self.create_run())
        self.assertEqual(bill.state, "checked", bill.check_ids.mapped("message"))
        amounts = {line.key: line.amount for line in bill.line_ids}
        self.assertEqual(amounts, {"energy_t1": 8800.0, "energy_t2": 4140.0,
                                   "energy_t3": 2072.0, "distribution": 10325.76})
        self.assertEqual(
            (bill.amount_levy, bill.amount_base, bill.amount_vat, bill.amount_total),
            (750.60, 26088.36, 5217.67, 31306.03))
        self.assertEqual((bill.consumption, bill.consumption_unit), (5500.0, "kWh"))
        self.assertEqual((bill.first_index, bill.last_index), (3000.375, 8500.375))

    def test_one_price_changes_the_bill_by_exactly_its_share(self):
        """Breaks when a price is lost, rounded or taken from another component."""
        self.create_subscription("T01")
        component = self.tariff.version_ids.component_ids.filtered(lambda c: c.band == "t2")
        component.price = 4.60000001
        bill = self.compute(self.create_run())
        line = bill.line_ids.filtered(lambda line: line.key == "energy_t2")
        self.assertEqual((line.unit_price, line.amount), (4.60000001, 4140.0))
        component.price = 4.61
        bill = self.compute_again(bill)
        self.assertEqual(bill.amount_untaxed, 25337.76 + 9.0)
        self.assertEqual(bill.amount_total, 31306.03 + 11.34)

    def test_a_hundred_thousandth_on_any_price_shows_in_the_bill(self):
        """Big quantities: 0.00001 on one price moves one line, and by exactly its share."""
        self.create_subscription("T01", {"t1": "3200000", "t2": "900000", "t3": "1400000"})
        bill = self.compute(self.create_run())
        usual = {line.key: line.amount for line in bill.line_ids}
        self.assertEqual(usual, {"energy_t1": 8800000.0, "energy_t2": 4140000.0,
                                 "energy_t3": 2072000.0, "distribution": 10325755.0})
        for component in self.tariff.version_ids.component_ids:
            component.price += 0.00001
            bill = self.compute_again(bill)
            moved = {line.key: round(line.amount - usual[line.key], 2) for line in bill.line_ids
                     if line.amount != usual[line.key]}
            line = bill.line_ids.filtered(lambda line, key=component.key: line.key == key)
            self.assertEqual(moved, {component.key: round(line.quantity * 0.00001, 2)})
            component.price -= 0.00001

    def compute_again(self, bill):
        run = bill.run_id
        bill.action_recompute()
        return run.bill_ids

    def test_lines_trace_back_to_index_meter_and_version(self):
        self.create_subscription("T01")
        bill = self.compute(self.create_run())
        reading = bill.reading_ids.filtered(lambda row: row.register == "active_import.t1")
        self.assertEqual(
            (reading.meter_serial, reading.first_index, reading.last_index, reading.multiplier,
             reading.consumption),
            ("ST01", 1000.125, 4200.125, 1.0, 3200.0))
        line = bill.line_ids[0]
        self.assertEqual(line.tariff_version_id, self.tariff.version_ids)
        self.assertIn("3200.000 kWh × 2.75", line.formula)
        self.assertEqual(line.trace["inputs"]["metered"], "3200.000")

    def test_snapshot_is_complete_and_hashed(self):
        self.create_subscription("T01")
        bill = self.compute(self.create_run())
        self.assertTrue(bill.snapshot_intact)
        stored = json.loads(bill.snapshot)
        self.assertEqual(stored["result"]["totals"]["total"], "31306.03")
        self.assertEqual(stored["case"]["segments"][0]["quantities"]["active_import.t2"],
                         "900.000")
        self.assertEqual(stored["readings"][0]["first_index"], "1000.125")
        bill._update({"snapshot": bill.snapshot.replace("31306.03", "31306.04")})
        self.assertFalse(bill.snapshot_intact)
        with self.assertRaises(UserError):
            bill.action_approve()

    def test_a_total_register_is_split_by_the_hourly_profile(self):
        self.create_subscription("T01", {"": "5500"})
        values = [Decimal(0)] * 720
        values[6], values[17], values[23] = Decimal(3200), Decimal(900), Decimal(1400)
        with patch.object(type(self.env["actwin.channel"]), "_profile",
                          lambda records, *span: {record.id: values for record in records}):
            bill = self.compute(self.create_run())
        self.assertEqual({line.key: line.quantity for line in bill.line_ids},
                         {"energy_t1": 3200.0, "energy_t2": 900.0, "energy_t3": 1400.0,
                          "distribution": 5500.0})
        self.assertEqual(bill.amount_total, 31306.03)

    def test_a_rerun_does_only_what_is_missing(self):
        self.create_subscription("T01")
        run = self.create_run()
        first = self.compute(run)
        self.create_subscription("T02")
        both = self.compute(run)
        self.assertEqual(len(both), 2)
        self.assertIn(first, both)
        self.assertEqual(self.compute(run), both)

    def test_one_subscribers_error_never_stops_the_others(self):
        good, bad = self.create_subscription("T01"), self.create_subscription("T02")
        original = type(bad)._facts

        def broken(subscription, figures):
            if subscription == bad:
                raise ZeroDivisionError("broken facts")
            return original(subscription, figures)

        with patch.object(type(bad), "_facts", broken), mute_logger(BUILD):
            run = self.create_run()
            bills = self.compute(run)
        by_subscription = bills.grouped("subscription_id")
        self.assertEqual(by_subscription[good].state, "checked")
        self.assertEqual(by_subscription[bad].state, "blocked")
        self.assertEqual(by_subscription[bad].check_ids.code, "E01")
        self.assertEqual(self.compute(run).mapped("state"), ["checked", "checked"])

    def test_no_bill_twice_in_a_run(self):
        subscription = self.create_subscription("T01")
        run = self.create_run()
        bill = self.compute(run)
        with mute_logger("odoo.sql_db"), self.assertRaises(UniqueViolation), \
                self.env.cr.savepoint():
            bill.sudo().copy({"subscription_id": subscription.id}).flush_recordset()

    def test_move_in_and_out_inside_the_month(self):
        subscription = self.create_subscription(
            "T01", tariff=self.create_tariff(
                [{"kind": "fixed_day", "name": "Fixed", "price": 2}], code="F"),
            date_from="2025-11-11", date_to="2025-11-20")
        bill = self.compute(self.create_run())
        self.assertEqual((str(bill.date_from), str(bill.date_to)), ("2025-11-11", "2025-11-20"))
        self.assertEqual((bill.line_ids.quantity, bill.amount_untaxed), (10.0, 20.0))
        self.assertEqual(bill.subscription_id, subscription)

    def test_a_version_inside_the_month_splits_at_the_snapshot(self):
        subscription = self.create_subscription("T01")
        self.env["actwin.tariff.version"].create({
            "tariff_id": self.tariff.id, "valid_from": "2025-11-10 21:30:00",
            "component_ids": [Command.create({"kind": "energy", "name": "All", "price": 1})],
        })
        middle = "2025-11-10 21:30:00"
        self.env["actwin.tariff.component"].search(
            [("version_id.valid_from", "=", middle)]).register = "active_import"
        for channel in subscription.point_id.channel_ids:
            quantity = int(BANDS[channel.band])
            self.add_readings(channel, [(
                self.env["actwin.tariff.version"].search([("valid_from", "=", middle)]).valid_from,
                "1000.125" if quantity == 900 else str(1000.125 + quantity / 2))])
        bill = self.compute(self.create_run())
        quantities = {line.key: line.quantity for line in bill.line_ids}
        self.assertEqual(quantities, {"energy_t1": 1600.0, "energy_t2": 0.0,
                                      "energy_t3": 700.0, "distribution": 2300.0,
                                      "energy": 3200.0})
        self.assertEqual(bill.state, "checked", bill.check_ids.mapped("message"))

    def test_chunks_are_drained_by_the_cron(self):
        self.create_subscription("T01")
        self.create_subscription("T02")
        run = self.create_run()
        with patch("odoo.addons.actwin_billing.models.billing_run_process.CHUNK_SIZE", 1):
            run.action_compute()
        self.assertEqual((len(run.chunk_ids), run.state), (2, "computing"))
        with self.enter_registry_test_mode():
            self.env.ref("actwin_billing.ir_cron_drain_1").method_direct_trigger()
        run.invalidate_recordset()
        self.assertEqual((run.state, run.bill_count, run.progress), ("control", 2, 100.0))

    def test_a_responsible_without_rights_fails_the_chunk_and_not_the_cron(self):
        self.create_subscription("T01")
        run = self.create_run(user_id=self.accountant.id)
        run.action_compute()
        run.user_id.group_ids -= self.env.ref("actwin_billing.group_accountant")
        with self.enter_registry_test_mode(), \
                mute_logger("odoo.addons.actwin_billing.models.billing_chunk", BUILD):
            self.env.ref("actwin_billing.ir_cron_drain_1").method_direct_trigger()
        run.invalidate_recordset()
        self.assertEqual((run.chunk_ids.state, run.bill_count), ("failed", 0))
        self.assertEqual((run.failed_chunk_count, run.state), (1, "draft"))

    def test_big_runs_are_left_to_the_crons(self):
        self.create_subscription("T01")
        self.create_subscription("T02")
        run = self.create_run()
        run.action_compute()
        with patch("odoo.addons.actwin_billing.models.billing_run_process.RUN_NOW_LIMIT", 1), \
                self.assertRaises(UserError):
            run.run_now()

    def test_counters_and_result_table(self):
        self.create_subscription("T01")
        run = self.create_run()
        self.compute(run)
        self.assertEqual(
            (run.bill_count, run.checked_count, run.amount_total, run.complete_percent),
            (1, 1, 31306.03, 100.0))
        self.assertEqual(run.result_table(), [{
            "subscriber": "Tenant T01",
            "subscriber_number": run.bill_ids.subscriber_id.number, "point": "T01",
            "consumption": "5500.000", "unit": "kWh", "amount": "31306.03",
            "currency": self.company.currency_id.name, "state": "checked", "findings": "",
            "number": "", "invoice": "", "ubl": "",
        }])
