from collections import defaultdict

from odoo import api, models
from odoo.fields import Command


class Base(models.AbstractModel):
    """Nobody links a record to one that is out of sight.

    Odoo checks the record that is written, not those it is made to point to. A bound user could
    hang a stranger's channel into a formula of its own point and read the figures there.
    """

    _inherit = "base"

    @api.model_create_multi
    def create(self, vals_list):
        self._actwin_check_links(vals_list)
        return super().create(vals_list)

    def write(self, vals):
        self._actwin_check_links([vals])
        return super().write(vals)

    @api.model
    def _actwin_check_links(self, vals_list):
        if self.env.su or not self._name.startswith("actwin."):
            return
        if not self.env.user._actwin_is_limited():
            return
        linked = defaultdict(set)
        for vals in vals_list:
            for name, value in vals.items():
                field = self._fields.get(name)
                if field and field.relational and (field.comodel_name or "").startswith("actwin."):
                    linked[field.comodel_name].update(_linked_ids(field, value))
        for name, ids in linked.items():
            self.env[name].browse(ids).exists().check_access("read")


def _linked_ids(field, value):
    """Ids of existing records that a value written to a relational field points to."""
    if field.type == "many2one":
        return [value] if isinstance(value, int) and value else []
    ids = []
    for command in value or []:
        if isinstance(command, int):
            ids.append(command)
        elif command[0] in (Command.LINK, Command.UPDATE, Command.DELETE):
            ids.append(command[1])
        elif command[0] == Command.SET:
            ids.extend(command[2])
    return ids
