from odoo.tests import tagged

from .alarm_common import AlarmCase


@tagged("post_install", "-at_install")
class TestAlarmReady(AlarmCase):
    """Rules that come with the product: reactive energy, demand, gas, by the law and contracts."""

    def ready(self, *names):
        rules = self.env["actwin.alarm.rule"]
        for name in names:
            rules |= self.env.ref(f"actwin_metering.alarm_rule_{name}")
        rules.active = True
        return rules

    def energies(self, point, active, **reactive):
        """A month's registers of a point: kWh, then kvarh by kind, read at midnights."""
        base = self.create_channel(point_id=point.id, digits=9)
        self.feed([0, active], minutes=24 * 60, channel=base)
        for quantity, value in reactive.items():
            channel = self.create_channel(
                point_id=point.id,
                quantity=f"reactive_{quantity}",
                obis={"inductive": "5.8.0", "capacitive": "8.8.0"}[quantity],
                unit="kvarh",
                digits=9,
            )
            self.feed([0, value], minutes=24 * 60, channel=channel)

    def raised(self, point):
        return set(self.alarms(point_id=point.id).rule_id.mapped("code"))

    def test_reactive_energy_by_the_powers_own_limits(self):
        self.ready(
            *(f"{kind}_{at}" for kind in ("inductive", "capacitive") for at in (80, 90, 100))
        )
        for number, (power, inductive, capacitive, wanted) in enumerate(
            [
                (100, 159, 119, set()),
                (100, 161, 121, {"IND80", "CAP80"}),
                (100, 181, 0, {"IND80", "IND90"}),
                (100, 201, 151, {"IND80", "IND90", "IND100", "CAP80", "CAP90", "CAP100"}),
                (0, 201, 0, {"IND80", "IND90", "IND100"}),
                (49.9, 250, 150, set()),
                (49.9, 331, 201, {"IND80", "IND90", "IND100", "CAP80", "CAP90", "CAP100"}),
                (9, 900, 900, set()),
            ]
        ):
            point = self.create_point(code=f"R{number}", contract_power_kw=power)
            self.energies(point, 1000, inductive=inductive, capacitive=capacitive)
            with self.subTest(power=power, inductive=inductive, capacitive=capacitive):
                self.assertEqual(self.raised(point), wanted)
        alarm = self.alarms(self.ready("inductive_90"), value=18.1)
        self.assertEqual((alarm.limit, alarm.unit), (18, "%"))

    def test_newer_limits_hold_from_their_day(self):
        self.ready("inductive_100")
        limits = self.env["actwin.reactive.limit"]
        limits.create({"date_from": "2026-03-03", "inductive": 10, "source": "next"})
        point = self.create_point(code="N1", contract_power_kw=100)
        self.energies(point, 1000, inductive=150)
        self.assertFalse(self.raised(point))
        limits.create({"date_from": "2026-03-02", "inductive": 12, "source": "new"})
        self.rollup._mark(point.channel_ids.ids)
        self.roll()
        self.assertEqual(self.raised(point), {"IND100"})

    def test_demand_is_the_mean_of_a_quarter_of_an_hour(self):
        rules = self.ready("demand_90", "demand_100")
        self.point.contract_power_kw = 100
        # five minutes at 150 kW within a quarter of 70 kW, then a quarter of 102 kW
        index, values = 0, [0]
        for power in (30, 150, 30, 102, 102, 102, 30):
            index += power / 12
            values.append(round(index, 3))
        self.feed(values, minutes=5, channel=self.channel)
        self.assertEqual(self.alarms().rule_id, rules)
        self.assertEqual(self.spans(rules[1]), [(0.25, None)])
        alarm = self.alarms(rules[1])
        self.assertEqual((alarm.peak, alarm.limit, alarm.unit), (102, 100, "kW"))
        self.feed([index + 2.5, index + 5], start=0.75 - 1 / 12, minutes=5, channel=self.channel)
        self.assertEqual(self.spans(rules[1]), [(0.25, 0.5)])

    def test_demand_from_a_profile_of_the_half_hour(self):
        rule = self.ready("demand_100")
        self.channel.active = False
        self.point.contract_power_kw = 100
        profile = self.create_channel(obis="1.29.0", kind="interval", interval_minutes=30)
        self.feed([49, 51, 49], start=0.5, minutes=30, channel=profile)
        self.assertEqual((self.spans(rule), self.alarms().peak), ([(0.5, 1)], 102))

    def test_gas_of_the_day(self):
        rule = self.ready("gas_day")
        gas = self.create_point(
            code="G", commodity="gas", contract_day_min=10, contract_day_max=100
        )
        channel = self.create_channel(point_id=gas.id, quantity="volume", unit="m3", digits=9)
        self.feed([0, 101], minutes=600, channel=channel)
        self.assertEqual(self.spans(rule), [(0, None)])
        self.feed([110, 115, 165], start=24, minutes=24 * 60, channel=channel)
        # 110, then 5, then 50: outside for two days
        self.assertEqual(self.spans(rule), [(0, 48)])
