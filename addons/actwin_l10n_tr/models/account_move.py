from odoo import api, fields, models
from odoo.exceptions import UserError


class AccountMove(models.Model):
    """What a Turkish energy invoice must say beyond amounts: period, installation, meters."""

    _inherit = "account.move"

    l10n_tr_gib_invoice_scenario = fields.Selection(
        selection_add=[("TICARIFATURA", "Commercial"), ("KAMU",)],
        ondelete={"TICARIFATURA": "set default"},
    )
    actwin_tr_period_start = fields.Date(string="Billing Period Start")
    actwin_tr_period_end = fields.Date(string="Billing Period End")
    actwin_tr_installation_no = fields.Char(
        string="Installation Number", help="Party identification TESISATNO of the e-invoice."
    )
    actwin_tr_subscriber_no = fields.Char(
        string="Subscriber Number", help="Party identification ABONENO of the e-invoice."
    )
    actwin_tr_meter_no = fields.Char(
        string="Meter Number", help="Party identification SAYACNO of the e-invoice."
    )
    actwin_tr_point_code = fields.Char(
        string="Point Code (EIC)", help="Energy identification code, printed as a note."
    )
    actwin_tr_tariff_name = fields.Char(string="Tariff Text")
    actwin_tr_rounding = fields.Monetary(
        string="Payable Rounding",
        help="Added to the total to reach the amount asked for; not taxed.",
    )

    @api.constrains("actwin_tr_period_start", "actwin_tr_period_end")
    def _check_actwin_tr_period(self):
        for move in self:
            start, end = move.actwin_tr_period_start, move.actwin_tr_period_end
            if bool(start) != bool(end) or (start and start > end):
                raise UserError(
                    self.env._("The billing period needs a start and an end, in this order.")
                )

    def _actwin_tr_payable(self):
        """Amount the customer is asked for, in the invoice's currency."""
        self.ensure_one()
        return self.currency_id.round(self.amount_total + self.actwin_tr_rounding)

    def _actwin_tr_document_number(self):
        """GİB number ABC2026000000001: three characters, year, nine digits, unique in the year.

        Raises UserError when the journal's numbering restarts every month, because the same
        number would then be used twelve times.
        """
        self.ensure_one()
        _format, parts = self._get_sequence_format_param(self.name or "")
        if parts.get("month"):
            raise UserError(
                self.env._(
                    "Invoice %(name)s is numbered by month; the e-invoice needs one sequence a "
                    "year, such as ABC/2026/00001. Change the number of the journal's next "
                    "invoice.",
                    name=self.name,
                )
            )
        prefix = "".join(char for char in parts["prefix1"] if char.isalnum())[:3].upper()
        return f"{prefix}{parts['year']}{str(parts['seq']).zfill(9)}"

    def _l10n_tr_nilvera_einvoice_check_negative_lines(self):
        # EXTENDS l10n_tr_nilvera_einvoice: negative lines are one integrator's rule, not GİB's
        if not self.company_id._actwin_tr_uses_nilvera():
            return False
        return super()._l10n_tr_nilvera_einvoice_check_negative_lines()
