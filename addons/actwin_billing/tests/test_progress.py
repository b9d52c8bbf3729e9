import json
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import BillingCommon

PROCESS = "odoo.addons.actwin_billing.models.billing_run_process"


@tagged("post_install", "-at_install")
class TestProgress(BillingCommon):

    def setUp(self):
        super().setUp()
        for code in ("T01", "T02", "T03"):
            self.create_subscription(code)
        self.run_record = self.create_run()

    def queue(self, size=1):
        with patch(f"{PROCESS}.CHUNK_SIZE", size):
            self.run_record.action_compute()
        return self.run_record.chunk_ids

    def news(self):
        """Messages on the bus for the responsible, in order."""
        self.env.cr.precommit.run()
        messages = [
            json.loads(row.message) for row in self.env["bus.bus"].sudo().search([], order="id")
        ]
        return [row["payload"] for row in messages if row["type"] == "actwin/progress"]

    def test_every_chunk_tells_how_far_the_run_is(self):
        self.env["bus.bus"].sudo().search([]).unlink()
        for chunk in self.queue(2):
            chunk._process()
        self.assertEqual(
            [(row["done"], row["total"], row["state"]) for row in self.news()],
            [(2, 3, "computing"), (3, 3, "control")])

    def test_each_stage_counts_its_own_work(self):
        run = self.run_record
        self.assertEqual((run.work_done, run.work_total, run.progress), (0, 0, 0.0))
        self.queue()[0]._process()
        self.assertEqual((run.work_done, run.work_total), (1, 3))
        run.run_now()
        run.action_approve()
        run.action_post()
        self.assertEqual((run.work_done, run.work_total), (0, 3))

    def test_stop_leaves_the_rest_for_the_next_start(self):
        run = self.run_record
        self.queue()[0]._process()
        run.with_user(self.accountant).action_stop()
        self.assertEqual((run.state, run.bill_count), ("control", 1))
        self.assertIn("1 of 3", "".join(run.message_ids.mapped("body")))
        self.assertEqual(run.run_now()["bills"], 1)
        with self.assertRaises(UserError):
            run.action_stop()
        run.action_compute()
        self.assertEqual(run.run_now()["bills"], 3)

    def test_only_accountants_stop_a_run(self):
        self.queue()
        self.accountant.group_ids = self.env.ref("actwin_metering.group_manager")
        with self.assertRaises(AccessError):
            self.run_record.with_user(self.accountant).action_stop()

    def test_the_chatter_tells_counts_and_duration(self):
        run = self.run_record
        self.queue(3)
        run.run_now()
        body = run.message_ids[0].body
        self.assertIn("3 control invoices, 0 blocked", body)
        self.assertIn("it took", body)
        self.assertFalse(run.work_started)
        run.action_approve()
        self.assertNotIn("it took", run.message_ids[0].body)

    def test_a_stage_that_no_worker_ended_is_ended_by_the_queue(self):
        """Two workers end the last two chunks at once: neither sees the other's end."""
        run = self.run_record
        with patch.object(type(run), "_settle", lambda runs: None):
            for chunk in self.queue():
                chunk._process()
        self.assertEqual(run.state, "computing")
        with self.enter_registry_test_mode():
            self.env.ref("actwin_billing.ir_cron_drain_1").method_direct_trigger()
        run.invalidate_recordset()
        self.assertEqual(run.state, "control")
