from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .notify_common import NotifyCase


@tagged("post_install", "-at_install")
class TestNotify(NotifyCase):
    """Who is told, in which words, and that it is told once."""

    def test_a_notice_becomes_a_message_in_the_inbox(self):
        self.route()
        self.assertEqual(self.notify(severity="serious"), 1)
        self.assertFalse(self.told(), "nothing is sent in the caller's transaction")
        self.run_job()
        message = self.told()
        self.assertEqual((message.state, message.channel), ("sent", "app"))
        self.assertEqual(message.title, f"Serious at {self.point.display_name}")
        inbox = self.env["mail.notification"].search(
            [("res_partner_id", "=", self.operator.partner_id.id)]
        )
        self.assertEqual(inbox.mail_message_id.subject, message.title)
        inbox.is_read = True
        self.run_job()
        self.assertEqual(message.state, "read")

    def test_what_is_undone_is_not_told(self):
        self.route()
        with self.assertRaises(ZeroDivisionError), self.env.cr.savepoint():
            self.notify()
            raise ZeroDivisionError
        self.run_job()
        self.assertFalse(self.told())

    def test_a_kind_nobody_defined_is_a_fault(self):
        with self.assertRaises(ValueError):
            self.message._notify("no_such_kind", self.point)

    def test_an_archived_kind_tells_nobody(self):
        self.kind.active = False
        self.assertEqual(self.notify(), 0)

    def test_each_is_told_once_however_many_routes_name_them(self):
        self.route()
        self.route(group_ids=self.env.ref("actwin_metering.group_operator").ids)
        self.notify()
        self.run_job()
        own = self.told(partner_id=self.operator.partner_id.id)
        self.assertEqual(len(own), 1)

    def test_routes_choose_by_severity_site_point_kind_and_level(self):
        other = self.create_point(code="other", name="Other")
        cases = [
            ({"severity": "serious"}, {"severity": "warning"}, 0),
            ({"severity": "serious"}, {"severity": "critical"}, 1),
            ({"point_ids": other.ids}, {}, 0),
            ({"point_ids": self.point.ids}, {}, 1),
            ({"category": "billing"}, {}, 0),
            ({"category": "alarm", "kind_ids": self.kind.ids}, {}, 1),
            ({"level": 2}, {"level": 1}, 0),
            ({"level": 2}, {"level": 2}, 1),
            ({"site_id": self.create_site(code="ELSE").id}, {}, 0),
        ]
        for values, given, expected in cases:
            with self.subTest(values=values, given=given):
                route = self.route(**values)
                self.notify(**given)
                self.run_job()
                self.assertEqual(len(self.told(route_id=route.id)), expected)
                route.active = False

    def test_nobody_is_told_of_what_they_may_not_see(self):
        self.site.user_ids = self.create_person("insider", "operator")
        self.route()
        self.route(user_ids=False, group_ids=self.env.ref("actwin_metering.group_operator").ids)
        self.notify()
        self.run_job()
        self.assertEqual(self.told().user_id, self.site.user_ids)

    def test_the_occupant_is_told_outside_the_application(self):
        tenant = self.env["res.partner"].create({"name": "Tenant", "email": "t@example.com"})
        self.occupy(tenant)
        self.route(user_ids=False, subscribers=True, by_mail=True)
        self.notify()
        self.run_job()
        self.assertEqual(self.told(partner_id=tenant.id).channel, "mail")

    def test_the_same_record_is_not_told_of_again_for_a_while(self):
        self.route(repeat_hours=1)
        self.notify()
        self.notify()
        self.run_job()
        self.notify()
        self.run_job()
        self.assertEqual(len(self.told()), 1)

    def test_everybody_reads_the_own_language(self):
        self.kind.with_context(lang="tr_TR").title = "{{ severity }}, {{ place }}: bakın"
        turk = self.create_person("turk", "operator", lang="tr_TR")
        self.route(user_ids=[Command.set((self.operator + turk).ids)])
        self.notify(severity="critical")
        self.run_job()
        self.assertEqual(
            self.told(user_id=turk.id).title, f"Kritik, {self.point.display_name}: bakın"
        )
        self.assertIn("Critical at", self.told(user_id=self.operator.id).title)

    def test_a_bad_text_stops_no_other(self):
        bad = self.kind.copy({"code": "bad", "name": "Bad"})
        # as if a field had gone with an update: what is typed is checked
        self.env.cr.execute(
            "UPDATE actwin_message_kind SET title = jsonb_build_object('en_US', %s) WHERE id = %s",
            ["{{ object.gone }}", bad.id],
        )
        bad.invalidate_recordset()
        self.route()
        self.message._notify("bad", self.point)
        self.notify()
        self.run_job()
        self.assertEqual(self.states(), ["sent"])
        failed = self.message.search([("kind_id", "=", bad.id)])
        self.assertEqual(failed.state, "failed")
        self.assertIn("object.gone", failed.error)

    def test_texts_show_open_fields_and_run_nothing(self):
        for text in (
            "{{ object.env.user }}",
            "{{ 1 + 1 }}",
            "{{ object.unlink() }}",
            "{{ object.site_id.company_id.vat }}",
            "{{ object.last_reading }}",
            "{{ nothing_known }}",
            "{{ object.channel_ids }}",
        ):
            with self.subTest(text), self.assertRaises(UserError), self.env.cr.savepoint():
                self.kind.text = text
        self.kind.text = "{{ object.site_id.code }} {{ object.meter_id.serial ||| no meter }}"

    def test_a_missing_address_is_a_failure_with_its_reason(self):
        self.operator.partner_id.write({"email": False, "phone": False})
        self.route(by_mail=True, by_sms=True)
        self.notify()
        self.run_job()
        for channel, word in (("mail", "e-mail address"), ("sms", "phone number")):
            message = self.told(channel=channel)
            self.assertEqual(message.state, "failed")
            self.assertIn(word, message.error)
        self.assertEqual(self.states(channel="app"), ["sent"])

    def test_people_choose_within_what_the_route_allows(self):
        self.operator.actwin_by_sms = False
        self.route(by_mail=True, by_sms=True)
        self.notify()
        self.run_job()
        self.assertEqual(set(self.told().mapped("channel")), {"app", "mail"})

    def test_ten_thousand_records_cost_few_queries(self):
        points = self.env["actwin.point"].create(
            [
                {"name": "Many", "code": f"many-{number}", "site_id": self.site.id}
                for number in range(10_000)
            ]
        )
        self.env.flush_all()
        self.env.invalidate_all()
        self.kind.code  # noqa: B018 (read once)
        with self.assertQueryCount(40):
            self.assertEqual(self.notify(points), 10_000)
        self.route(limit_count=3)
        before = self.env.cr.sql_log_count
        self.run_job()
        self.assertLess(self.env.cr.sql_log_count - before, 3000)
        self.assertEqual(self.told().mapped("state").count("sent"), 2)
        self.assertEqual(self.told().mapped("state").count("bundled"), 9_998)
        summary = self.told()[2:].bundle_id
        self.assertEqual((summary.bundled_count, summary.state), (9_998, "sent"))
        self.assertIn("9,998", summary.title)

    def test_texts_are_for_their_readers(self):
        tenant = new_test_user(self.env, "reader", groups="base.group_portal")
        self.occupy(tenant.partner_id)
        other = self.create_person("colleague", "operator")
        manager = self.create_person("boss", "manager")
        self.route(subscribers=True, by_mail=True)
        self.notify()
        self.run_job()
        own = self.told(partner_id=tenant.partner_id.id)
        found = self.message.with_user(tenant).search([])
        self.assertEqual(found, own)
        self.assertIn(self.point.display_name, found.shown_title)
        staffs = self.told(user_id=self.operator.id, channel="app")
        self.assertTrue(staffs.with_user(self.operator).shown_body)
        self.assertFalse(staffs.with_user(other).shown_body)
        self.assertTrue(staffs.with_user(other).state)
        self.assertTrue(staffs.with_user(manager).shown_body)
        for user in (other, self.operator, tenant):
            with self.assertRaises(AccessError):
                own.with_user(user).read(["body"])
        with self.assertRaises(AccessError):
            staffs.with_user(tenant).read(["state"])

    def test_operators_cancel_and_repeat(self):
        self.operator.partner_id.email = False
        self.route(by_app=False, by_mail=True)
        self.notify()
        self.run_job()
        message = self.told()
        self.assertEqual(message.state, "failed")
        with self.assertRaises(AccessError):
            message.with_user(self.create_person("tech", "technician")).action_retry()
        self.operator.partner_id.email = "o@example.com"
        message.with_user(self.operator).action_retry()
        self.run_job()
        self.assertEqual(message.state, "sending")
        with self.assertRaises(UserError):
            message.with_user(self.operator).action_retry()
