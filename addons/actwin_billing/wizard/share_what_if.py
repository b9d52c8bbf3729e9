from odoo import Command, api, fields, models

from ..core.money import ZERO
from ..models.sharing.cost_pool_version import MODES


class ActwinShareWhatIf(models.TransientModel):
    """Who would win and who would lose if a settlement were shared in another way.

    Computes with the settlement's own facts and writes nothing of it.
    """

    _name = "actwin.share.what.if"
    _description = "What if It Were Shared Otherwise"

    settlement_id = fields.Many2one("actwin.cost.settlement", required=True, ondelete="cascade")
    company_id = fields.Many2one(related="settlement_id.company_id")
    currency_id = fields.Many2one(related="settlement_id.currency_id")
    mode = fields.Selection(MODES, required=True, default="mirror")
    key_id = fields.Many2one(
        "actwin.share.key", check_company=True, help="Instead of every key of the costs."
    )
    price = fields.Float("Agreed Price", digits=(16, 6))
    heat_metered = fields.Float("By Consumption (%)", default=70, digits=(6, 2))
    heat_minimum_factor = fields.Float("Least Consumption Factor", digits=(6, 4))
    line_ids = fields.One2many("actwin.share.what.if.line", "what_if_id", readonly=True)
    winners = fields.Integer(readonly=True)
    losers = fields.Integer(readonly=True)
    moved = fields.Monetary(readonly=True, help="What the losers would pay more.")

    @api.model
    def default_get(self, fields_list):
        vals = super().default_get(fields_list)
        settlement = self.env["actwin.cost.settlement"].browse(vals.get("settlement_id"))
        version = settlement.version_id
        for name in ("mode", "price", "heat_metered", "heat_minimum_factor"):
            if version and name in fields_list:
                vals[name] = version[name]
        return vals

    def action_compare(self):
        """Compare and show the result in the same dialog."""
        self.ensure_one()
        settlement = self.settlement_id
        now = settlement.pool_id._version_on(settlement.date_from)
        then = self.env["actwin.cost.pool.version"].new(
            {
                "pool_id": settlement.pool_id.id, "mode": self.mode, "price": self.price,
                "heat_metered": self.heat_metered, "key_id": (self.key_id or now.key_id).id,
                "heat_minimum_factor": self.heat_minimum_factor,
            }, origin=now)
        before = self._sums(settlement._work_out(now))
        after = self._sums(settlement._work_out(then, self.key_id))
        rows = [
            self._prepare_line_vals(key, before.get(key, ZERO), after.get(key, ZERO))
            for key in sorted(before | after)
        ]
        changes = [row["change"] for row in rows]
        self.write({
            "line_ids": [Command.clear(), *(Command.create(row) for row in rows)],
            "winners": sum(change < 0 for change in changes),
            "losers": sum(change > 0 for change in changes),
            "moved": sum(change for change in changes if change > 0),
        })
        return {
            "type": "ir.actions.act_window", "res_model": self._name, "res_id": self.id,
            "view_mode": "form", "target": "new", "name": self.env._("What If"),
        }

    def _sums(self, outcome):
        sums = {}
        for owed in outcome.owed:
            key = (owed.part.unit.key, owed.part.payer)
            sums[key] = sums.get(key, ZERO) + owed.share.amount
        return sums

    def _prepare_line_vals(self, key, before, after):
        unit, payer = key
        return {
            "point_id": int(unit),
            "subscriber_id": int(payer[1:]) if payer.startswith("s") else False,
            "before": float(before),
            "after": float(after),
            "change": float(after - before),
            "percent": float((after - before) / before * 100) if before else 0.0,
        }


class ActwinShareWhatIfLine(models.TransientModel):
    """One payer of one unit, before and after."""

    _name = "actwin.share.what.if.line"
    _description = "Winner or Loser"
    _order = "change desc, id"

    what_if_id = fields.Many2one("actwin.share.what.if", required=True, ondelete="cascade")
    currency_id = fields.Many2one(related="what_if_id.currency_id")
    point_id = fields.Many2one("actwin.point", "Unit", readonly=True)
    subscriber_id = fields.Many2one("actwin.subscriber", readonly=True, help="Empty: the owner.")
    before = fields.Monetary("Now", readonly=True)
    after = fields.Monetary("Then", readonly=True)
    change = fields.Monetary(readonly=True)
    percent = fields.Float("Change (%)", readonly=True, digits=(8, 1))
