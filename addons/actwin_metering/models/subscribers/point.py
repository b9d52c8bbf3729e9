from odoo import Command, models


class ActwinPoint(models.Model):
    """A duplicated point: the same place once more, with empty channels and nothing measured."""

    _inherit = "actwin.point"

    def copy_data(self, default=None):
        vals_list = super().copy_data(default)
        taken = set()
        for point, vals in zip(self, vals_list, strict=True):
            if "code" not in (default or {}):
                vals["code"] = point._free_code(vals["site_id"], taken)
            if "channel_ids" not in vals:
                vals["channel_ids"] = point._copied_channels(vals)
        return vals_list

    def _free_code(self, site_id, taken):
        """The first of T01-2, T01-3 … that no point of the site has; noted in ``taken``."""
        # sudo: a code is taken whether its point is seen or not; no more of it is told
        points = self.sudo().with_context(active_test=False)
        domain = [("site_id", "=", site_id), ("code", "=like", f"{self.code}-%")]
        taken |= {(site_id, code) for (code,) in points._read_group(domain, ["code"])}
        number = 2
        while (site_id, f"{self.code}-{number}") in taken:
            number += 1
        code = f"{self.code}-{number}"
        taken.add((site_id, code))
        return code

    def _copied_channels(self, vals):
        """Commands that make the measured channels anew under keys of their own."""
        site = self.env["actwin.site"].browse(vals["site_id"])
        measured = self.channel_ids.filtered(lambda channel: channel.kind != "virtual")
        commands = []
        for channel, values in zip(measured, measured.copy_data(), strict=True):
            values.pop("point_id")
            suffix = channel.obis or channel.key.rpartition(":")[2]
            values["key"] = f"{site.code}/{vals['code']}:{suffix}"
            commands.append(Command.create(values))
        return commands
