from odoo import Command, api, models
from odoo.exceptions import UserError

_FACTS = ("contract_power_kw", "area_m2", "latitude", "longitude", "role", "commodity")


class ActwinImportKindPoint(models.AbstractModel):
    """The records of checked rows, created set-wise with the rights of the user."""

    _inherit = "actwin.import.kind.point"

    @api.model
    def _create(self, item, lines):
        made = []
        subscribers = self._ensure_subscribers(item, lines, made)
        points = self._make_points(item, lines, made)
        channels = self._make_channels(item, lines, points, made)
        meters = self._ensure_meters(item, lines, made)
        installations = self._install(lines, points, meters, made)
        self._make_indexes(lines, channels, installations, made)
        self._occupy(lines, points, subscribers, made)
        return made

    @api.model
    def _update(self, item, lines):
        points = self.env["actwin.point"].browse(line.values["point"] for line in lines)
        for line, point in zip(lines, points, strict=True):
            values = self._point_vals(item, line.values)
            given = {"name": "name", "parent": "parent_id", "groups": "group_ids"}
            absent = {field for name, field in given.items() if name not in line.values}
            point.write({name: held for name, held in values.items() if name not in absent})
            self._write_own(point, line.values)

    def _make_points(self, item, lines, made):
        points = self.env["actwin.point"].with_context(tracking_disable=True)
        above = self._parents(item, lines)
        created = points.create(
            [
                {
                    "code": line.values["code"],
                    "site_id": item.site_id.id,
                    **self._point_vals(item, line.values),
                    **self._own_vals(line.values),
                    "parent_id": above.get(line.id),
                }
                for line in lines
            ]
        )
        made += [(line.id, point) for line, point in zip(lines, created, strict=True)]
        return dict(zip((line.id for line in lines), created, strict=True))

    @api.model
    def _point_vals(self, item, values):
        vals = {name: values[name] for name in _FACTS if name in values}
        vals["name"] = values.get("name") or values["code"]
        if "parent_id" in values:
            vals["parent_id"] = values["parent_id"]
        if "group_ids" in values:
            vals["group_ids"] = [Command.set(values["group_ids"])]
        return vals

    def _parents(self, item, lines):
        """{line id: id of the point that feeds it}; those of the table were created before."""
        codes = [line.values["parent"] for line in lines if "parent" in line.values]
        found = self.env["actwin.point"].search(self._at_site(item, codes))
        by_code = {point.code: point.id for point in found}
        missing = set(codes) - by_code.keys()
        if missing:
            raise UserError(self.env._("Point %s was not created.", ", ".join(sorted(missing))))
        return {
            line.id: by_code[line.values["parent"]] for line in lines if "parent" in line.values
        }

    def _make_channels(self, item, lines, points, made):
        """{line id: its channels}"""
        wanted = [(line.id, values) for line in lines for values in line.values.get("channels", [])]
        created = self.env["actwin.channel"].create(
            [{"point_id": points[line_id].id, **values} for line_id, values in wanted]
        )
        channels = dict.fromkeys((line.id for line in lines), created.browse())
        for (line_id, _values), channel in zip(wanted, created, strict=True):
            channels[line_id] += channel
            made.append((line_id, channel))
        return channels

    def _make_indexes(self, lines, channels, installations, made):
        """The opening index is that of the first register given."""
        opened = [line for line in lines if "opening_index" in line.values]
        created = self.env["actwin.meter.installation.index"].create(
            [
                {
                    "installation_id": installations[line.id].id,
                    "channel_id": channels[line.id][:1].id,
                    "has_opening": True,
                    "opening_index": float(line.values["opening_index"]),
                }
                for line in opened
            ]
        )
        made += [(line.id, one) for line, one in zip(opened, created, strict=True)]
