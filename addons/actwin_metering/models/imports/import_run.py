import logging

from psycopg2 import Error as DatabaseError

from odoo import models
from odoo.exceptions import AccessError, UserError

_logger = logging.getLogger(__name__)


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
        chunk = lines.search(domain, order="depth, number, id", limit=self._kind()._chunk)
        # sudo: the state of an import is written by its methods only
        self.sudo().state = "running"
        self._import(chunk)
        remaining = lines.search_count(domain)
        if not remaining:
            self.sudo().state = "done"
        return {"remaining": remaining}

    def _import(self, lines):
        """Make records of lines; halve those that fail until the faulty ones stand alone."""
        if lines and not self._try(lines) and len(lines) > 1:
            half = len(lines) // 2
            self._import(lines[:half])
            self._import(lines[half:])

    def _try(self, lines):
        """Whether ``lines`` became records; a single one that did not is faulty from then on."""
        try:
            with self.env.cr.savepoint():
                self._kind()._apply(self, lines)
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
