from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, split_every

from ..const import CHUNK_SIZE, QUIET, RUN_NOW_LIMIT


class ActwinBillingRunProcess(models.Model):
    """The steps of a run. They queue chunks; crons on every worker drain them."""

    _inherit = "actwin.billing.run"

    def action_compute(self):
        """Queue control invoices for every subscription that has none that is approved.

        Checked bills without findings are kept; drafts, blocked and warned ones are made anew.
        :return: True
        """
        for run in self:
            run._check_stage("draft", "computing", "control", "approved", "posting", "posted")
            done = run.bill_ids.filtered(
                lambda bill: bill.state in ("approved", "posted")
                or (bill.state == "checked" and bill.severity not in ("warn", "block"))
            )
            todo = self.env["actwin.subscription"].search(run._subscription_domain())
            todo -= done.subscription_id
            if todo:
                run._queue("compute", todo.ids)
                run.state = "computing"
            else:
                run._settle()
        return True

    def action_recompute(self):
        """Queue every unapproved control invoice again, whatever its findings. Returns True."""
        for run in self:
            run._check_stage("draft", "computing", "control", "approved", "posting", "posted")
            done = run.bill_ids.filtered(lambda bill: bill.state in ("approved", "posted"))
            todo = self.env["actwin.subscription"].search(run._subscription_domain())
            todo -= done.subscription_id
            if todo:
                run._queue("compute", todo.ids)
                run.state = "computing"
        return True

    def action_approve(self):
        """Approve every checked control invoice; blocked ones stay behind. Returns True.

        Raises UserError when there is none to approve and none approved before.
        """
        for run in self:
            run._check_stage("control", "approved", "posted")
            bills = run.bill_ids.filtered(lambda bill: bill.state == "checked")
            if not bills and "approved" not in run.bill_ids.mapped("state"):
                raise UserError(self.env._("%s has no checked control invoice.", run.name))
            bills.with_context(**QUIET).action_approve()
        return True

    def action_post(self):
        """Queue the approved control invoices for posting. Returns True."""
        for run in self:
            run._check_stage("approved", "posting", "posted")
            bills = run.bill_ids.filtered(
                lambda bill: bill.state == "approved" and not bill.move_id
            )
            if not bills:
                raise UserError(self.env._("%s has nothing approved to post.", run.name))
            run._queue("post", bills.sorted(lambda bill: (bill.name, bill.id)).ids)
            run.state = "posting"
        return True

    def action_cancel(self):
        """Cancel the run and its control invoices, unless some are posted. Returns True."""
        for run in self:
            if run.bill_ids.filtered(lambda bill: bill.state == "posted"):
                raise UserError(self.env._("%s has posted invoices: credit them.", run.name))
            run.chunk_ids.filtered(lambda chunk: chunk.state == "todo").unlink()
            run.bill_ids.filtered(lambda bill: bill.state != "credited").action_cancel()
            run.state = "cancelled"
        return True

    def action_run_now(self):
        """Button: work the queue off in this request."""
        self.run_now()
        return True

    def run_now(self):
        """Work off the queued chunks of small runs in this request.

        Waits for a chunk a cron holds, so nothing of these runs is pending afterwards.
        :return: {'pending': 0, 'failed': chunks, 'bills': n, 'blocked': n, 'posted': n}
        Raises UserError when more than RUN_NOW_LIMIT records are queued.
        """
        self.check_access("write")
        chunks = self._lock_chunks()
        if sum(len(chunk.record_ids) for chunk in chunks) > RUN_NOW_LIMIT:
            raise UserError(
                self.env._("More than %s bills are queued: leave them to the crons.",
                           RUN_NOW_LIMIT)
            )
        for chunk in chunks:
            chunk._process()
        return {
            "pending": 0,
            "failed": sum(self.mapped("failed_chunk_count")),
            "bills": sum(self.mapped("bill_count")),
            "blocked": sum(self.mapped("blocked_count")),
            "posted": sum(self.mapped("posted_count")),
        }

    def _lock_chunks(self):
        """The queued chunks, locked. A chunk that a cron finishes meanwhile raises a
        serialization error, on which the server repeats the request."""
        chunk_model = self.env["actwin.billing.chunk"]
        chunk_model.flush_model(["run_id", "state"])
        rows = self.env.execute_query(SQL(
            "SELECT id FROM actwin_billing_chunk WHERE run_id IN %s AND state = 'todo'"
            " ORDER BY id FOR UPDATE",
            tuple(self.ids) or (0,),
        ))
        return chunk_model.browse(row_id for (row_id,) in rows)

    def result_table(self):
        """One row a control invoice, in order of name.

        :return: [{'subscriber', 'subscriber_number', 'point', 'consumption', 'unit', 'amount',
            'currency', 'state', 'findings', 'number', 'invoice', 'ubl'}]; ``number`` and
            ``invoice`` are the invoice's number, consumption and amount exact decimal texts,
            texts that do not exist are ''.
        """
        bills = self.bill_ids.filtered(lambda bill: bill.state not in ("cancelled", "credited"))
        return [
            {
                "subscriber": bill.partner_id.name or "",
                "subscriber_number": bill.subscriber_id.number or "",
                "point": bill.point_id.code or "",
                "consumption": f"{bill.consumption:.3f}",
                "unit": bill.consumption_unit or "",
                "amount": f"{bill.amount_total:.2f}",
                "currency": bill.currency_id.name,
                "state": bill.state,
                "findings": bill.findings or "",
                "number": bill.move_id.name or "",
                "invoice": bill.move_id.name or "",
                "ubl": bill.move_id._actwin_ubl_name() if bill.move_id else "",
            }
            for bill in bills.sorted(lambda bill: (bill.name, bill.id))
        ]

    def _check_stage(self, *states):
        if self.state not in states:
            raise UserError(
                self.env._("%s is not at a stage where this can be done.", self.name)
            )

    def _queue(self, kind, record_ids):
        """Replace the queued chunks of this kind and wake the crons."""
        self.check_access("write")
        old = self.chunk_ids.filtered(lambda chunk: chunk.kind == kind)
        old.filtered(lambda chunk: chunk.state != "todo").unlink()
        free = old.exists().try_lock_for_update()
        free.unlink()
        self.env["actwin.billing.chunk"].create([
            {"run_id": self.id, "kind": kind, "record_ids": list(part), "size": len(part)}
            for part in split_every(CHUNK_SIZE, record_ids)
        ])
        self.work_started = fields.Datetime.now()
        self.env["actwin.billing.chunk"]._wake()
