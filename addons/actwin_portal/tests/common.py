from datetime import datetime, time, timedelta, timezone
from decimal import Decimal

from odoo import Command
from odoo.tests import HttpCase

from odoo.addons.actwin_metering.tests.common import make_batch

ISTANBUL = timezone(timedelta(hours=3))


class PortalCase(HttpCase):
    """One point with two tenants in turn, fed through the real ingest, and a stranger.

    Former until 9 February 2024, current from the 10th on. Consumption of 1 to 20 February is
    the number of the day (in T1 half of it), so every figure tells the days it is made of.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.site = cls.env["actwin.site"].create({"name": "Zone", "code": "PZ1"})
        cls.point = cls.create_point("P1", "Weaving hall")
        cls.total = cls.create_channel(cls.point, "1.8.0")
        cls.bands = [cls.create_channel(cls.point, f"1.8.{n}", band=f"t{n}") for n in (1, 2)]
        cls.former, cls.former_sub = cls.create_tenant("former")
        cls.current, cls.current_sub = cls.create_tenant("current")
        cls.stranger, cls.stranger_sub = cls.create_tenant("stranger")
        cls.occupy(cls.former_sub, cls.point, "2023-11-01", "2024-02-09")
        cls.occupy(cls.current_sub, cls.point, "2024-02-10")
        cls.collector = cls.env["actwin.collector"].create(
            {"name": "Portal collector", "code": "PC1", "site_id": cls.site.id}
        )
        cls.collector._ensure_user()
        days = {day: Decimal(day) for day in range(1, 21)}
        cls.feed(cls.total, 2024, 2, days)
        cls.feed(cls.bands[0], 2024, 2, {day: kwh / 2 for day, kwh in days.items()})
        cls.feed(cls.bands[1], 2024, 2, {day: kwh / 2 for day, kwh in days.items()})

    @classmethod
    def create_point(cls, code, name, **values):
        return cls.env["actwin.point"].create(
            {"name": name, "code": code, "site_id": cls.site.id, **values}
        )

    @classmethod
    def create_channel(cls, point, obis, **values):
        values = {"point_id": point.id, "obis": obis, "digits": 8, "unit": "kWh", **values}
        return cls.env["actwin.channel"].create(values)

    @classmethod
    def create_tenant(cls, login, lang="en_US"):
        """(portal user, subscriber) of a company of its own; the password is the login."""
        partner = cls.env["res.partner"].create(
            {"name": f"Tenant {login}", "is_company": True, "lang": lang}
        )
        user = cls.env["res.users"].with_context(no_reset_password=True).create(
            {
                "name": partner.name,
                "login": login,
                "password": login * 2,
                "partner_id": partner.id,
                "group_ids": [Command.set(cls.env.ref("base.group_portal").ids)],
            }
        )  # fmt: skip
        subscriber = cls.env["actwin.subscriber"].create(
            {"partner_id": partner.id, "site_id": cls.site.id, "note": "pays late"}
        )
        return user, subscriber

    @classmethod
    def occupy(cls, subscriber, point, date_from, date_to=False):
        return cls.env["actwin.occupancy"].create(
            {
                "subscriber_id": subscriber.id,
                "point_id": point.id,
                "date_from": date_from,
                "date_to": date_to,
            }
        )

    @classmethod
    def feed(cls, channel, year, month, kwh_by_day, status=0):
        """Readings of an index at the site's midnights, rolled up."""
        midnight = datetime.combine(
            datetime(year, month, min(kwh_by_day)).date(), time(), ISTANBUL
        )
        index = Decimal(1000)
        rows = [(channel.key, int(midnight.timestamp()), str(index), 0)]
        for offset, kwh in enumerate(kwh_by_day.values(), 1):
            index += kwh
            moment = int((midnight + timedelta(days=offset)).timestamp())
            rows.append((channel.key, moment, str(index), status))
        readings = cls.env["actwin.reading"].with_user(cls.collector.user_id)
        answer = readings.ingest(make_batch(rows, collector="PC1"))
        assert answer["accepted"] == len(rows), answer
        cls.env["actwin.rollup"]._process_dirty()

    def login(self, user):
        self.authenticate(user.login, user.login * 2)

    def series(self, point=None, month="2024-02"):
        path = f"/my/energy/{(point or self.point).id}/series"
        return self.make_jsonrpc_request(path, {"month": month})

    def page(self, path):
        return self.url_open(path, allow_redirects=False)
