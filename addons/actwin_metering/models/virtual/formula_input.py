from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...core.formula.check import FUNCTIONS, NAME


class ActwinFormulaInput(models.Model):
    """A name in a formula: one channel of the site, or several whose sum it stands for."""

    _name = "actwin.formula.input"
    _description = "Name in a Formula"
    _order = "formula_id, id"

    formula_id = fields.Many2one("actwin.formula", required=True, index=True, ondelete="cascade")
    site_id = fields.Many2one(related="formula_id.site_id", store=True, index=True)
    company_id = fields.Many2one(related="formula_id.company_id", store=True, index=True)
    name = fields.Char(required=True, help="As the formula calls it, e.g. main or subs.")
    channel_ids = fields.Many2many(
        "actwin.channel",
        "actwin_formula_input_channel_rel",
        "input_id",
        "channel_id",
        "Channels",
        required=True,
        ondelete="restrict",
        help="The name stands for their sum.",
    )

    _name_uniq = models.Constraint("UNIQUE (formula_id, name)", "The name is listed already.")

    @api.constrains("name")
    def _check_name(self):
        for item in self:
            if not NAME.match(item.name) or item.name in {*FUNCTIONS, "and", "or", "not"}:
                raise ValidationError(
                    self.env._(
                        "“%s” cannot be a name: use small letters a–z, digits and _, beginning "
                        "with a letter.",
                        item.name,
                    )
                )

    @api.constrains("channel_ids", "formula_id")
    def _check_channels(self):
        for item in self:
            if not item.channel_ids:
                raise ValidationError(self.env._("Choose channels for “%s”.", item.name))
            for channel in item.channel_ids:
                if channel.site_id != item.site_id:
                    raise ValidationError(
                        self.env._("%s belongs to another site.", channel.display_name)
                    )
                if channel.kind == "instant":
                    raise ValidationError(self.env._("%s is no consumption.", channel.display_name))
        self.formula_id.channel_id._check_formula_cycle()

    @api.model_create_multi
    def create(self, vals_list):
        items = super().create(vals_list)
        items.formula_id.channel_id._mark_computed()
        return items

    def write(self, vals):
        result = super().write(vals)
        self.formula_id.channel_id._mark_computed()
        return result

    def unlink(self):
        channels = self.formula_id.channel_id
        result = super().unlink()
        channels._mark_computed()
        return result
