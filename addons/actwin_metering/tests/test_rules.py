from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .common import MeteringCase, make_batch

OPERATOR = "actwin_metering.group_operator"
ADMINISTRATOR = "actwin_metering.group_administrator"
# What a tenant's page shows; everything else is the staff's.
TENANT = {
    "actwin.channel",
    "actwin.consumption.day",
    "actwin.consumption.hour",
    "actwin.consumption.month",
    "actwin.message",
    "actwin.occupancy",
    "actwin.point",
    "actwin.reading",
    "actwin.subscriber",
}
MONTH = [(f"2026-03-{day:02} 12:00:00", str(day)) for day in range(1, 32)]


@tagged("post_install", "-at_install")
class TestRules(MeteringCase):
    """Who sees what of two sites: one open to all staff, one bound to a single operator."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Sites of a demo or of other tests must not hide that a rule is gone.
        cls.company = cls.env["res.company"].create({"name": "Zone"})
        cls.users = {
            "insider": cls.create_user("insider", OPERATOR),
            "outsider": cls.create_user("outsider", OPERATOR),
            "administrator": cls.create_user("administrator", ADMINISTRATOR),
            "stranger": cls.create_user("stranger", ADMINISTRATOR, cls.env.company),
            "tenant": cls.create_user("tenant", "base.group_portal"),
        }
        cls.open_site = cls.fill_site("RULE1", cls.users["tenant"].partner_id)
        cls.bound_site = cls.fill_site("RULE2", cls.env["res.partner"].create({"name": "Other"}))
        cls.bound_site.user_ids = cls.users["insider"]
        cls.rollup._process_dirty()
        cls.rules = cls.env["ir.rule"].browse(
            cls.env["ir.model.data"]
            .search([("module", "=", "actwin_metering"), ("model", "=", "ir.rule")])
            .mapped("res_id")
        ).filtered("perm_read")
        # contacts have no site: TestScope looks at theirs
        cls.rules = cls.rules.filtered(lambda rule: rule.model_id.model.startswith("actwin."))
        cls.models = sorted(cls.rules.mapped("model_id.model"))

    @classmethod
    def create_user(cls, name, group, company=None):
        company = company or cls.company
        return new_test_user(
            cls.env,
            f"rules_{name}",
            groups=group,
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )

    @classmethod
    def fill_site(cls, code, tenant):
        """A site with at least one record of every model that has a rule."""
        cls.site = cls.create_site(code=code, company_id=cls.company.id)
        cls.point = cls.create_point(code=f"{code}-P")
        channel = cls.create_channel(point_id=cls.point.id)
        cls.install("2020-01-01", opening=0, channel=channel)
        cls.env["actwin.point.group"].create(
            {"name": "Floor", "site_id": cls.site.id, "point_ids": cls.point.ids}
        )
        cls.env["actwin.conversion.parameter"].create(
            {"site_id": cls.site.id, "name": "z", "value": 1, "date_from": "2020-01-01"}
        )
        computed = cls.create_channel(point_id=cls.point.id, obis="rest", kind="virtual")
        cls.env["actwin.formula"].create(
            {
                "channel_id": computed.id,
                "date_from": "2020-01-01",
                "expression": "a",
                "input_ids": [Command.create({"name": "a", "channel_ids": channel.ids})],
            }
        )
        subscriber = cls.env["actwin.subscriber"].create(
            {"partner_id": tenant.id, "site_id": cls.site.id}
        )
        cls.env["actwin.occupancy"].create(
            {
                "point_id": cls.point.id,
                "subscriber_id": subscriber.id,
                "date_from": "2020-01-01",
            }
        )
        collector = cls.create_collector(code)
        cls.env["actwin.collector.command"]._request("logs", collector)
        cls.deliver(channel, collector)
        cls.env["actwin.import"].start("meter", cls.site.id, f"Seri no\tMarka\n{code}-M\tX")
        cls.env["actwin.import"].search([], limit=1).run()
        cls.env["actwin.validation.mute"].create({"point_id": cls.point.id, "reason": "known"})
        cls.watch(channel)
        cls.estimate(channel)
        cls.tell(tenant)
        return cls.site

    @classmethod
    def estimate(cls, channel):
        cls.env["actwin.estimate"].create(
            {
                "channel_id": channel.id,
                "point_id": channel.point_id.id,
                "site_id": channel.site_id.id,
                "company_id": channel.company_id.id,
                "ts": "2026-03-01 00:00:00",
                "ts_end": "2026-03-01 01:00:00",
                "method": "even",
            }
        )

    @classmethod
    def watch(cls, channel):
        rule = cls.env["actwin.alarm.rule"].create(
            {
                "name": "Rule",
                "site_id": cls.site.id,
                "type": "formula",
                "expression": "a",
                "input_ids": [Command.create({"name": "a"})],
            }
        )
        hit = {"rule_id": rule.id, "channel_id": channel.id, "ts": "2026-03-01 00:00:00"}
        cls.env["actwin.alarm"]._raise([hit])
        cls.env["actwin.alarm.mute"].create({"site_id": cls.site.id, "reason": "known"})

    @classmethod
    def create_collector(cls, code):
        collector = cls.env["actwin.collector"].create(
            {"name": code, "code": code, "site_id": cls.site.id}
        )
        line = cls.env["actwin.line"].create(
            {"collector_id": collector.id, "key": "L", "host": "127.0.0.1", "port": 502}
        )
        schedule = cls.env["actwin.schedule"].search([], limit=1)
        device = cls.env["actwin.device"].create(
            {
                "collector_id": collector.id,
                "line_id": line.id,
                "key": "D",
                "name": "D",
                "driver": "modbus",
                "schedule_id": schedule.id,
            }
        )
        cls.env["actwin.device.parameter"].create(
            {
                "device_id": device.id,
                "register": "1.8.0",
                "channel_id": cls.point.channel_ids[:1].id,
            }
        )
        collector._ensure_user()
        return collector

    @classmethod
    def deliver(cls, channel, collector):
        reading = cls.env["actwin.reading"].with_user(collector.user_id)
        rows = [(channel.key, *row) for row in MONTH]
        event = {"device": "D", "ts": "2026-03-01T00:00:00Z", "code": "power_fail", "text": ""}
        comm = {
            "device": "D",
            "started": "2026-03-01T00:00:00Z",
            "ended": "2026-03-01T00:00:01Z",
            "ok": True,
            "attempts": 1,
            "error": "",
        }
        for batch in (
            make_batch(rows, collector.code, events=[event], comm=[comm]),
            make_batch([(channel.key, "2026-04-01 12:00:00", "40")], collector.code),
            # a conflict, which makes a version, and a reject
            make_batch([(*rows[0][:2], "2")], collector.code),
            make_batch([("unknown", *MONTH[0])], collector.code),
        ):
            reading.ingest(batch)

    @classmethod
    def tell(cls, partner):
        """A route, a notice and a message of the site."""
        route = cls.env["actwin.message.route"].create(
            {
                "name": "Tell",
                "site_id": cls.site.id,
                "subscribers": True,
                "company_id": cls.company.id,
            }
        )
        message = cls.env["actwin.message"]
        message._notify("sms_quota", cls.site)
        notice = cls.env["actwin.message.notice"].search([], limit=1)
        message._insert({(notice.id, partner.id, "mail"): (None, route.id)})

    def seen(self, user, model):
        """What a user sees of the two sites; None without the right."""
        try:
            found = self.env[model].with_user(self.users[user]).search([]).sudo()
        except AccessError:
            return None
        sites = self.open_site + self.bound_site
        return found.filtered(lambda row: self.site_of(row) in sites)

    def site_of(self, row):
        return row if row._name == "actwin.site" else row.site_id

    def sites(self, user, model):
        found = self.seen(user, model)
        return None if found is None else {self.site_of(row).code for row in found}

    def matrix(self, model):
        self.env.invalidate_all()
        found = {user: self.seen(user, model) for user in self.users}
        return {user: rows if rows is None else rows.ids for user, rows in found.items()}

    def test_each_sees_its_own(self):
        for model in self.models:
            with self.subTest(model):
                self.assertEqual(self.sites("administrator", model), {"RULE1", "RULE2"})
                self.assertEqual(self.sites("insider", model), {"RULE1", "RULE2"})
                self.assertEqual(self.sites("outsider", model), {"RULE1"})
                self.assertEqual(self.sites("stranger", model), set())
                expected = {"RULE1"} if model in TENANT else None
                self.assertEqual(self.sites("tenant", model), expected)

    def test_no_rule_can_go_unnoticed(self):
        """Without a rule, or with its condition turned round, somebody sees other records."""
        self.assertGreater(len(self.rules), 55)
        for rule in self.rules:
            model, condition = rule.model_id.model, rule.domain_force
            usual = self.matrix(model)
            opposite = "[(0, '=', 1)]" if condition == "[(1, '=', 1)]" else "[(1, '=', 1)]"
            for broken in ({"active": False}, {"domain_force": opposite}):
                with self.subTest(rule=rule.name, **broken):
                    rule.write(broken)
                    self.assertNotEqual(self.matrix(model), usual)
                    rule.write({"active": True, "domain_force": condition})
            self.assertEqual(self.matrix(model), usual)
