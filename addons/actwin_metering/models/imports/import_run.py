import logging

from psycopg2 import Error as DatabaseError

from odoo import models
from odoo.exceptions import AccessError, UserError

_logger = logging.getLogger(__name__)
_CHUNK = 100


class ActwinImport(models.Model):
    """The import itself: the good rows become records, chunk by chunk."""

    _inherit = "actwin.import"

    def run(self):
        """Import the next good rows. Called until nothing remains; each call is a whole.

        :return: ``{'remaining': n}``
        """
        self._lock()
        lines = self.env["actwin.import.line"]
        domain = [("import_id", "=", self.id), ("state", "=", "good")]
        chunk = lines.search(domain, order="depth, number, id", limit=_CHUNK)
        # sudo: the state of an import is written by its methods only
        self.sudo().state = "running"
        if chunk and not self._try(chunk):
            for line in chunk:
                self._try(line)
        remaining = lines.search_count(domain)
        if not remaining:
            self.sudo().state = "done"
        return {"remaining": remaining}

    def _try(self, lines):
        """Whether ``lines`` became records; a single one that did not is faulty from then on."""
        try:
            with self.env.cr.savepoint():
                self._apply(lines)
                self.env.flush_all()
            return True
        except (UserError, AccessError, DatabaseError) as error:
            self.env.invalidate_all()
            _logger.info("import %s: %s rows refused: %s", self.id, len(lines), error)
            if len(lines) == 1:
                text = str(error).strip().split("\n")[0][:300]
                # sudo: as above
                lines.sudo().write(
                    {"state": "faulty", "faults": [["", "database", {"text": text}]]}
                )
            return False

    def _apply(self, lines):
        kind = self._kind()
        key = {"point": "point", "subscriber": "subscriber", "meter": "meter"}.get(self.kind)
        old = lines.filtered(lambda line: line.values.get(key))
        new = lines - old
        if new:
            # sudo: what is undone later is noted by nobody but here
            self.env["actwin.import.record"].sudo()._log(self, kind._create(self, new))
            new.sudo().state = "done"
        if old:
            kind._update(self, old)
            old.sudo().state = "updated"
