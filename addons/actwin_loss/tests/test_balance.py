from datetime import timedelta

from freezegun import freeze_time

from odoo.tests import tagged

from .common import DAY, LossCase


@tagged("post_install", "-at_install")
class TestBalance(LossCase):
    def exact(self, balance, column):
        """Stored figure as text: the ORM would give a binary float."""
        self.env.cr.execute(
            f"SELECT trim_scale({column})::text FROM actwin_loss_balance WHERE id = %s",
            [balance.id],
        )
        return self.env.cr.fetchone()[0]

    def test_figures_of_a_complete_day(self):
        self.fill_all()
        balance = self.balance()
        self.assertEqual(self.exact(balance, "main_kwh"), "1000")
        self.assertEqual(self.exact(balance, "children_kwh"), "900")
        self.assertEqual(self.exact(balance, "common_kwh"), "50")
        # P0 24 h * 0.387 kW; Pk 24 * 3.25 kW * (41.6667 / 400)^2 * 1.09
        self.assertEqual(self.exact(balance, "technical_kwh"), "10.210526")
        self.assertEqual(self.exact(balance, "unexplained_kwh"), "39.789474")
        self.assertEqual(self.exact(balance, "unexplained_pct"), "3.978947")
        # 2/sqrt(3) * sqrt(5^2 + 6^2 + 3^2 + 0.5^2), twice that is above 1.5 % of 1000
        self.assertEqual(self.exact(balance, "uncertainty_kwh"), "9.678154")
        self.assertEqual(self.exact(balance, "band_kwh"), "19.356308")
        self.assertEqual(balance.state, "over")

    def test_in_band(self):
        self.fill_all(a=630)
        self.assertEqual(self.balance().state, "ok")

    def test_negative_loss(self):
        self.fill_all(a=680)
        self.assertEqual(self.balance().state, "under")

    def test_own_tolerance_replaces_the_computed_band(self):
        self.node.tolerance_percent = 5
        self.fill_all()
        balance = self.balance()
        self.assertEqual((balance.band_kwh, balance.state), (50, "ok"))

    def test_reactive_energy_raises_the_load_loss(self):
        reactive = self.create_channel(
            self.main, "5.8.0", quantity="reactive_inductive", unit="kVArh"
        )
        self.fill_all()
        self.fill(reactive, 1000)
        # S^2 doubles, so does the load part of the loss
        self.assertEqual(self.exact(self.balance(), "technical_kwh"), "11.133052")

    def test_energy_over_a_gap_counts_as_even_load(self):
        self.fill_all()
        channel = self.main.channel_ids
        middle = "hour >= '2026-03-10 05:00' AND hour < '2026-03-10 10:00'"
        self.env.cr.execute(
            f"SELECT sum(consumption) FROM actwin_consumption_hour"
            f" WHERE channel_id = %s AND ({middle} OR hour = '2026-03-10 10:00')",
            [channel.id],
        )
        total = self.env.cr.fetchone()[0]
        self.drop("hour", channel, middle)
        self.env.cr.execute(
            "UPDATE actwin_consumption_hour SET consumption = %s"
            " WHERE channel_id = %s AND hour = '2026-03-10 10:00'",
            [total, channel.id],
        )
        balance = self.balance()
        self.assertEqual(balance.state, "over")
        self.assertEqual(self.exact(balance, "technical_kwh"), "10.210526")

    def test_lines_show_each_meter(self):
        self.fill_all()
        lines = {line.point_id.code: (line.part, line.consumption_kwh, line.missing)
                 for line in self.balance().line_ids}  # fmt: skip
        self.assertEqual(
            lines,
            {
                "MAIN": ("main", 1000, False),
                "A": ("child", 600, False),
                "B": ("child", 300, False),
                "C": ("common", 50, False),
            },
        )

    def assert_incomplete(self, *points):
        balance = self.balance()
        self.assertEqual(balance.state, "incomplete")
        self.assertEqual(balance.missing, ", ".join(sorted(p.display_name for p in points)))
        self.assertEqual(balance.line_ids.filtered("missing").point_id, sum(points, points[0]))
        self.env.cr.execute(
            "SELECT main_kwh, unexplained_kwh, unexplained_pct FROM actwin_loss_balance"
            " WHERE id = %s",
            [balance.id],
        )
        self.assertEqual(self.env.cr.fetchone(), (None, None, None))

    def test_a_meter_without_the_day_makes_it_incomplete(self):
        self.fill_all()
        self.drop("day", self.tenant_b.channel_ids)
        self.drop("day", self.common.channel_ids)
        self.assert_incomplete(self.tenant_b, self.common)

    def test_a_fault_makes_it_incomplete(self):
        self.fill_all()
        self.fill(self.tenant_a.channel_ids, 600, faults=1)
        self.assert_incomplete(self.tenant_a)

    def test_a_day_that_was_not_closed_is_incomplete(self):
        self.fill_all()
        self.drop("hour", self.main.channel_ids, "hour = '2026-03-10 20:00'")
        self.assert_incomplete(self.main)

    def test_an_index_without_the_value_at_midnight_is_incomplete(self):
        self.fill_all()
        self.drop("hour", self.tenant_a.channel_ids, "hour = '2026-03-09 20:00'")
        self.assert_incomplete(self.tenant_a)

    def test_an_index_may_miss_hours_inside_the_day(self):
        self.fill_all(a=630)
        self.drop("hour", self.tenant_a.channel_ids, "hour = '2026-03-10 08:00'")
        self.assertEqual(self.balance().state, "ok")

    def test_interval_values_may_not_miss_an_hour(self):
        self.tenant_a.channel_ids.kind = "interval"
        self.fill_all(a=630)
        self.assertEqual(self.balance().state, "ok")
        self.drop("hour", self.tenant_a.channel_ids, "hour = '2026-03-10 08:00'")
        self.fill_day(self.tenant_a.channel_ids, DAY, 604)
        self.assert_incomplete(self.tenant_a)

    def test_interval_values_need_no_hour_before(self):
        self.tenant_a.channel_ids.kind = "interval"
        self.fill_all(a=630)
        self.drop("hour", self.tenant_a.channel_ids, "hour = '2026-03-09 20:00'")
        self.assertEqual(self.balance().state, "ok")

    def test_a_point_without_register_is_named(self):
        bare = self.create_point("BARE", parent_id=self.main.id)
        self.fill_all()
        self.assert_incomplete(bare)

    def test_a_silent_day_between_is_incomplete(self):
        self.fill_all()
        self.fill_all(day=DAY + timedelta(days=2))
        self.assertEqual(self.balance(DAY + timedelta(days=1)).state, "incomplete")

    def test_repeating_changes_nothing(self):
        self.fill_all()
        self.assertEqual(self.node._update_balances(), 1)
        self.env.cr.execute("SELECT id, xmin::text FROM actwin_loss_balance")
        before = self.env.cr.fetchall()
        self.assertEqual(self.node._update_balances(), 0)
        self.env.cr.execute("SELECT id, xmin::text FROM actwin_loss_balance")
        self.assertEqual(self.env.cr.fetchall(), before)

    def test_only_the_changed_day_is_computed_again(self):
        for offset in range(4):
            self.fill_all(day=DAY + timedelta(days=offset))
        self.assertEqual(self.node._update_balances(), 4)
        self.fill_day(self.tenant_a.channel_ids, DAY + timedelta(days=3), 640)
        self.assertEqual(self.node._update_balances(), 1)
        self.assertEqual(self.balance(DAY + timedelta(days=3)).children_kwh, 940)
        self.assertEqual(self.balance(DAY).children_kwh, 900)
        # a change touches its day and the next, which starts where this one ends
        self.fill_day(self.tenant_a.channel_ids, DAY, 640)
        self.assertEqual(self.node._update_balances(), 2)

    def test_changed_lines_replace_the_old_ones(self):
        self.fill_all()
        self.assertEqual(len(self.balance().line_ids), 4)
        self.common.active = False
        balance = self.balance()
        self.assertEqual(len(balance.line_ids), 3)
        self.assertEqual(balance.common_kwh, 0)

    def test_a_changed_nameplate_computes_all_days_again(self):
        self.fill_all()
        self.fill_all(day=DAY + timedelta(days=1))
        self.node._update_balances()
        self.node.no_load_w = 0
        self.assertEqual(self.node._update_balances(), 2)
        self.assertEqual(self.exact(self.balance(), "technical_kwh"), "0.922526")

    def test_dates_bound_the_work(self):
        for offset in range(4):
            self.fill_all(day=DAY + timedelta(days=offset))
        first, last = DAY + timedelta(days=1), DAY + timedelta(days=2)
        self.assertEqual(self.node._update_balances(first, last), 2)

    def test_the_running_day_waits(self):
        self.fill_all()
        with freeze_time("2026-03-10 20:59:59"):  # 23:59:59 at the site
            self.assertEqual(self.node._update_balances(), 0)
        with freeze_time("2026-03-10 21:00:00"):
            self.assertEqual(self.node._update_balances(), 1)

    def test_a_node_of_another_zone_has_its_own_days(self):
        self.site.tz = "Europe/Berlin"
        self.fill_all(a=630)
        # the day begins an hour later now: its last hour was never filled
        self.assertEqual(self.balance().state, "incomplete")

    def test_no_rollup_gives_no_balance(self):
        self.assertEqual(self.node._update_balances(), 0)

    def test_cron_brings_every_node_up_to_date(self):
        self.fill_all()
        with self.enter_registry_test_mode():
            self.env.ref("actwin_loss.ir_cron_update_balances").method_direct_trigger()
        self.assertEqual(self.node.balance_ids.mapped("state"), ["over"])
