from odoo import api, fields, models


class ActwinChargingCard(models.Model):
    """A card, tag or user of charging points, and whose subscription pays for it."""

    _name = "actwin.charging.card"
    _description = "Charging Card"
    _order = "code, date_from desc"
    _rec_name = "code"

    code = fields.Char(required=True, help="As the charging points report it.")
    name = fields.Char(string="Holder")
    subscription_id = fields.Many2one(
        "actwin.subscription", required=True, ondelete="restrict", index=True
    )
    site_id = fields.Many2one(related="subscription_id.site_id", store=True, index=True)
    company_id = fields.Many2one(related="subscription_id.company_id", store=True, index=True)
    date_from = fields.Date(string="Since", required=True, default=fields.Date.context_today)
    date_to = fields.Date(string="Until", help="Last day, included. Empty while it is in use.")
    active = fields.Boolean(default=True)
    session_ids = fields.One2many("actwin.charging.session", "card_id")

    _code_uniq = models.UniqueIndex(
        "(company_id, code, date_from)", "The card is given to somebody that day already."
    )
    _ends_after_start = models.Constraint(
        "CHECK (date_to IS NULL OR date_to >= date_from)", "A card must end after it starts."
    )

    @api.model_create_multi
    def create(self, vals_list):
        cards = super().create(vals_list)
        cards._claim_sessions()
        return cards

    def write(self, vals):
        result = super().write(vals)
        self._claim_sessions()
        return result

    def _claim_sessions(self):
        """Take the sessions of unknown cards that turn out to be these."""
        self.env["actwin.charging.session"].search([
            ("card_id", "=", False), ("card_code", "in", self.mapped("code")),
            ("company_id", "in", self.company_id.ids),
        ])._assign()
