from collections import defaultdict

from odoo import models
from odoo.tools import SQL

_SHOWN = 50
_BATCH = 2_000
"""Records removed in one call: some seconds of work."""


class ActwinImport(models.Model):
    """Undo: what the import created goes again, unless something else came to rely on it."""

    _inherit = "actwin.import"

    def undo(self, partial=False):
        """Remove what the import created, and nothing else; updated records stay as they are.

        When some of it is used since, nothing is removed and it is listed; with ``partial`` that,
        the rest of its rows and what these refer to are kept, and the others removed. Called
        until nothing remains, because a call removes some thousand records only.

        :return: ``{'removed': rows, 'remaining': n, 'used': [{'number', 'name', 'by'}…],
            'used_count': n}``
        """
        self._lock()
        return self._kind()._undo(self, partial)

    def _undo_records(self, partial):
        used = self._keep_used(partial)
        if used and not partial:
            return {"removed": 0, "remaining": 0} | used
        removed, remaining = self._remove_batch()
        if not remaining:
            removed += self._lines_become("undone")
        self._set_undo_state(remaining)
        return {"removed": removed, "remaining": remaining} | (used or self._none_used())

    def _keep_used(self, partial):
        """Look what is used, of everything at first and of the next batch later; keep it if asked.

        :return: what of ``undo``'s answer tells of it, None when nothing is
        """
        made = self._made()
        used = self._used(
            _by_model(made[:_BATCH] if self.state == "undoing" else made), _by_model(made)
        )
        if not used:
            return None
        if partial:
            self._keep(made, self._with_what_they_need(made, _by_model(made), set(used)))
        return {"used": self._listed(made, used), "used_count": len(used)}

    def _none_used(self):
        return {"used": [], "used_count": 0}

    def _made(self):
        """[(id, model, id of the record, line id, row)…] of what is not kept, newest first."""
        self.env["actwin.import.record"].flush_model()
        self.env.cr.execute(
            """
            SELECT r.id, r.res_model, r.res_id, r.line_id, l.number
              FROM actwin_import_record r JOIN actwin_import_line l ON l.id = r.line_id
             WHERE r.import_id = %s AND r.kept IS NOT TRUE ORDER BY r.id DESC
            """,
            [self.id],
        )
        return self.env.cr.fetchall()

    def _keep(self, made, kept):
        rows = [row for row in made if (row[1], row[2]) in kept]
        # sudo: nobody has a right on these
        self.env["actwin.import.record"].sudo().browse(row[0] for row in rows).kept = True
        self._lines_become("kept", [row[3] for row in rows])

    def _lines_become(self, state, ids=None):
        """Set the state of imported rows, all of them or those ``ids``; how many there were."""
        domain = [("import_id", "=", self.id), ("state", "in", ("done", "updated"))]
        if ids is None:
            domain = [("import_id", "=", self.id), ("state", "=", "done")]
        else:
            domain.append(("id", "in", ids))
        lines = self.env["actwin.import.line"].search(domain)
        # sudo: lines are written by their import only
        lines.sudo().state = state
        return len(lines)

    def _remove_batch(self):
        """Remove some records, last created first.

        :return: (rows that have none since, records that remain)
        """
        made = self._made()
        batch = made[:_BATCH]
        for model, ids in _neighbours(batch):
            # sudo: operators may not delete points; these are the ones this import created
            self.env[model].sudo().with_context(active_test=False).browse(ids).exists().unlink()
        self.env["actwin.import.record"].sudo().browse(row[0] for row in batch).unlink()
        left = {row[3] for row in made[_BATCH:]}
        emptied = {row[3] for row in batch} - left
        return self._lines_become("undone", list(emptied)), len(made) - len(batch)

    def _set_undo_state(self, remaining):
        lines = self.env["actwin.import.line"]
        stays = lines.search_count([("import_id", "=", self.id), ("state", "=", "kept")], limit=1)
        # sudo: an import is written by its methods only
        self.sudo().state = "undoing" if remaining else "done" if stays else "undone"

    def _used(self, ids, every):
        """{(model, id): description of what uses it} of the created records ``ids`` that others
        rely on, those of the import itself (``every``) apart; both {model: {id…}}.
        """
        self.env.flush_all()
        used = {}
        for model, field, column in self._references(ids):
            made = every.get(model._name, set())
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
        rows = {line for _id, model, res_id, line, _number in made if (model, res_id) in kept}
        kept |= {(model, res_id) for _id, model, res_id, line, _number in made if line in rows}
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
        numbers = {(model, res_id): number for _id, model, res_id, _line, number in made}
        return [
            {
                "number": numbers.get(key, 0),
                "name": self.env[key[0]].sudo().browse(key[1]).display_name,
                "by": by,
            }
            for key, by in list(used.items())[:_SHOWN]
        ]


def _neighbours(made):
    """[(model, [id…])…] of rows in their order, those side by side of one model together."""
    runs = []
    for _id, model, res_id, _line, _number in made:
        if not runs or runs[-1][0] != model:
            runs.append((model, []))
        runs[-1][1].append(res_id)
    return runs


def _by_model(made):
    found = defaultdict(set)
    for _id, model, res_id, _line, _number in made:
        found[model].add(res_id)
    return found
