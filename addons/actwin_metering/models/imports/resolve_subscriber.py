from odoo import api, fields, models

from ...core.imports.identity import compact_tax_number
from ...core.imports.text import fold

_FACTS = ("subscriber_name", "subscriber_kind", "tax_number", "phone", "email")
_NAMED_BY = ("subscriber_number", "tax_number", "subscriber_name")


class ActwinImportKindRecord(models.AbstractModel):
    """Which subscriber a row means: by customer number, else tax number, else name.

    ``row.values["subscriber"]`` becomes the id of one that exists; of a new one,
    ``["subscriber_key"]`` is the same in every row that means it.
    """

    _inherit = "actwin.import.kind.record"

    @api.model
    def _resolve_subscribers(self, item, rows):
        rows = [row for row in rows if any(name in row.values for name in _NAMED_BY)]
        if not rows:
            return
        self._resolve_subscriber_kinds(rows)
        book = self._subscriber_book(item, rows)
        keys = self._subscriber_keys(rows, book)
        first = {}
        for row in rows:
            key = keys[row.number]
            if key is None:
                continue
            found = book["by_key"].get(key)
            if found:
                self._check_known_subscriber(item, row, found, book)
                row.values["subscriber"] = found["id"]
            elif "subscriber_name" not in row.values:
                row.fault("subscriber_name", "needs_name")
            else:
                row.values["subscriber_key"] = ":".join(key)
            self._check_same_facts(row, first.setdefault(key, row))

    def _subscriber_book(self, item, rows):
        """What is known of the site's subscribers, and of the numbers others have."""
        self.env["actwin.subscriber"].flush_model()
        self.env["res.partner"].flush_model(["name", "vat"])
        # the numbers of the whole company are taken; names and tax numbers count in the site
        self.env.cr.execute(
            """
            SELECT s.id, s.number, s.site_id, s.active, p.name, p.vat
              FROM actwin_subscriber s JOIN res_partner p ON p.id = s.partner_id
             WHERE s.company_id = %(company)s
               AND (s.site_id = %(site)s AND s.active OR s.number = ANY(%(numbers)s))
             ORDER BY s.id
            """,
            {
                "company": item.company_id.id,
                "site": item.site_id.id,
                "numbers": self._column_values(rows, "subscriber_number"),
            },
        )
        found = [
            dict(zip(("id", "number", "site_id", "active", "name", "vat"), row, strict=True))
            for row in self.env.cr.fetchall()
        ]
        mine = self._mine(self.env["actwin.subscriber"].browse(row["id"] for row in found))
        by_key, by_name = {}, {}
        for entry in found:
            by_key["number", entry["number"]] = entry
            if entry["site_id"] == item.site_id.id and entry["active"]:
                if entry["vat"]:
                    by_key.setdefault(("tax", compact_tax_number(entry["vat"])), entry)
                by_name.setdefault(fold(entry["name"] or ""), set()).add(
                    ("number", entry["number"])
                )
        return {"by_key": by_key, "by_name": by_name, "mine": mine}

    def _subscriber_keys(self, rows, book):
        """{row number: key}; a name alone means the one who bears it, here or in the table."""
        keys, by_name = {}, {name: set(found) for name, found in book["by_name"].items()}
        for row in rows:
            values = row.values
            if "subscriber_number" in values:
                keys[row.number] = ("number", values["subscriber_number"])
            elif "tax_number" in values:
                keys[row.number] = ("tax", values["tax_number"])
            if row.number in keys and "subscriber_name" in values:
                known = book["by_key"].get(keys[row.number])
                key = ("number", known["number"]) if known else keys[row.number]
                by_name.setdefault(fold(values["subscriber_name"]), set()).add(key)
        for row in rows:
            if row.number not in keys:
                name = fold(row.values["subscriber_name"])
                bearers = by_name.get(name) or {("name", name)}
                keys[row.number] = next(iter(bearers)) if len(bearers) == 1 else None
                if len(bearers) > 1:
                    row.fault("subscriber_name", "name_ambiguous")
        return keys

    def _check_known_subscriber(self, item, row, found, book):
        where = "subscriber_number" if "subscriber_number" in row.values else "subscriber_name"
        name = row.values.get("subscriber_name")
        if found["site_id"] != item.site_id.id:
            row.fault(where, "subscriber_other_site")
        elif found["id"] not in book["mine"]:
            row.fault(where, "not_yours")
        elif not found["active"]:
            row.fault(where, "archived")
        elif name and fold(name) != fold(found["name"] or ""):
            row.fault("subscriber_name", "name_differs", name=found["name"])

    def _check_same_facts(self, row, first):
        for name in _FACTS:
            mine, theirs = row.values.get(name), first.values.get(name)
            if mine and theirs and mine != theirs and fold(str(mine)) != fold(str(theirs)):
                row.fault(name, "subscriber_differs", row=first.number)

    def _resolve_subscriber_kinds(self, rows):
        if not any("subscriber_kind" in row.values for row in rows):
            return
        kinds = self.env["actwin.subscriber.kind"].search_fetch([], ["code", "name"])
        known = {fold(kind.code): kind.id for kind in kinds}
        for code, _name in self.env["res.lang"].get_installed():
            known |= {fold(kind.name): kind.id for kind in kinds.with_context(lang=code)}
        for row in rows:
            name = row.values.get("subscriber_kind")
            if name and fold(name) not in known:
                row.fault("subscriber_kind", "unknown_kind")
            elif name:
                row.values["subscriber_kind_id"] = known[fold(name)]

    @api.model
    def _ensure_subscribers(self, item, lines, made):
        """{line id: subscriber}; those that are missing are created and noted in ``made``."""
        keys = {line.id: line.values.get("subscriber_key") for line in lines}
        new = {key for key in keys.values() if key}
        known = self._subscribers_made(item, new)
        firsts = {}
        for line in lines:
            key = keys[line.id]
            if key and key not in known:
                firsts.setdefault(key, line)
        if firsts:
            known |= self._make_subscribers(item, firsts, made)
        subscribers = self.env["actwin.subscriber"]
        return {
            line.id: known[keys[line.id]]
            if keys[line.id]
            else subscribers.browse(line.values.get("subscriber"))
            for line in lines
        }

    def _subscribers_made(self, item, keys):
        """{key: subscriber} of those that earlier rows of the import created."""
        self.env["actwin.import.record"].flush_model()
        self.env.cr.execute(
            """
            SELECT l.values->>'subscriber_key', r.res_id
              FROM actwin_import_record r JOIN actwin_import_line l ON l.id = r.line_id
             WHERE r.import_id = %s AND r.res_model = 'actwin.subscriber'
               AND l.values->>'subscriber_key' = ANY(%s)
            """,
            [item.id, list(keys)],
        )
        return {
            key: self.env["actwin.subscriber"].browse(id_) for key, id_ in self.env.cr.fetchall()
        }

    def _make_subscribers(self, item, firsts, made):
        lines = list(firsts.values())
        partners = self._subscriber_partners(item, lines, made)
        quiet = self.env["actwin.subscriber"].with_context(tracking_disable=True)
        subscribers = quiet.create(
            [
                self._subscriber_vals(item, line.values, partner)
                for line, partner in zip(lines, partners, strict=True)
            ]
        )
        made += [(line.id, one) for line, one in zip(lines, subscribers, strict=True)]
        return dict(zip(firsts, subscribers, strict=True))

    def _subscriber_partners(self, item, lines, made):
        """A contact for each: the one with the same tax number and name, else a new one."""
        numbers = [line.values["tax_number"] for line in lines if "tax_number" in line.values]
        known = {
            (partner.vat, fold(partner.name or "")): partner
            for partner in self.env["res.partner"].search([("vat", "in", numbers)])
        }
        partners, new = {}, []
        for line in lines:
            values = line.values
            found = known.get((values.get("tax_number"), fold(values["subscriber_name"])))
            if found:
                partners[line.id] = found
            else:
                new.append(line)
        quiet = self.env["res.partner"].with_context(tracking_disable=True)
        created = quiet.create([self._partner_vals(item, line.values) for line in new])
        made += [(line.id, partner) for line, partner in zip(new, created, strict=True)]
        partners |= {line.id: one for line, one in zip(new, created, strict=True)}
        return [partners[line.id] for line in lines]

    @api.model
    def _partner_vals(self, item, values):
        facts = ("phone", "email", "street", "city")
        return {name: values[name] for name in facts if name in values} | {
            "name": values["subscriber_name"],
            "vat": values.get("tax_number"),
            "company_id": item.company_id.id,
        }

    @api.model
    def _subscriber_vals(self, item, values, partner):
        return {
            "number": values.get("subscriber_number", "/"),
            "partner_id": partner.id,
            "kind_id": values.get("subscriber_kind_id"),
            "site_id": item.site_id.id,
            "start_date": values.get("start_date")
            or values.get("occupied_from")
            or fields.Date.context_today(self),
        }

    @api.model
    def _occupy(self, lines, points, subscribers, made):
        """Let the subscriber of each line occupy its point."""
        moving = [line for line in lines if subscribers.get(line.id) and line.id in points]
        today = fields.Date.context_today(self)
        created = self.env["actwin.occupancy"].create(
            [
                {
                    "point_id": points[line.id].id,
                    "subscriber_id": subscribers[line.id].id,
                    "date_from": line.values.get("occupied_from") or today,
                }
                for line in moving
            ]
        )
        made += [(line.id, one) for line, one in zip(moving, created, strict=True)]
