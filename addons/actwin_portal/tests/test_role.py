from odoo.tests import TransactionCase, tagged


@tagged("post_install", "-at_install")
class TestRole(TransactionCase):
    """Access to the portal makes a subscriber a tenant, and takes the role away with it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tenant = cls.env.ref("actwin_metering.group_tenant")
        cls.site = cls.env["actwin.site"].create({"name": "Zone", "code": "PR1"})
        cls.firm, cls.visitor = cls.env["res.partner"].create([
            {"name": name, "email": f"{name}@example.com", "is_company": name == "firm"}
            for name in ("firm", "visitor")
        ])
        cls.clerk = cls.env["res.partner"].create(
            {"name": "clerk", "email": "clerk@example.com", "parent_id": cls.firm.id}
        )
        cls.env["actwin.subscriber"].create(
            {"partner_id": cls.firm.id, "site_id": cls.site.id}
        )

    def line(self, partner):
        wizard = self.env["portal.wizard"].with_context(active_ids=partner.ids).create({})
        return wizard.user_ids.filtered(lambda line: line.partner_id == partner)

    def test_subscribers_and_their_people_become_tenants(self):
        for partner, expected in ((self.firm, True), (self.clerk, True), (self.visitor, False)):
            with self.subTest(partner.name):
                self.line(partner).action_grant_access()
                user = partner.user_ids
                self.assertTrue(user.share and user._is_portal())
                self.assertEqual(self.tenant in user.group_ids, expected)

    def test_access_is_taken_back(self):
        for partner in (self.firm, self.visitor):
            with self.subTest(partner.name):
                self.line(partner).action_grant_access()
                user = partner.user_ids
                self.line(partner).action_revoke_access()
                self.assertFalse(user.active)
                self.assertTrue(user.has_group("base.group_public"))
                self.assertFalse(user.all_group_ids & self.tenant)
