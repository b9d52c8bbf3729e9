from datetime import date, datetime, time, timedelta

from odoo.tests import TransactionCase

DAY = date(2026, 3, 10)
ISTANBUL = timedelta(hours=3)


class LossCase(TransactionCase):
    """A transformer with a main meter, two tenants and a common-area meter, all complete."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.site = cls.create_site("LOSS1")
        cls.main = cls.create_point("MAIN", role="main")
        cls.tenant_a = cls.create_point("A", parent_id=cls.main.id)
        cls.tenant_b = cls.create_point("B", parent_id=cls.main.id)
        cls.common = cls.create_point("C", role="common", parent_id=cls.main.id)
        cls.points = cls.main + cls.tenant_a + cls.tenant_b + cls.common
        cls.energy = [cls.create_channel(point) for point in cls.points]
        cls.node = cls.create_node()

    @classmethod
    def create_site(cls, code, **values):
        values = {"name": code, "code": code, "tz": "Europe/Istanbul", **values}
        return cls.env["actwin.site"].create(values)

    @classmethod
    def create_point(cls, code, **values):
        values = {"name": f"Point {code}", "code": code, "site_id": cls.site.id, **values}
        return cls.env["actwin.point"].create(values)

    @classmethod
    def create_channel(cls, point, obis="1.8.0", **values):
        values = {"point_id": point.id, "obis": obis, "unit": "kWh", "kind": "index", **values}
        return cls.env["actwin.channel"].create(values)

    @classmethod
    def create_node(cls, **values):
        values = {
            "name": "Transformer 1",
            "point_id": cls.main.id,
            "rated_kva": 400,
            "no_load_w": 387,
            "load_w": 3250,
            "power_factor": 1,
            **values,
        }
        return cls.env["actwin.loss.node"].create(values)

    @classmethod
    def fill(cls, channel, kwh, day=DAY, **values):
        """Rollups of one day and the hour before it, as complete readings leave them.

        The consumption lies evenly on the 24 hours; ``values`` go to the day's row.
        """
        start = datetime.combine(day, time()) - ISTANBUL
        before = start - timedelta(hours=1)
        cls._store(channel, "hour", before, {"consumption": "0"}, "NOTHING")
        for hour in range(24):
            cls.fill_hour(channel, start + timedelta(hours=hour), kwh / 24)
        cls.fill_day(channel, day, kwh, **values)

    @classmethod
    def fill_day(cls, channel, day, kwh, **values):
        cls._store(channel, "day", day, {"consumption": str(kwh), **values})

    @classmethod
    def fill_hour(cls, channel, hour, kwh):
        cls._store(channel, "hour", hour, {"consumption": f"{kwh:.12f}"})

    @classmethod
    def _store(cls, channel, bucket, moment, values, conflict=None):
        """One row of a rollup table, which only SQL writes."""
        row = {
            "channel_id": channel.id,
            "point_id": channel.point_id.id,
            "site_id": channel.site_id.id,
            "company_id": channel.company_id.id,
            bucket: moment,
            "count": 4,
            "quality": "0",
            "rollovers": 0,
            "faults": 0,
            **values,
        }
        names = ", ".join(row)
        marks = ", ".join(["%s"] * len(row))
        updates = ", ".join(f"{name} = EXCLUDED.{name}" for name in row)
        cls.env.cr.execute(
            f"INSERT INTO actwin_consumption_{bucket} ({names}) VALUES ({marks})"
            f" ON CONFLICT (channel_id, {bucket}) DO {conflict or f'UPDATE SET {updates}'}",
            list(row.values()),
        )

    @classmethod
    def fill_all(cls, main=1000, a=600, b=300, common=50, day=DAY):
        for channel, kwh in zip(cls.energy, (main, a, b, common), strict=True):
            cls.fill(channel, kwh, day)

    @classmethod
    def drop(cls, bucket, channel, where="TRUE"):
        cls.env.cr.execute(
            f"DELETE FROM actwin_consumption_{bucket} WHERE channel_id = %s AND {where}",
            [channel.id],
        )

    def balance(self, day=DAY, node=None):
        node = node or self.node
        node._update_balances()
        return self.env["actwin.loss.balance"].search(
            [("node_id", "=", node.id), ("day", "=", day)]
        )
