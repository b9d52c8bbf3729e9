from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_amount

WORKING = {"computing": "compute", "posting": "post"}
PROGRESS = "actwin/progress"


class ActwinBillingRunProgress(models.Model):
    """How far the queued work of a run is, told live to its responsible; and the way to stop it."""

    _inherit = "actwin.billing.run"

    work_started = fields.Datetime(string="Started", readonly=True, copy=False)
    work_done = fields.Integer(string="Worked off", compute="_compute_work")
    work_total = fields.Integer(string="Queued", compute="_compute_work")
    progress = fields.Float(compute="_compute_work", string="Progress (%)")
    failed_chunk_count = fields.Integer(compute="_compute_work")

    @api.depends("state", "chunk_ids.state", "chunk_ids.size")
    def _compute_work(self):
        found = {}
        for run, kind, state, size, number in self.env["actwin.billing.chunk"]._read_group(
            [("run_id", "in", self.ids)], ["run_id", "kind", "state"], ["size:sum", "__count"]
        ):
            found.setdefault(run.id, []).append((kind, state, size, number))
        for run in self:
            rows = found.get(run._origin.id, [])
            kind = WORKING.get(run.state)
            sizes = [(row[1], row[2]) for row in rows if not kind or row[0] == kind]
            run.work_total = sum(size for _state, size in sizes)
            run.work_done = sum(size for state, size in sizes if state in ("done", "failed"))
            run.progress = run.work_done * 100 / run.work_total if run.work_total else 0.0
            run.failed_chunk_count = sum(row[3] for row in rows if row[1] == "failed")

    def action_stop(self):
        """Take back the queued work; what a cron has in hand is still finished. Returns True.

        Nothing is lost: the next start does what is missing.
        """
        for run in self:
            if run.state not in WORKING:
                raise UserError(self.env._("%s is not working.", run.name))
            run.check_access("write")
            queued = run.chunk_ids.filtered(lambda chunk: chunk.state == "todo")
            queued.try_lock_for_update().state = "stopped"
            run.message_post(body=self.env._(
                "Stopped after %(done)s of %(total)s.", done=run.work_done, total=run.work_total,
            ))
            run._settle()
            run._report()
        return True

    def _report(self):
        """Tell the responsible's browsers how far the work is; sent with the commit."""
        for run in self:
            run.user_id._bus_send(PROGRESS, {
                "id": run.id, "done": run.work_done, "total": run.work_total, "state": run.state,
            })

    @api.model
    def _settle_finished(self):
        """Settle runs whose last chunks ended at the same time in two workers.

        Neither of the two saw the other's end, so neither moved the stage on.
        """
        for run in self.search([("state", "in", list(WORKING))]):
            owned = run.with_user(run.user_id).with_company(run.company_id)
            # sudo: the responsible may have lost rights; the stage must not hang
            owned.with_context(lang=run.user_id.lang).sudo()._settle()

    def _settle(self):
        """Set the stage by what is left to do; tell the chatter when a stage is over."""
        for run in self:
            run.invalidate_recordset(["chunk_ids", "bill_ids"])
            if run.state == "cancelled" or any(
                chunk.state == "todo" for chunk in run.chunk_ids
            ):
                continue
            states = set(run.bill_ids.mapped("state")) - {"cancelled"}
            state = run._stage_of(states)
            if state != run.state:
                run.state = state
                run._announce()

    @api.model
    def _stage_of(self, states):
        if not states:
            return "draft"
        if "approved" in states:
            return "approved"
        if states <= {"draft", "blocked", "checked"}:
            return "control"
        return "posted"

    def _announce(self):
        """Say in the chatter, and to the responsible, what the stage brought and how long it took.
        """
        seconds = 0
        if self.work_started:
            seconds = (fields.Datetime.now() - self.work_started).total_seconds()
        body = self.env._(
            "%(count)s control invoices, %(blocked)s blocked, %(posted)s posted, total %(total)s",
            count=self.bill_count,
            blocked=self.blocked_count,
            posted=self.posted_count,
            total=format_amount(self.env, self.amount_total, self.currency_id),
        )
        if self.failed_chunk_count:
            body += self.env._("; %s parts of the work failed", self.failed_chunk_count)
        if self.work_started:
            body += self.env._("; it took %s s", round(seconds))
            self.user_id._bus_send("simple_notification", {
                "type": "warning" if self.blocked_count else "success",
                "title": self.name, "message": body,
            })
            self.work_started = False
        self.message_post(body=body)
