from odoo import api, fields, models
from odoo.exceptions import UserError


class ActwinTariffVersion(models.Model):
    """The prices of a tariff from an instant on.

    A version ends where the next begins, or at ``valid_to``; what no version covers is a hole
    that blocks bills (K16). A draft is priced in previews only, until it is put in force.
    """

    _name = "actwin.tariff.version"
    _description = "Tariff Version"
    _order = "tariff_id, valid_from desc"

    tariff_id = fields.Many2one(
        "actwin.tariff", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="tariff_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="tariff_id.currency_id")
    commodity = fields.Selection(related="tariff_id.commodity")
    valid_from = fields.Datetime(required=True)
    valid_to = fields.Datetime(help="Leave empty when the next version ends this one.")
    draft = fields.Boolean(
        copy=False, help="A draft serves previews only: no bill uses it until it is in force."
    )
    source = fields.Char(help="Where these prices were published or agreed.")
    component_ids = fields.One2many("actwin.tariff.component", "version_id", copy=True)
    calendar_id = fields.Many2one(
        "actwin.calendar", string="Time of Use", check_company=True,
        default=lambda self: self._default_calendar_id(),
        help="Gives the bands of meters that do not count bands themselves, and the seasons.",
    )
    calendar_preview = fields.Html(related="calendar_id.preview", string="The Day")

    _start_uniq = models.UniqueIndex(
        "(tariff_id, valid_from) WHERE draft IS NOT TRUE",
        "Two versions of a tariff cannot start at the same time.",
    )
    _ends_after_start = models.Constraint(
        "CHECK (valid_to IS NULL OR valid_to > valid_from)", "A version must end after it starts."
    )

    @api.model
    def _default_calendar_id(self):
        return self.env.ref("actwin_billing.calendar_three_bands", raise_if_not_found=False)

    @api.constrains("calendar_id")
    def _check_seasons(self):
        self.component_ids._check_season()

    @api.depends("tariff_id.code", "valid_from", "draft")
    @api.depends_context("lang", "tz")
    def _compute_display_name(self):
        for version in self:
            start = version.valid_from
            local = fields.Datetime.context_timestamp(version, start) if start else None
            parts = [version.tariff_id.code or "", f"{local:%d.%m.%Y}" if local else ""]
            if version.draft:
                parts.append(self.env._("(draft)"))
            version.display_name = " ".join(filter(None, parts))

    def action_put_in_force(self):
        """Let bills use the version from its beginning on. Returns True."""
        for version in self:
            same = version.tariff_id.version_ids.filtered(
                lambda item, version=version: not item.draft
                and item.valid_from == version.valid_from)
            if same:
                raise UserError(self.env._(
                    "%s begins at the same time and is in force: change one of the two.",
                    same[0].display_name))
        self.draft = False
        return True

    def action_preview(self):
        """What this version would have cost a subscriber in the last year."""
        self.ensure_one()
        tariff = self.tariff_id
        found = tariff.subscription_ids[:1] or self.env["actwin.subscription"].search([
            ("company_id", "=", tariff.company_id.id),
            ("point_id.commodity", "=", tariff.commodity),
        ], limit=1)
        if not found:
            raise UserError(self.env._(
                "There is no subscription yet whose last year could be priced."))
        return self.env["actwin.tariff.preview"].create({
            "tariff_id": tariff.id, "version_id": self.id, "subscription_id": found.id,
        })._reopen()

    def action_new_draft(self):
        """A draft with the same components, to be edited; opens it."""
        self.ensure_one()
        draft = self.copy({
            "draft": True, "valid_from": fields.Datetime.now().replace(microsecond=0),
            "valid_to": False, "source": False,
        })
        return {
            "type": "ir.actions.act_window", "res_model": self._name, "res_id": draft.id,
            "view_mode": "form",
        }
