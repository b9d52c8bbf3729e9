from odoo import Command, api, models

from ...core.imports.judge import mark_repeats
from ...core.imports.text import fold

_OWN = (
    "fax", "iban", "parcel_sheet", "parcel_block", "parcel_no", "building", "floor", "door",
    "authorised_role",
)  # fmt: skip
_OF_PARTNER = ("phone", "email", "street", "city")


class ActwinImportKindSubscriber(models.AbstractModel):
    """Subscribers with all their facts; a point code lets one occupy that point."""

    _name = "actwin.import.kind.subscriber"
    _description = "Import of Subscribers"
    _inherit = "actwin.import.kind.record"
    _import_kind = "subscriber"
    _own_model = "actwin.subscriber"

    @api.model
    def _resolve(self, item, rows):
        super()._resolve(item, rows)
        mark_repeats(rows, lambda row: row.values.get("subscriber_number"), "subscriber_number")
        self._resolve_subscribers(item, rows)
        mark_repeats(rows, lambda row: row.values.get("subscriber_key"), "subscriber_name")
        self._resolve_own(item, rows)
        self._resolve_tags(rows)
        for row, point in self._resolve_points(item, rows):
            there = point.subscriber_id
            if there and there.id != row.values.get("subscriber"):
                row.fault("point", "point_has_subscriber", name=there.partner_id.name)
        for row in rows:
            row.present = row.values.get("subscriber")

    @api.model
    def _own_definitions(self):
        """Each kind of subscribers has its own."""
        kinds = self.env["actwin.subscriber.kind"].search_fetch(
            [], ["subscriber_properties_definition"]
        )
        found = {kind.id: kind.subscriber_properties_definition or [] for kind in kinds}
        return found | {None: []}

    @api.model
    def _own_key(self, values):
        """The kind the row gives, else that of the subscriber it means."""
        given = values.get("subscriber_kind_id")
        if given or not values.get("subscriber"):
            return given
        return self.env["actwin.subscriber"].browse(values["subscriber"]).kind_id.id or None

    def _resolve_tags(self, rows):
        named = [row for row in rows if "tags" in row.values]
        tags = self.env["actwin.subscriber.tag"].search_fetch([], ["name"]) if named else ()
        known = {fold(tag.name): tag.id for tag in tags}
        for row in named:
            missing = [name for name in row.values["tags"] if fold(name) not in known]
            for name in missing:
                row.fault("tags", "unknown_group", name=name)
            if not missing:
                row.values["tag_ids"] = [known[fold(name)] for name in row.values["tags"]]

    @api.model
    def _subscriber_vals(self, item, values, partner):
        vals = super()._subscriber_vals(item, values, partner)
        vals |= {name: values[name] for name in _OWN if name in values}
        vals |= self._own_vals(values)
        if "tag_ids" in values:
            vals["tag_ids"] = [Command.set(values["tag_ids"])]
        if "authorised_partner_id" in values:
            vals["authorised_partner_id"] = values["authorised_partner_id"]
        return vals

    @api.model
    def _create(self, item, lines):
        made = []
        authorised = self._make_authorised(item, lines, made)
        subscribers = self._ensure_subscribers(item, lines, made)
        for line in lines:
            if line.id in authorised:
                subscribers[line.id].authorised_partner_id = authorised[line.id]
        self._occupy(lines, self._points_of(lines), subscribers, made)
        return made

    def _make_authorised(self, item, lines, made):
        named = [line for line in lines if "authorised_name" in line.values]
        partners = self.env["res.partner"].with_context(tracking_disable=True)
        created = partners.create(
            [
                {
                    "name": line.values["authorised_name"],
                    "phone": line.values.get("authorised_phone"),
                    "email": line.values.get("authorised_email"),
                    "function": line.values.get("authorised_role"),
                    "company_id": item.company_id.id,
                }
                for line in named
            ]
        )
        made += [(line.id, one) for line, one in zip(named, created, strict=True)]
        return {line.id: one for line, one in zip(named, created, strict=True)}

    @api.model
    def _update(self, item, lines):
        for line in lines:
            values = line.values
            subscriber = self.env["actwin.subscriber"].browse(values["subscriber"])
            vals = {name: values[name] for name in (*_OWN, "start_date") if name in values}
            if "subscriber_kind_id" in values:
                vals["kind_id"] = values["subscriber_kind_id"]
            if "tag_ids" in values:
                vals["tag_ids"] = [Command.set(values["tag_ids"])]
            subscriber.write(vals)
            self._write_own(subscriber, values)
            facts = {name: values[name] for name in _OF_PARTNER if name in values}
            if "tax_number" in values:
                facts["vat"] = values["tax_number"]
            if facts:
                subscriber.partner_id.write(facts)
