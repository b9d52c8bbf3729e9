import base64
import binascii

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import groupby

from ...core.imports.faults import TableFault
from ...core.imports.headers import recognise
from ...core.imports.kinds import KINDS as KIND_COLUMNS
from ...core.imports.sheet import read_file
from ...core.imports.table import read_text
from .import_words import TABLE_FAULTS, say

_KIND_NAMES = [
    ("point", "Points"),
    ("subscriber", "Subscribers"),
    ("meter", "Meters"),
    ("reading", "Readings"),
]


class ActwinImport(models.Model):
    """Rows that somebody pasted or uploaded, what each of them became, and how to undo it.

    Nobody writes an import but through its methods: they check who may, create records with the
    rights of that user only, and log each record so that undo removes these and no others.
    """

    _name = "actwin.import"
    _description = "Import"
    _order = "id desc"
    _check_company_auto = True

    name = fields.Char(required=True, readonly=True)
    kind = fields.Selection(_KIND_NAMES, required=True, readonly=True)
    site_id = fields.Many2one(
        "actwin.site", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="site_id.company_id", store=True, index=True)
    user_id = fields.Many2one("res.users", "Imported By", required=True, readonly=True)
    date = fields.Datetime("Begun", required=True, readonly=True, default=fields.Datetime.now)
    source = fields.Selection([("paste", "Pasted"), ("file", "File")], required=True, readonly=True)
    policy = fields.Selection(
        [("skip", "Leave as they are"), ("update", "Update")],
        "Rows That Exist",
        required=True,
        readonly=True,
        default="skip",
    )
    state = fields.Selection(
        [
            ("draft", "To check"),
            ("running", "Under way"),
            ("done", "Imported"),
            ("undoing", "Being undone"),
            ("undone", "Undone"),
        ],
        required=True,
        readonly=True,
        default="draft",
    )
    headers = fields.Json(readonly=True, help="Header of each column, empty without one.")
    names = fields.Json(readonly=True, help="What each column holds, null when it is ignored.")
    line_ids = fields.One2many("actwin.import.line", "import_id", "Rows", readonly=True)
    row_count = fields.Integer("Rows in All", compute="_compute_counts")
    done_count = fields.Integer("Imported Rows", compute="_compute_counts")
    faulty_count = fields.Integer("Faulty Rows", compute="_compute_counts")

    def _compute_counts(self):
        rows = self.env["actwin.import.line"]._read_group(
            [("import_id", "in", self.ids)], ["import_id", "state"], ["__count"]
        )
        counts = {
            item: {state: count for _item, state, count in group}
            for item, group in groupby(rows, lambda row: row[0])
        }
        for item in self:
            found = counts.get(item._origin, {})
            item.row_count = sum(found.values())
            item.done_count = found.get("done", 0) + found.get("updated", 0)
            item.faulty_count = found.get("faulty", 0)

    @api.model
    def kinds(self):
        """What may be imported, for the screen.

        :return: ``{'kinds': [{'name', 'label', 'columns': [label…], 'note'}…],
            'sites': [[id, name]…]}``
        """
        self._check_may_import()
        sites = self.env["actwin.site"].search_fetch([], ["code", "name"])
        labels = dict(self._fields["kind"]._description_selection(self.env))
        return {
            "kinds": [self._offered(kind, label) for kind, label in labels.items()],
            "sites": [[site.id, site.display_name] for site in sites],
        }

    def _offered(self, kind, label):
        words = self.env[f"actwin.import.kind.{kind}"]
        columns = words._columns(self.env["actwin.site"])
        return {
            "name": kind,
            "label": label,
            "columns": [words._label(column.name) for column in columns],
            "note": words._note(),
        }

    @api.model
    def start(self, kind, site_id, text, policy="skip"):
        """Take pasted rows and check them all. :return: what ``page`` gives"""
        limit = self._limit(kind)
        return self._begin(kind, site_id, policy, lambda: read_text(str(text), limit))

    @api.model
    def start_file(self, kind, site_id, name, content, policy="skip"):
        """The same for an uploaded file; ``content`` is base64."""
        limit = self._limit(kind)
        try:
            data = base64.b64decode(content, validate=True)
        except (binascii.Error, ValueError):
            raise UserError(self.env._("The file did not arrive whole. Choose it again.")) from None
        return self._begin(kind, site_id, policy, lambda: read_file(data, limit), str(name))

    def _limit(self, kind):
        if kind not in KIND_COLUMNS:
            raise UserError(self.env._("There is no import of that kind."))
        return KIND_COLUMNS[kind][1]

    def _begin(self, kind, site_id, policy, read, file_name=""):
        self._check_may_import()
        site = self.env["actwin.site"].browse(int(site_id or 0)).exists()
        if not site or not site.has_access("read"):
            raise UserError(self.env._("Choose the site the rows belong to."))
        try:
            rows = read()
        except TableFault as fault:
            raise UserError(say(self.env, TABLE_FAULTS, fault.code, fault.figures)) from None
        found = self._recognise(kind, site, rows)
        body = rows if found.at is None else rows[found.at + 1 :]
        if not body:
            raise UserError(self.env._("There are headers, but no rows below them."))
        # sudo: imports are written through these methods only; site and role were checked
        item = self.sudo().create(
            {
                "name": file_name or self.env._("Pasted rows"),
                "kind": kind,
                "site_id": site.id,
                "user_id": self.env.uid,
                "source": "file" if file_name else "paste",
                "policy": "update" if policy == "update" else "skip",
                "headers": [""] * len(found.names) if found.at is None else rows[found.at][1],
                "names": list(found.names),
            }
        )
        item.line_ids._store(item, body)
        item = item.sudo(False)
        item.check_access("read")  # who is bound to some points does not import for the site
        item._check()
        return item.page()

    def _recognise(self, kind, site, rows):
        """Where the headers are and what they mean; what they say may bring further columns."""
        kind = self.env[f"actwin.import.kind.{kind}"]
        found = recognise(rows, kind._columns(site))
        if found.at is None:
            return found
        return recognise(rows, kind._columns(site, rows[found.at][1]))

    def _check_may_import(self):
        if not self.env.su and not self.env.user.has_group("actwin_metering.group_operator"):
            raise AccessError(self.env._("Only operators import."))

    def _lock(self):
        """Let one request at a time work on the import; refuse whom its site is closed to."""
        self.ensure_one()
        self._check_may_import()
        self.check_access("read")
        # sudo: nobody may write an import, yet two requests must not work on it at once
        self.sudo().lock_for_update()

    def _kind(self):
        return self.env[f"actwin.import.kind.{self.kind}"]

    def _columns(self):
        """What the columns of this table may be."""
        return self._kind()._columns(self.site_id, self.headers)
