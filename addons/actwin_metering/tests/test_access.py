from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .common import MeteringCase

# lists that all companies share
COMMON = (
    "actwin.calibration.period",
    "actwin.device.template",
    "actwin.device.template.register",
    "actwin.estimation.step",
    "actwin.event.code",
    "actwin.event.kind",
    "actwin.message.kind",
    "actwin.reactive.limit",
    "actwin.schedule",
    "actwin.subscriber.kind",
    "actwin.subscriber.tag",
    "actwin.validation.group",
    "actwin.validation.rule",
)
_STAFF = ("technician", "operator", "manager", "administrator")
_TENANT_MODELS = ("actwin.point", "actwin.channel", "actwin.subscriber", "actwin.occupancy")
_FIGURES = (
    "actwin.reading",
    "actwin.consumption.hour",
    "actwin.consumption.day",
    "actwin.consumption.month",
)


@tagged("post_install", "-at_install")
class TestAccess(MeteringCase):
    """Real users try what they should not."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.staff = {
            name: new_test_user(cls.env, name, groups=f"actwin_metering.group_{name}")
            for name in _STAFF
        }
        cls.old_tenant, cls.tenant, cls.stranger = (
            new_test_user(cls.env, name, groups="base.group_portal")
            for name in ("old", "new", "none")
        )
        cls.occupy(cls.old_tenant, "2026-01-01", "2026-03-01")
        cls.occupy(cls.tenant, "2026-03-02")

    @classmethod
    def occupy(cls, user, date_from, date_to=False):
        subscriber = cls.env["actwin.subscriber"].create(
            {"partner_id": user.partner_id.id, "site_id": cls.site.id}
        )
        cls.env["actwin.occupancy"].create(
            {
                "point_id": cls.point.id,
                "subscriber_id": subscriber.id,
                "date_from": date_from,
                "date_to": date_to,
            }
        )

    def _models(self):
        names = [
            name
            for name, model in self.env.registry.items()
            if model._original_module == "actwin_metering" or name == "actwin.reading"
        ]
        return [
            self.env[name]
            for name in sorted(names)
            if not self.env[name]._abstract and not self.env[name]._transient
        ]

    def test_every_model_with_a_site_has_company_and_scope_rules(self):
        rules = self.env["ir.rule"].search([])
        for model in self._models():
            if "company_id" not in model._fields:
                self.assertIn(model._name, COMMON)
                continue
            own = rules.filtered(lambda rule, model=model: rule.model_id.model == model._name)
            self.assertTrue(own.filtered("global"), model._name)
            scoped = own.filtered(lambda rule: "_scope(" in rule.domain_force)
            self.assertTrue(scoped.filtered("global"), model._name)

    def test_who_is_nobody_sees_nothing(self):
        for group in ("base.group_user", "base.group_public"):
            user = new_test_user(self.env, f"nobody-{group}", groups=group)
            for model in self._models():
                with self.subTest(group=group, model=model._name), self.assertRaises(AccessError):
                    model.with_user(user).search([])

    def test_collector_user_sees_no_record(self):
        for model in self._models():
            with self.subTest(model=model._name), self.assertRaises(AccessError):
                model.with_user(self.collector.user_id).search([])

    def test_staff_of_another_company_see_nothing(self):
        company = self.env["res.company"].create({"name": "Other company"})
        admin = new_test_user(
            self.env,
            "foreign",
            groups="actwin_metering.group_administrator",
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )
        self.send(("2026-03-02 09:00:00", "1"), ("2026-03-02 09:15:00", "2"))
        self.roll()
        for model in (self.point, self.channel, self.site, self.collector):
            with self.subTest(model=model._name):
                self.assertFalse(model.with_user(admin).search([("id", "=", model.id)]))
                with self.assertRaises(AccessError):
                    model.with_user(admin).read(["display_name"])
        for name in _FIGURES:
            found = self.env[name].with_user(admin).search([("channel_id", "=", self.channel.id)])
            self.assertFalse(found, name)

    def test_site_bound_to_staff_is_hidden_from_the_others(self):
        self.send(("2026-03-02 09:00:00", "1"), ("2026-03-02 09:15:00", "2"))
        self.roll()
        self.site.user_ids = self.staff["operator"]
        for name, sees in (
            ("operator", True),
            ("technician", False),
            ("manager", False),
            ("administrator", True),
        ):
            for model in ("actwin.point", "actwin.channel", *_FIGURES):
                domain = [("site_id", "=", self.site.id)]
                with self.subTest(user=name, model=model):
                    found = self.env[model].with_user(self.staff[name]).search_count(domain)
                    self.assertEqual(bool(found), sees)

    def test_matrix_of_writing(self):
        """(model, values, lowest role that may create)"""
        matrix = [
            (
                "actwin.meter.installation",
                {
                    "meter_id": self.create_meter().id,
                    "point_id": self.point.id,
                    "date_from": "2020-01-01",
                    "date_to": "2020-02-01",
                },
                "technician",
            ),
            ("actwin.point", {"name": "x", "code": "x", "site_id": self.site.id}, "operator"),
            ("actwin.meter", {"serial": "x", "site_id": self.site.id}, "operator"),
            ("actwin.site", {"name": "x", "code": "x"}, "manager"),
            ("actwin.collector", {"name": "x", "code": "x", "site_id": self.site.id}, "manager"),
            (
                "actwin.line",
                {"collector_id": self.collector.id, "key": "x", "host": "h", "port": 1},
                "manager",
            ),
            ("actwin.device.template", {"name": "x"}, "manager"),
        ]
        for model, values, lowest in matrix:
            for name in _STAFF:
                creator = self.env[model].with_user(self.staff[name])
                with self.subTest(model=model, user=name):
                    self.assertEqual(
                        creator.has_access("create"), _STAFF.index(name) >= _STAFF.index(lowest)
                    )
            self.env[model].with_user(self.staff[lowest]).create(values)

    def test_nobody_writes_figures(self):
        admin = self.staff["administrator"]
        for name in (
            *_FIGURES,
            "actwin.reading.version",
            "actwin.ingest.batch",
            "actwin.device.event",
            "actwin.collector.command",
        ):
            model = self.env[name].with_user(admin)
            for right in ("create", "write", "unlink"):
                self.assertFalse(model.has_access(right), (name, right))

    def test_tenant_sees_own_records_only(self):
        for name in _TENANT_MODELS:
            found = self.env[name].with_user(self.tenant).search([])
            with self.subTest(model=name):
                self.assertEqual(len(found), 1)
                self.assertFalse(found.has_access("write"))
                self.assertFalse(self.env[name].with_user(self.stranger).search([]))

    def test_tenant_reads_no_staff_fields_and_no_other_model(self):
        channel = self.channel.with_user(self.tenant)
        self.assertTrue(channel.key)
        for field in ("last_value", "last_ts"):
            with self.assertRaises(AccessError):
                channel.read([field])
        for name in (
            "actwin.site",
            "actwin.meter",
            "actwin.device",
            "actwin.collector",
            "actwin.line",
            "actwin.collector.command",
            "actwin.device.template",
            "actwin.reading.version",
            "actwin.reading.reject",
            "actwin.device.event",
        ):
            with self.subTest(model=name), self.assertRaises(AccessError):
                self.env[name].with_user(self.tenant).search([])

    def test_contact_of_the_tenants_company_sees_the_same(self):
        contact = new_test_user(self.env, "contact", groups="base.group_portal")
        contact.partner_id.parent_id = self.tenant.partner_id
        self.assertEqual(self.env["actwin.point"].with_user(contact).search([]), self.point)

    def test_figures_go_to_whom_the_day_belonged(self):
        self.send(*((f"2026-02-{day:02} 12:00:00", str(day)) for day in range(1, 29)))
        self.send(*((f"2026-03-{day:02} 12:00:00", str(28 + day)) for day in range(1, 32)))
        self.send(("2026-04-01 12:00:00", "60"))
        self.roll()
        expected = {  # days, and whole months
            self.old_tenant: (29, ["2026-02-01"]),
            self.tenant: (31, ["2026-04-01"]),
            self.stranger: (0, []),
        }
        for user, (days, months) in expected.items():
            for name in ("actwin.consumption.day", "actwin.consumption.hour", "actwin.reading"):
                with self.subTest(user=user.login, model=name):
                    self.assertEqual(self.env[name].with_user(user).search_count([]), days)
            found = self.env["actwin.consumption.month"].with_user(user).search([])
            self.assertEqual([str(item.month) for item in found], months)
            groups = (
                self.env["actwin.consumption.day"].with_user(user)._read_group([], [], ["__count"])
            )
            self.assertEqual(groups[0][0], days)

    def test_direct_id_of_anothers_day_is_refused(self):
        self.send(("2026-02-10 12:00:00", "1"), ("2026-03-10 12:00:00", "2"))
        self.roll()
        days = self.env["actwin.consumption.day"].search([("channel_id", "=", self.channel.id)])
        own, foreign = days.sorted("day", reverse=True)
        self.assertEqual(own.with_user(self.tenant).read(["consumption"])[0]["consumption"], 1.0)
        with self.assertRaises(AccessError):
            foreign.with_user(self.tenant).read(["consumption"])

    def test_rollup_is_started_by_operators_and_rebuilt_by_administrators(self):
        rollup = self.env["actwin.rollup"]
        with self.assertRaises(AccessError):
            rollup.with_user(self.staff["technician"]).process_dirty()
        self.send(("2026-03-02 09:00:00", "1"))
        self.assertEqual(rollup.with_user(self.staff["operator"]).process_dirty(), 0)
        self.assertEqual(rollup._count_dirty(), 0)
        with self.assertRaises(AccessError):
            rollup.with_user(self.staff["manager"]).rebuild(
                self.channel.ids, "2026-03-01", "2026-03-05"
            )
        rebuilt = rollup.with_user(self.staff["administrator"]).rebuild(
            self.channel.ids, "2026-03-01", "2026-03-05"
        )
        self.assertTrue(rebuilt)
