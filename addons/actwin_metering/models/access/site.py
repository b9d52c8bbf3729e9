from odoo import api, models


class ActwinSite(models.Model):
    """A site with a staff list is shut to everybody else."""

    _inherit = "actwin.site"

    @api.model
    def _shut_to(self, user):
        """Sites whose staff list does not name ``user``."""
        lists = self.with_context(active_test=False)
        return lists.search([("user_ids", "!=", False), ("user_ids", "not in", user.ids)])

    @api.model_create_multi
    def create(self, vals_list):
        sites = super().create(vals_list)
        if any(vals.get("user_ids") for vals in vals_list):
            self.env.registry.clear_cache()  # conditions of record rules are kept a user
        return sites

    def write(self, vals):
        result = super().write(vals)
        if "user_ids" in vals:
            self.env.registry.clear_cache()  # as in create
        return result
