import base64
import io

import xlsxwriter

from odoo import api, models

from ...core.imports.text import fold

_WIDEST = 60
_SAMPLE_ROWS = 200


class ActwinImport(models.Model):
    """Workbooks to download: rows that were refused, and an example for each kind."""

    _inherit = "actwin.import"

    def rejects(self):
        """XLSX of the rows that were not taken, their cells marked, with the reasons.

        Mended there, it is imported again as it is: the reasons' column is ignored.

        :return: ``{'name': file name, 'content': base64}``
        """
        self.ensure_one()
        self._check_may_import()
        self.check_access("read")
        columns = zip(self.headers, self._shown_columns(), strict=True)
        headers = [header or shown["label"] for header, shown in columns]
        lines = self.line_ids.filtered(lambda line: line.state in ("faulty", "doubtful"))
        rows = [(line.cells, self._marked(line), line.reason) for line in lines]

        def write(book):
            bold, red = book.add_format({"bold": True}), book.add_format({"bg_color": "#F8D7DA"})
            sheet = book.add_worksheet()
            sheet.freeze_panes(1, 0)
            sheet.write_row(0, 0, [*headers, self.env._("Reason")], bold)
            for at, (cells, marked, reason) in enumerate(rows, 1):
                for column, cell in enumerate(cells):
                    # as text: a formula that somebody pasted must not run, 007 keeps its zeros
                    sheet.write_string(at, column, cell, red if column in marked else None)
                sheet.write_string(at, len(cells), reason)
            _fit(sheet, [headers, *(cells for cells, *_rest in rows[:_SAMPLE_ROWS])])
            sheet.set_column(len(headers), len(headers), _WIDEST)

        return {"name": self.env._("Faulty rows") + ".xlsx", "content": _workbook(write)}

    @api.model
    def example(self, kind, site_id):
        """XLSX to fill in: all columns of a kind with an example, and what each may hold.

        :return: ``{'name': file name, 'content': base64}``
        """
        self._check_may_import()
        self._limit(kind)
        site = self.env["actwin.site"].browse(int(site_id or 0)).exists()
        if site:
            site.check_access("read")
        words = self.env[f"actwin.import.kind.{kind}"]
        columns = words._columns(site)
        labels = [words._label(column.name) for column in columns]
        explained = [self._explained(column, words) for column in columns]

        def write(book):
            bold = book.add_format({"bold": True})
            wrapped = book.add_format({"text_wrap": True, "valign": "top"})
            sheet = book.add_worksheet(self.env._("Rows"))
            sheet.freeze_panes(1, 0)
            sheet.write_row(0, 0, labels, bold)
            for at, column in enumerate(columns):
                sheet.write_string(1, at, column.example)
            _fit(sheet, [labels, [column.example for column in columns]])
            notes = book.add_worksheet(self.env._("Columns"))
            notes.write_row(0, 0, [self.env._("Column"), self.env._("Needed"),
                                   self.env._("What it holds")], bold)  # fmt: skip
            for at, row in enumerate(explained, 1):
                notes.write_row(at, 0, row, wrapped)
            notes.set_column(0, 0, 26)
            notes.set_column(1, 1, 10)
            notes.set_column(2, 2, 90)

        label = dict(self._fields["kind"]._description_selection(self.env))[kind]
        return {"name": f"{label}.xlsx", "content": _workbook(write)}

    def _explained(self, column, words):
        """(label, whether it is needed, what it holds) of a column."""
        label = words._label(column.name)
        held = [self._held(column)]
        others = [name for name in column.headers if name not in (fold(label), fold(column.name))]
        if others:
            held.append(self.env._("Also called: %s", ", ".join(others)))
        return label, self.env._("yes") if column.required else "", "\n".join(held)

    def _held(self, column):
        if column.kind == "choice":
            words = {}
            for word, key in column.choices.items():
                words.setdefault(key, word)
            return self.env._("One of: %s", ", ".join(words.values()))
        kinds = {
            "bool": self.env._("Yes or no"),
            "code": self.env._("A code or number, exactly as it is written"),
            "date": self.env._("A day, as 31.12.2026"),
            "email": self.env._("E-mail addresses"),
            "iban": self.env._("An IBAN; its check digits are tested"),
            "integer": self.env._("A whole number"),
            "list": self.env._("Names, separated by semicolons"),
            "measure": self.env._("A figure, with or without its unit"),
            "moment": self.env._(
                "A day with or without a time, as 31.12.2026 07:15; without one the day's beginning"
            ),
            "number": self.env._("A figure"),
            "phone": self.env._("A phone number"),
            "ratio": self.env._("A ratio, as 150/5"),
            "tax_number": self.env._("A tax number; its check digits are tested"),
            "text": self.env._("A text"),
            "time": self.env._("A time, as 07:15"),
        }
        return kinds[column.kind]

    def _marked(self, line):
        """Indexes of the cells of a row that something is wrong with."""
        return {self.names.index(name) for name, *_rest in line._findings() if name in self.names}


def _workbook(write):
    """Base64 of the workbook that ``write`` fills."""
    data = io.BytesIO()
    with xlsxwriter.Workbook(data, {"in_memory": True}) as book:
        write(book)
    return base64.b64encode(data.getvalue()).decode()


def _fit(sheet, rows):
    """Make columns as wide as what stands in them."""
    for at, cells in enumerate(zip(*rows, strict=True)):
        sheet.set_column(at, at, min(_WIDEST, max(10, *(len(cell) + 2 for cell in cells))))
