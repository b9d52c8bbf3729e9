from decimal import Decimal as D

from odoo.tests import tagged

from .sharing_common import SharingCommon


@tagged("post_install", "-at_install")
class TestSharingHeat(SharingCommon):
    """Central heating by the by-law: the constructed building, missing devices, hot water."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        flats = [("F1", 100, "1500"), ("F2", 80, "900"), ("F3", 120, "2100"), ("F4", 100, "300")]
        cls.units = [cls.create_unit(*flat) for flat in flats]
        cls.points = cls.env["actwin.point"].union(*(unit.point_id for unit in cls.units))

    def heat(self, amount=20000, settlement=None, **version):
        pool = self.create_pool(self.points, mode="heat", name="Heating", **version)
        settlement = self.settle(pool, amount, **(settlement or {}))
        settlement.action_compute()
        return settlement

    def test_seventy_to_thirty(self):
        settlement = self.heat()
        self.assertEqual(self.amounts(settlement), {
            "F1": D("5875.0"), "F2": D("3825.0"), "F3": D("7925.0"), "F4": D("2375.0")})
        self.assertEqual(
            settlement.share_ids[0].formula, "4375.00 by consumption + 1500.00 by area")

    def test_the_least_consumption(self):
        settlement = self.heat(heat_minimum_factor=0.4)
        self.assertEqual(self.amounts(settlement), {
            "F1": D("5716.87"), "F2": D("3730.12"), "F3": D("7703.61"), "F4": D("2849.4")})

    def test_a_rounded_price_leaves_a_difference(self):
        settlement = self.heat(heat_unit_digits="3")
        self.assertEqual(
            round(settlement.amount_shared + settlement.difference, 2), settlement.amount_cost)
        self.assertNotEqual(settlement.difference, 0)

    def _lose(self, point):
        self.env.cr.execute("DELETE FROM actwin_reading WHERE channel_id = ANY(%s)",
                            [point.channel_ids.ids])
        self.env["actwin.rollup"]._mark(point.channel_ids.ids)

    def test_a_missing_device_is_estimated_by_the_building(self):
        self._lose(self.points[1])
        settlement = self.heat()
        missing = settlement.share_ids.filtered(lambda row: row.point_id == self.points[1])
        self.assertAlmostEqual(missing.consumption, 3900 / 320 * 80, 3)
        self.assertTrue(missing.trace["estimated"])
        self.assertEqual(settlement.difference, 0)

    def test_too_many_missing_devices_share_by_area(self):
        self._lose(self.points[0])
        self._lose(self.points[1])
        settlement = self.heat()
        self.assertEqual(self.amounts(settlement)["F1"], D("5000.0"))
        self.assertTrue(settlement.warning)

    def test_hot_water_of_the_same_boiler_comes_first(self):
        """60 °C: 69.78 kWh a m³ (1.2 × 1000 × 50 × 0.001163); the rest is heating."""
        settlement = self.heat(settlement={
            "hot_water_m3": 10, "hot_water_celsius": 60, "fuel_kwh": 6978})
        self.assertEqual(settlement.hot_water_amount, 2000)
        self.assertEqual(settlement.amount_shared, 20000)
        water = settlement.share_ids.filtered(lambda row: row.name == "Hot water")
        self.assertEqual(sum(water.mapped("amount")), 2000)
