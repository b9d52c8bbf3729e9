from datetime import timedelta

from odoo.tests import tagged

from .electric_common import END, ElectricCase, Meter

CAUGHT = {
    "voltage_open": {"E01"},
    "current_open": {"E02", "E08"},
    "reversed": {"E03", "E06", "E08"},
    "swapped": {"E05"},
    "capacitor": {"E06", "E07"},
    "export": {"E03", "E04"},
    "bypass": {"E08"},
    "stopped": {"E10"},
    "voltage_high": {"E12"},
    "frequency": {"E13"},
    "order": {"E14"},
}
"""{fault: rules that have to see it}."""


@tagged("post_install", "-at_install")
class TestAlarmParameters(ElectricCase):
    """Rules E01–E17: faults are found, healthy meters are left alone."""

    def test_no_rule_fires_on_healthy_meters(self):
        points = [self.place("H", seed) for seed in range(5)]
        self.judge(*points)
        for point in points:
            self.assertEqual(self.codes(point), set())

    def test_every_fault_is_found_by_its_rules(self):
        for fault, wanted in CAUGHT.items():
            point = self.place(fault, 1, fault)
            self.judge(point)
            with self.subTest(fault=fault):
                self.assertLessEqual(wanted, self.codes(point))

    def test_what_an_alarm_tells(self):
        point = self.place("T", 1, "current_open")
        self.judge(point)
        alarm = self.alarms(point_id=point.id).filtered(lambda item: item.code == "E02")
        self.assertEqual((alarm.severity, alarm.value, alarm.limit), ("critical", 100, 90))
        self.assertEqual(alarm.message, "L3: in 100 % of 672 readings")
        self.assertEqual((alarm.ts, alarm.ts_last), (END - timedelta(days=7, minutes=-15), END))
        high = self.place("V", 1, "voltage_high")
        self.judge(high)
        self.assertEqual(
            self.alarms(point_id=high.id).mapped("message"), ["L3: 257 V, in 100 % of 672 readings"]
        )

    def test_judged_twice_it_is_one_alarm_and_repaired_it_is_over(self):
        point = self.place("R", 1, "current_open")
        self.judge(point)
        self.judge(point)
        alarm = self.alarms(point_id=point.id).filtered(lambda item: item.code == "E02")
        self.assertEqual((len(alarm), alarm.count), (1, 1))
        self.fill(self.signals(point), Meter(1, days=1), END + timedelta(days=1))
        self.judge(point, end=END + timedelta(days=1))
        self.assertEqual(alarm.state, "cleared")

    def test_without_figures_an_alarm_stays(self):
        point = self.place("N", 1, "current_open")
        self.judge(point)
        before = self.codes(point)
        self.judge(point, end=END + timedelta(days=30))
        self.assertEqual(self.codes(point), before)

    def test_production_and_one_phase_explain(self):
        solar = self.place("S", 3, "export", feeds_in=True)
        single = self.place("O", 3, "current_open", single_phase=True)
        self.judge(solar, single)
        self.assertFalse(self.codes(solar) & {"E03", "E04", "E05"})
        alarm = self.alarms(point_id=single.id).filtered(lambda item: item.code == "E02")
        self.assertEqual(alarm.severity, "info")

    def test_a_share_that_shifts_is_seen_against_the_week_before(self):
        point = self.place("W", 4, "bypass", days=14, fault_days=7)
        steady = self.place("X", 4, days=14)
        self.judge(point, steady)
        self.assertIn("E11", self.codes(point))
        self.assertNotIn("E11", self.codes(steady))

    def test_tariff_registers_and_demand(self):
        point = self.place("D", 5)
        registers = {
            band: self.create_channel(
                point_id=point.id, obis=f"1.8.{band}", band=f"t{band}", digits=9
            )
            for band in (1, 2)
        }
        demand = self.create_channel(
            point_id=point.id, obis="1.6.0", kind="instant", quantity="demand", unit="kW"
        )
        self.env.cr.execute(
            """
            INSERT INTO actwin_reading (channel_id, ts, value)
            SELECT %(t1)s, ts, value * 0.6 FROM actwin_reading WHERE channel_id = %(total)s
            UNION ALL
            SELECT %(t2)s, ts, value * 0.4 FROM actwin_reading WHERE channel_id = %(total)s
            UNION ALL
            SELECT %(demand)s, ts, 1000 FROM actwin_reading WHERE channel_id = %(total)s
            """,
            {
                "t1": registers[1].id,
                "t2": registers[2].id,
                "demand": demand.id,
                "total": self.signals(point)["energy"].id,
            },
        )
        self.judge(point)
        self.assertEqual(self.codes(point), set())
        self.env.cr.execute(
            "UPDATE actwin_reading SET value = value - 1 WHERE channel_id = %s;"
            "UPDATE actwin_reading SET value = 0.5 WHERE channel_id = %s",
            [registers[2].id, demand.id],
        )
        self.judge(point)
        self.assertEqual(self.codes(point), {"E15", "E17"})

    def test_the_job_finds_the_measured_points(self):
        point = self.place("J", 1, "current_open", end=self.env.cr.now().replace(microsecond=0))
        with self.enter_registry_test_mode():
            self.env.ref("actwin_metering.ir_cron_judge_parameters").method_direct_trigger()
        self.env.invalidate_all()
        self.assertIn("E02", self.codes(point))

    def test_a_rule_out_of_its_scope_is_silent(self):
        self.rules.active = False
        rule = self.rules.filtered(lambda item: item.code == "E02")
        rule.write({"active": True, "role": "main"})
        point = self.place("Z", 1, "current_open")
        self.judge(point)
        self.assertEqual(self.codes(point), set())
        rule.role = False
        self.judge(point)
        self.assertEqual(self.codes(point), {"E02"})
