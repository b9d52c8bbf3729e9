from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged

from .common import MeteringCase

ROLE = "actwin_metering.group_operator"


@tagged("post_install", "-at_install")
class TestScope(MeteringCase):
    """How far the eyes of a bound user reach: sites, groups of points, points."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_point = cls.create_point(code="P2", name="Other")
        cls.other_channel = cls.create_channel(point_id=cls.other_point.id)
        cls.far_site = cls.create_site(code="TS2")
        cls.far_point = cls.create_point(code="P3", site_id=cls.far_site.id)
        cls.points = cls.point + cls.other_point + cls.far_point
        cls.user = new_test_user(cls.env, "bound", groups=ROLE)
        cls.group = cls.env["actwin.point.group"].create(
            {"name": "Floor", "site_id": cls.site.id, "point_ids": cls.point.ids}
        )

    def bind(self, **values):
        self.user.write({"actwin_access": "bound", **values})

    def seen(self, records=None):
        records = records or self.points
        found = self.env[records._name].with_user(self.user).search([("id", "in", records.ids)])
        return found.with_env(self.env)

    def test_who_is_not_bound_sees_every_site_and_pays_nothing(self):
        self.assertEqual(self.seen(), self.points)
        self.assertTrue(self.user._actwin_scope("point_id").is_true())
        self.assertFalse(self.user._actwin_is_limited())

    def test_bound_to_nothing_sees_nothing(self):
        self.bind()
        self.assertFalse(self.seen())
        self.assertFalse(self.seen(self.site + self.far_site))

    def test_bound_to_a_point(self):
        self.bind(actwin_point_ids=self.point.ids)
        self.assertEqual(self.seen(), self.point)
        self.assertEqual(self.seen(self.channel + self.other_channel), self.channel)
        self.assertEqual(self.seen(self.site + self.far_site), self.site)
        self.assertFalse(self.seen(self.collector), "a collector reads points of others too")

    def test_bound_to_a_site(self):
        self.bind(actwin_site_ids=self.site.ids)
        self.assertEqual(self.seen(), self.point + self.other_point)
        self.assertEqual(self.seen(self.collector), self.collector)

    def test_bound_to_a_group_and_what_is_below_it(self):
        above = self.env["actwin.point.group"].create({"name": "House", "site_id": self.site.id})
        self.bind(actwin_point_group_ids=above.ids)
        self.assertFalse(self.seen())
        self.group.parent_id = above
        self.assertEqual(self.seen(), self.point)
        self.group.point_ids = self.other_point
        self.assertEqual(self.seen(), self.other_point)
        self.assertEqual(self.seen(self.channel + self.other_channel), self.other_channel)
        self.group.parent_id = False
        self.assertFalse(self.seen())

    def test_bindings_add_up_and_end_at_once(self):
        self.bind(actwin_point_ids=self.point.ids, actwin_site_ids=self.far_site.ids)
        self.assertEqual(self.seen(), self.point + self.far_point)
        self.user.actwin_point_ids = False
        self.assertEqual(self.seen(), self.far_point)
        self.user.actwin_access = "all"
        self.assertEqual(self.seen(), self.points)

    def test_a_lost_point_does_not_open_all_others(self):
        spare = self.create_point(code="P4")
        self.bind(actwin_point_ids=spare.ids)
        spare.active = False
        self.assertFalse(self.seen())
        spare.unlink()
        self.assertFalse(self.seen())

    def test_a_binding_passes_the_staff_list_of_a_site(self):
        self.site.user_ids = new_test_user(self.env, "somebody", groups=ROLE)
        self.assertEqual(self.seen(), self.far_point)
        self.bind(actwin_point_ids=self.point.ids)
        self.assertEqual(self.seen(), self.point)
        self.bind(actwin_point_ids=False, actwin_site_ids=self.site.ids)
        self.assertEqual(self.seen(), self.point + self.other_point)

    def test_meters_in_stock_serve_every_point_of_the_site(self):
        stock, mine, other, far = (self.create_meter() for _ in range(4))
        self.install("2026-01-01", meter_id=mine.id)
        self.install("2026-01-01", meter_id=other.id, channel=self.other_channel)
        far.site_id = self.far_site
        self.bind(actwin_point_ids=self.point.ids)
        self.assertEqual(self.seen(stock + mine + other + far), stock + mine)

    def tenant_of(self, point, **values):
        """A contact that occupies the point as a subscriber."""
        partner = self.env["res.partner"].create({"name": f"Tenant of {point.code}"})
        subscriber = self.env["actwin.subscriber"].create(
            {"partner_id": partner.id, "site_id": point.site_id.id, **values}
        )
        self.env["actwin.occupancy"].create(
            {"point_id": point.id, "subscriber_id": subscriber.id, "date_from": "2026-01-01"}
        )
        return partner

    def test_tenants_out_of_sight_are_no_contacts_either(self):
        helper, clerk, supplier = self.env["res.partner"].create(
            [{"name": name} for name in ("Helper", "Clerk", "Supplier")]
        )
        mine = self.tenant_of(self.point)
        other = self.tenant_of(self.other_point, authorised_partner_id=helper.id)
        clerk.parent_id = other
        colleague = new_test_user(self.env, "colleague", groups=ROLE).partner_id
        contacts = mine + other + helper + clerk + supplier + colleague + self.user.partner_id
        self.assertEqual(self.seen(contacts), contacts)
        self.bind(actwin_point_ids=self.point.ids)
        self.assertEqual(self.seen(contacts), contacts - other - helper - clerk)
        with self.assertRaises(AccessError):
            other.with_user(self.user).read(["phone"])
        self.env["actwin.subscriber"].search([("partner_id", "=", other.id)]).active = False
        self.assertNotIn(other, self.seen(contacts), "archived does not mean public")
        self.bind(actwin_point_ids=(self.point + self.other_point).ids)
        self.assertEqual(self.seen(contacts), contacts)

    def test_colleagues_and_oneself_stay_contacts_even_as_tenants(self):
        colleague = new_test_user(self.env, "colleague", groups=ROLE)
        for partner in (self.user.partner_id, colleague.partner_id):
            subscriber = self.env["actwin.subscriber"].create(
                {"partner_id": partner.id, "site_id": self.site.id}
            )
            self.env["actwin.occupancy"].create(
                {"point_id": self.other_point.copy({"code": f"U{partner.id}"}).id,
                 "subscriber_id": subscriber.id}
            )  # fmt: skip
            self.bind(actwin_point_ids=self.point.ids)
            self.assertEqual(self.seen(partner), partner)

    def test_an_administrator_is_never_bound(self):
        admin = new_test_user(self.env, "chief", groups="actwin_metering.group_administrator")
        admin.actwin_access = "bound"
        self.assertEqual(self.env["actwin.point"].with_user(admin).search_count(
            [("id", "in", self.points.ids)]), 3)  # fmt: skip

    def test_nobody_widens_own_rights(self):
        manager = new_test_user(self.env, "boss", groups="actwin_metering.group_manager")
        manager.write({"actwin_access": "bound", "actwin_point_group_ids": self.group.ids})
        for act in (
            lambda: self.group.with_user(manager).write({"point_ids": self.other_point.ids}),
            lambda: self.point.with_user(manager).write({"group_ids": [Command.clear()]}),
            lambda: manager.with_user(manager).write({"actwin_access": "all"}),
            lambda: manager.with_user(manager).read(["actwin_access"]),
        ):
            with self.assertRaises(AccessError):
                act()
        free = new_test_user(self.env, "free", groups="actwin_metering.group_manager")
        self.group.with_user(free).point_ids = self.other_point
        with self.assertRaises(AccessError):
            self.group.with_user(self.user).write({"point_ids": self.point.ids})

    def test_nothing_is_linked_to_what_is_out_of_sight(self):
        self.bind(actwin_point_ids=self.point.ids)
        computed = self.create_channel(obis="virtual", kind="virtual").with_user(self.user)
        formulas = self.env["actwin.formula"].with_user(self.user)
        values = {"channel_id": computed.id, "date_from": "2026-01-01", "expression": "a"}
        stolen = [Command.create({"name": "a", "channel_ids": self.other_channel.ids})]
        with self.assertRaises(AccessError):
            formulas.create({**values, "input_ids": stolen})
        for commands in (
            [Command.link(self.other_channel.id)],
            [Command.set(self.other_channel.ids)],
            self.other_channel.ids,
        ):
            with self.assertRaises(AccessError):
                formulas.create(
                    {
                        **values,
                        "input_ids": [Command.create({"name": "a", "channel_ids": commands})],
                    }
                )
        stranger = self.env["actwin.subscriber"].create(
            {
                "partner_id": self.env["res.partner"].create({"name": "S"}).id,
                "site_id": self.site.id,
            }
        )
        self.env["actwin.occupancy"].create(
            {"point_id": self.other_point.id, "subscriber_id": stranger.id}
        )
        with self.assertRaises(AccessError):
            self.env["actwin.occupancy"].with_user(self.user).create(
                {"point_id": self.point.id, "subscriber_id": stranger.id}
            )
        own = [Command.create({"name": "a", "channel_ids": self.channel.ids})]
        self.assertTrue(formulas.create({**values, "input_ids": own}))

    def test_what_serves_a_whole_site_is_read_by_its_points_but_changed_by_who_sees_it_all(self):
        parameters = self.env["actwin.conversion.parameter"]
        values = {"name": "z", "value": 1, "date_from": "2026-01-01"}
        common = parameters.create({**values, "site_id": self.site.id})
        far = parameters.create({**values, "site_id": self.far_site.id})
        rules = self.env["actwin.alarm.rule"].create(
            [
                {"name": "R", "site_id": site, "type": "formula", "expression": "1"}
                for site in (self.site.id, self.far_site.id, False)
            ]
        )
        self.bind(actwin_point_ids=self.point.ids)
        self.user.group_ids += self.env.ref("actwin_metering.group_manager")
        self.assertEqual(self.seen(common + far), common)
        self.assertEqual(self.seen(rules), rules[0] + rules[2])
        for record, change in (
            (common, {"value": 2}),
            (rules[0], {"name": "mine"}),
            (rules[2], {"name": "mine"}),
        ):
            with self.assertRaises(AccessError):
                record.with_user(self.user).write(change)
        self.bind(actwin_site_ids=self.site.ids)
        common.with_user(self.user).value = 2
        rules[0].with_user(self.user).name = "mine"
        with self.assertRaises(AccessError):
            rules[2].with_user(self.user).write({"name": "mine"})

    def test_the_name_of_a_feeder_out_of_sight_is_not_told(self):
        self.point.parent_id = self.other_point
        self.assertIn(
            "Other", self.point.with_user(self.user).read(["parent_id"])[0]["parent_id"][1]
        )
        self.bind(actwin_point_ids=self.point.ids)
        self.env.invalidate_all()
        mine = self.point.with_user(self.user)
        told = mine.web_read({"parent_id": {"fields": {"display_name": {}}}})
        told += mine.read(["parent_id"])
        told += mine.search([]).formatted_read_group([], ["parent_id"], ["__count"])
        self.assertNotIn("Other", str(told))
        self.assertNotIn("P2", str(told))

    def test_groups_keep_to_their_site_and_form_no_circle(self):
        with self.assertRaises(ValidationError):
            self.group.point_ids += self.far_point
        child = self.group.create(
            {"name": "Room", "site_id": self.site.id, "parent_id": self.group.id}
        )
        self.assertEqual(child.display_name, "Floor / Room")
        with self.assertRaises(UserError):
            self.group.parent_id = child
        with self.assertRaises(ValidationError):
            child.site_id = self.far_site
