from datetime import UTC, datetime, timedelta
from decimal import Decimal

from odoo.tests import tagged

from odoo.addons.actwin_metering.tests.common import make_batch

from .common import DAY, LossCase


@tagged("post_install", "-at_install")
class TestIngest(LossCase):
    """The whole way: readings delivered, rolled up, balanced."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.collector = cls.env["actwin.collector"].create(
            {"name": "Loss collector", "code": "LC1", "site_id": cls.site.id}
        )
        cls.collector._ensure_user()
        cls.start = int(datetime(DAY.year, DAY.month, DAY.day, tzinfo=UTC).timestamp()) - 3 * 3600

    def deliver(self, hours, rates):
        """Index readings at the full hours of the site's day; rates are kWh an hour."""
        rows = [
            (channel.key, self.start + hour * 3600, str(Decimal(hour) * rate + 100), 0)
            for channel, rate in zip(self.energy, rates, strict=True)
            for hour in hours
        ]
        readings = self.env["actwin.reading"].with_user(self.collector.user_id)
        self.assertEqual(readings.ingest(make_batch(rows, collector="LC1"))["rejected"], [])
        self.env["actwin.rollup"]._process_dirty()

    def test_delivered_readings_become_a_balance(self):
        self.deliver(range(25), (40, 25, 12, 1))
        balance = self.balance()
        self.assertEqual(
            (balance.main_kwh, balance.children_kwh, balance.common_kwh, balance.state),
            (960, 888, 24, "over"),
        )
        self.assertEqual(balance.technical_kwh, 10.1382)  # 9.288 + 78 * 0.01 * 1.09

    def test_late_readings_complete_the_day(self):
        self.deliver(range(20), (40, 25, 12, 1))
        self.assertEqual(self.balance().state, "incomplete")
        self.deliver(range(20, 25), (40, 25, 12, 1))
        self.assertEqual(self.balance().state, "over")

    def test_a_following_day_leaves_a_closed_one_alone(self):
        self.deliver(range(25), (40, 25, 12, 1))
        self.node._update_balances()
        self.deliver(range(25, 49), (40, 25, 12, 1))
        self.assertEqual(self.node._update_balances(), 1)
        self.assertEqual(self.balance(DAY + timedelta(days=1)).main_kwh, 960)
