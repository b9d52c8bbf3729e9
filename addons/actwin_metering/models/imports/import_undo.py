from collections import defaultdict

from odoo import models
from odoo.tools import SQL

_SHOWN = 50


class ActwinImport(models.Model):
    """Undo: what the import created goes again, unless something else came to rely on it."""

    _inherit = "actwin.import"

    def undo(self, partial=False):
        """Remove exactly the records the import created; updated ones stay as they are.

        When some are used since, nothing is removed and they are listed; with ``partial`` those,
        the rest of their rows and what they refer to are kept, and the others removed.

        :return: ``{'removed': n, 'used': [{'number', 'name', 'by'}…], 'used_count': n}``
        """
        self._lock()
        # sudo: operators may not delete points; these are the ones this import created
        made = self.env["actwin.import.record"].sudo().search([("import_id", "=", self.id)])
        ids = defaultdict(set)
        for record in made:
            ids[record.res_model].add(record.res_id)
        used = self._used(ids)
        if used and not partial:
            return {"removed": 0, "used": self._listed(made, used), "used_count": len(used)}
        kept = self._with_what_they_need(made, ids, set(used))
        going = made.filtered(lambda record: (record.res_model, record.res_id) not in kept)
        lines = going.line_id
        self._remove(going)
        staying = (made - going).exists().line_id
        staying.state = "kept"
        (lines - staying).write({"state": "undone"})
        self.sudo().state = "done" if staying else "undone"
        return {
            "removed": len(lines - staying),
            "used": self._listed(made.exists(), used),
            "used_count": len(used),
        }

    def _remove(self, records):
        """Last created, first removed: neighbours of one model go together."""
        batch = []
        for record in records.sorted("id", reverse=True):
            if batch and batch[0].res_model != record.res_model:
                self._unlink_batch(batch)
                batch = []
            batch.append(record)
        if batch:
            self._unlink_batch(batch)
        records.unlink()

    def _unlink_batch(self, batch):
        # sudo: as in undo
        model = self.env[batch[0].res_model].sudo().with_context(active_test=False)
        model.browse(record.res_id for record in batch).exists().unlink()

    def _used(self, ids):
        """{(model, id): description of what uses it} of created records that others rely on."""
        self.env.flush_all()
        used = {}
        for model, field, column in self._references(ids):
            made = ids.get(model._name, set())
            query = SQL(
                "SELECT DISTINCT %(column)s FROM %(table)s"
                " WHERE %(column)s = ANY(%(ids)s) AND NOT id = ANY(%(made)s)",
                column=SQL.identifier(column),
                table=SQL.identifier(model._table),
                ids=list(ids[field.comodel_name]),
                made=list(made),
            )
            for (id_,) in self.env.execute_query(query):
                used.setdefault((field.comodel_name, id_), model._description)
        for id_ in self._channels_with_readings(ids.get("actwin.channel", ())):
            used["actwin.channel", id_] = self.env["actwin.reading"]._description
        return used | self._talked_about(ids)

    def _references(self, ids):
        """(model, field, column) of every stored link to a model that the import created."""
        for name, model in self.env.registry.items():
            if (
                model._abstract
                or model._transient
                or not model._auto
                or name.startswith("actwin.import")
            ):
                continue
            for field in model._fields.values():
                if field.type == "many2one" and field.store and field.comodel_name in ids:
                    yield self.env[name], field, field.name

    def _channels_with_readings(self, channel_ids):
        channels = self.env["actwin.channel"].sudo().with_context(active_test=False)
        return channels.search([("id", "in", list(channel_ids)), ("last_ts", "!=", False)]).ids

    def _talked_about(self, ids):
        """Records that people wrote about, planned for, or attached a file to."""
        used = {}
        for model, own in (
            ("mail.message", SQL("model, res_id FROM mail_message WHERE message_type = 'comment'")),
            ("mail.activity", SQL("res_model, res_id FROM mail_activity WHERE true")),
            ("ir.attachment", SQL("res_model, res_id FROM ir_attachment WHERE res_field IS NULL")),
        ):
            named = "model" if model == "mail.message" else "res_model"
            for name, made in ids.items():
                query = SQL(
                    "SELECT %s AND %s = %s AND res_id = ANY(%s)",
                    own, SQL.identifier(named), name, list(made),
                )  # fmt: skip
                for _name, id_ in self.env.execute_query(query):
                    used[name, id_] = self.env[model]._description
        return used

    def _with_what_they_need(self, made, ids, kept):
        """``kept`` with the rest of their rows, and all created records these refer to."""
        rows = {r.line_id.id for r in made if (r.res_model, r.res_id) in kept}
        kept |= {(r.res_model, r.res_id) for r in made if r.line_id.id in rows}
        fresh = set(kept)
        while fresh:
            found = set()
            for name, id_ in fresh:
                record = self.env[name].sudo().browse(id_)
                for field in record._fields.values():
                    if field.type == "many2one" and field.store and field.comodel_name in ids:
                        target = record[field.name].id
                        if target in ids[field.comodel_name]:
                            found.add((field.comodel_name, target))
            fresh = found - kept
            kept |= fresh
        return kept

    def _listed(self, made, used):
        """The first of the used records with the rows that created them."""
        numbers = {(r.res_model, r.res_id): r.line_id.number for r in made}
        return [
            {
                "number": numbers.get(key, 0),
                "name": self.env[key[0]].sudo().browse(key[1]).display_name,
                "by": by,
            }
            for key, by in list(used.items())[:_SHOWN]
        ]
