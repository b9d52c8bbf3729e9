"""A building: units with areas and readings, a pool, and a settlement of November."""

from decimal import Decimal

from odoo import Command

from .common import BillingCommon


class SharingCommon(BillingCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.owner = cls.env["res.partner"].create({"name": "Owner of the building"})
        cls.single_rate = cls.create_tariff(
            [{"kind": "energy", "name": "Energy", "price": 3}], code="1T")

    @classmethod
    def create_unit(cls, code, area, consumption="100", **values):
        """A subscription at a point with an area, occupied by its subscriber."""
        values.setdefault("tariff", cls.single_rate)  # the meters count no bands
        subscription = cls.create_subscription(code, {"": consumption}, **values)
        subscription.point_id.area_m2 = area
        cls.env["actwin.occupancy"].create({
            "point_id": subscription.point_id.id, "date_from": "2020-01-01",
            "subscriber_id": subscription.subscriber_id.id,
        })
        return subscription

    @classmethod
    def create_pool(cls, points, mode="mirror", key="actwin_billing.share_key_area", **values):
        version = {
            name: values.pop(name) for name in list(values)
            if name == "price" or name.startswith("heat_")
        }
        return cls.env["actwin.cost.pool"].create({
            "name": "Lighting", "site_id": cls.site.id, "owner_id": cls.owner.id,
            "version_ids": [Command.create({
                "mode": mode, "key_id": cls.env.ref(key).id if key else False, **version})],
            "member_ids": [Command.create({"point_id": point.id}) for point in points],
            **values,
        })

    @classmethod
    def settle(cls, pool, *costs, **values):
        return cls.env["actwin.cost.settlement"].create({
            "pool_id": pool.id, "date_from": "2025-11-01", "date_to": "2025-11-30",
            "cost_ids": [
                Command.create(cost if isinstance(cost, dict) else {
                    "name": "Electricity", "amount": cost}) for cost in costs
            ],
            **values,
        })

    def amounts(self, settlement):
        """{point code: exact sum of its shares}."""
        sums = {}
        for share in settlement.share_ids:
            code = share.point_id.code
            sums[code] = sums.get(code, Decimal(0)) + Decimal(str(share.amount))
        return sums
