from odoo.tests import new_test_user

from .common import MeteringCase


class ImportCase(MeteringCase):
    """Rows pasted by an operator: checked, imported, undone."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.operator = new_test_user(
            cls.env, "imp_operator", groups="actwin_metering.group_operator"
        )
        cls.imports = cls.env["actwin.import"].with_user(cls.operator)

    def paste(self, *rows, kind="point", **values):
        page = self.imports.start(kind, self.site.id, "\n".join(rows), **values)
        return self.imports.browse(page["id"]), page

    def run_all(self, item):
        while item.run()["remaining"]:
            pass
        return item.page()["counts"]

    def counted(self):
        """How many records of every kind an import creates there are."""
        names = (
            "actwin.point", "actwin.channel", "actwin.meter", "actwin.meter.installation",
            "actwin.meter.installation.index", "actwin.subscriber", "actwin.occupancy",
            "res.partner",
        )  # fmt: skip
        return {
            name: self.env[name].with_context(active_test=False).search_count([]) for name in names
        }

    def reasons(self, page):
        return {line["number"]: line["reason"] for line in page["lines"] if line["reason"]}

    def undo_all(self, item, partial=False):
        """Undo to the end: (rows removed, the last answer)."""
        removed = 0
        while True:
            answer = item.undo(partial)
            removed += answer["removed"]
            if not answer["remaining"]:
                return removed, answer
