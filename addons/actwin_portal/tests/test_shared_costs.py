from odoo import Command
from odoo.tests import tagged

from .common import PortalCase


@tagged("post_install", "-at_install")
class TestSharedCosts(PortalCase):
    """Two tenants in turn at one point share with an empty unit; each sees its own part only."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        other = cls.create_point("P2", "Dye house")
        pool = cls.env["actwin.cost.pool"].create({
            "name": "Lighting", "site_id": cls.site.id,
            "version_ids": [Command.create({
                "mode": "mirror", "key_id": cls.env.ref("actwin_billing.share_key_equal").id})],
            "member_ids": [
                Command.create({"point_id": point.id}) for point in (cls.point, other)],
        })
        cls.settlement = cls.env["actwin.cost.settlement"].create({
            "pool_id": pool.id, "date_from": "2024-02-01", "date_to": "2024-02-29",
            "cost_ids": [Command.create({"name": "Lamps", "amount": 5800})],
        })
        cls.settlement.action_compute()

    def statement(self, user):
        self.opener.cookies.clear()
        self.login(user)
        answer = self.url_open("/my/shared-costs")
        self.assertEqual(answer.status_code, 200)
        return answer.text

    def test_each_sees_its_own_days_and_how(self):
        self.assertIn("Nothing has been shared", self.statement(self.current))
        self.settlement.action_approve()
        former, current = self.statement(self.former), self.statement(self.current)
        self.assertIn("900.00", former)
        self.assertNotIn("2,000.00", former)
        self.assertIn("2,000.00", current)
        self.assertNotIn(">900.00", current)
        for text in (former, current):
            self.assertIn("5,800.00", text)
            self.assertIn("5800.00 × 0.", text)
            self.assertNotIn("Dye house", text)
        self.assertIn("Nothing has been shared", self.statement(self.stranger))

    def test_pages_and_garbage(self):
        self.settlement.action_approve()
        self.login(self.current)
        for page in ("1", "999", "-1"):
            self.assertIn("5,800.00", self.page(f"/my/shared-costs/page/{page}").text, page)
        self.assertEqual(self.page("/my/shared-costs/page/x").status_code, 404)

    def test_nobody_gets_in_without_a_login(self):
        self.assertEqual(self.page("/my/shared-costs").status_code, 303)
