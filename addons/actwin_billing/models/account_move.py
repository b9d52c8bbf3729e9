from odoo import api, fields, models
from odoo.exceptions import UserError


class AccountMove(models.Model):
    """An invoice made from a control invoice; it changes only by a credit note."""

    _inherit = "account.move"

    actwin_bill_id = fields.Many2one(
        "actwin.bill", string="Control invoice", readonly=True, copy=False,
        index="btree_not_null", ondelete="restrict",
    )
    actwin_run_id = fields.Many2one(
        "actwin.billing.run", string="Billing run", readonly=True, copy=False,
        index="btree_not_null", ondelete="restrict",
    )

    _actwin_bill_uniq = models.UniqueIndex(
        "(actwin_bill_id) WHERE actwin_bill_id IS NOT NULL",
        "This control invoice is already invoiced.",
    )

    def button_draft(self):
        # EXTENDS account
        self._check_actwin_frozen()
        return super().button_draft()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_actwin_bill(self):
        self._check_actwin_frozen()

    def _check_actwin_frozen(self):
        if self.actwin_bill_id:
            raise UserError(
                self.env._("This invoice comes from a control invoice: credit that one instead.")
            )

    def action_open_actwin_bill(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "actwin.bill",
            "res_id": self.actwin_bill_id.id,
            "view_mode": "form",
        }

    def _actwin_ubl_name(self):
        """File name of the electronic invoice; '' where no localisation makes one."""
        self.ensure_one()
        return ""
