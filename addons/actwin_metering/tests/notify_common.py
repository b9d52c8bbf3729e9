"""Builders shared by the tests of notices to people."""

from odoo import Command, fields
from odoo.tests import new_test_user

from .common import MeteringCase

TEXT = {
    "title": "{{ severity }} at {{ place }}",
    "text": "{{ object.code }} at {{ time }}",
    "sms_text": "{{ severity }}: {{ place }}",
}


class NotifyCase(MeteringCase):
    """A site with a point, an operator who is told, and a kind of message about points."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("tr_TR")
        cls.env["actwin.message.route"].search([]).active = False
        cls.operator = cls.create_person("told-operator", "operator")
        cls.kind = cls.env["actwin.message.kind"].create(
            {"name": "Test", "code": "test", "model": "actwin.point", **TEXT}
        )
        cls.message = cls.env["actwin.message"]

    @classmethod
    def create_person(cls, login, role, **values):
        values = {"email": f"{login}@example.com", "phone": "+90 532 123 45 67", **values}
        return new_test_user(cls.env, login, groups=f"actwin_metering.group_{role}", **values)

    @classmethod
    def route(cls, **values):
        """A route by the application only, without limits or quiet hours."""
        values = {
            "name": "Test route",
            "user_ids": [Command.set(cls.operator.ids)],
            "severity": "info",
            "by_app": True,
            "by_mail": False,
            "limit_count": 0,
            "quiet_from": 0,
            "quiet_to": 0,
            **values,
        }
        return cls.env["actwin.message.route"].create(values)

    def notify(self, records=None, **values):
        return self.message._notify("test", records or self.point, values)

    def run_job(self):
        """The job of sending, as the scheduler calls it: again for as long as something is left."""
        job = self.env.ref("actwin_metering.ir_cron_send_messages")
        for _round in range(9):
            with self.enter_registry_test_mode():
                job.method_direct_trigger()
            self.env.invalidate_all()
            if not self.message._remaining():
                break

    def told(self, **values):
        domain = [(name, "=", value) for name, value in values.items()]
        return self.message.search([("kind_id", "=", self.kind.id), *domain], order="id")

    def states(self, **values):
        return self.told(**values).mapped("state")

    def occupy(self, partner, point=None):
        subscriber = self.env["actwin.subscriber"].create(
            {"partner_id": partner.id, "site_id": self.site.id}
        )
        return self.env["actwin.occupancy"].create(
            {
                "point_id": (point or self.point).id,
                "subscriber_id": subscriber.id,
                "date_from": fields.Date.add(fields.Date.today(), years=-1),
            }
        )
