import logging

from psycopg2 import OperationalError

from odoo import api, fields, models

_logger = logging.getLogger(__name__)
MAX_CONFLICTS = 20
CRONS = ("actwin_billing.ir_cron_drain_1", "actwin_billing.ir_cron_drain_2")


class ActwinBillingChunk(models.Model):
    """A piece of a run's work: up to 50 subscriptions to compute or bills to post.

    A chunk is done in one transaction or not at all, and doing it twice changes nothing.
    """

    _name = "actwin.billing.chunk"
    _description = "Billing Chunk"
    _order = "id"

    run_id = fields.Many2one(
        "actwin.billing.run", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="run_id.company_id", store=True, precompute=True)
    site_id = fields.Many2one(related="run_id.site_id", store=True, precompute=True)
    kind = fields.Selection(
        [("compute", "Control invoices"), ("post", "Posting")], required=True, readonly=True
    )
    record_ids = fields.Json(
        readonly=True, help="Ids of subscriptions (compute) or control invoices (post)."
    )
    size = fields.Integer(string="Records", readonly=True)
    state = fields.Selection(
        [("todo", "To do"), ("done", "Done"), ("failed", "Failed"), ("stopped", "Stopped")],
        required=True, default="todo", readonly=True,
    )
    error = fields.Char(readonly=True)

    _todo_idx = models.Index("(id) WHERE state = 'todo'")

    def _process(self):
        """Do the work of this chunk; a failure is written down and never stops other chunks."""
        self.ensure_one()
        run = self.run_id
        try:
            with self.env.cr.savepoint():
                self._work(run)
                self.state = "done"
        except OperationalError:
            raise  # a serialization conflict: the caller repeats the transaction
        except Exception as error:
            _logger.exception("billing chunk %s failed", self.id)
            # sudo: the responsible may have lost the rights whose lack is written down here
            self.sudo().write(
                {"state": "failed", "error": str(error)[:500] or type(error).__name__}
            )
        run = run.sudo()  # as above: the stage must not hang
        run._settle()
        run._report()

    def _work(self, run):
        if self.kind == "compute":
            run._build(self.env["actwin.subscription"].browse(self.record_ids).exists())
        else:
            self.env["actwin.bill"].browse(self.record_ids).exists()._post_moves()

    def _as_owner(self):
        """This chunk in the name and company of the run's responsible, whose rights apply."""
        run = self.run_id
        return self.with_user(run.user_id).with_company(run.company_id).with_context(
            allowed_company_ids=run.company_id.ids, lang=run.user_id.lang
        )

    @api.model
    def _wake(self):
        """Let the crons start as soon as this transaction is committed."""
        for xmlid in CRONS:
            # sudo: an accountant may start the work without rights on scheduled actions
            self.env.ref(xmlid).sudo()._trigger()

    @api.model
    def _cron_drain(self):
        """Drain the queue: one chunk a transaction, shared with the other crons by row locks."""
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=self.search_count([("state", "=", "todo")]))
        conflicts = 0
        while conflicts < MAX_CONFLICTS:
            try:
                if not self._drain_one():
                    self.env["actwin.billing.run"]._settle_finished()
                    return
                left = cron._commit_progress(1)
            except OperationalError:
                # Another worker finished the same chunk a moment ago: look again.
                self.env.cr.rollback()
                conflicts += 1
                continue
            if not left:
                return

    @api.model
    def _drain_one(self):
        """Work off one free chunk; False when there is none."""
        chunk = self.search([("state", "=", "todo")], limit=20).try_lock_for_update(limit=1)
        if chunk:
            chunk._as_owner()._process()
            self.env.flush_all()
            self.env.invalidate_all()  # bounds memory over a long run
        return bool(chunk)
