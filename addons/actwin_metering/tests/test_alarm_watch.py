from datetime import timedelta
from itertools import permutations
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import ValidationError
from odoo.tests import tagged

from ..models.alarms import watch_sql
from .alarm_common import AlarmCase, at
from .common import make_batch


@tagged("post_install", "-at_install")
class TestAlarmWatch(AlarmCase):
    """Rules on readings: limits, hysteresis, delay, calm, hours; whatever order data come in."""

    def test_from_beyond_the_limit_until_back_inside(self):
        self.create_rule(severity="serious")
        self.feed([9, 10, 12, 15, 11])
        alarm = self.alarms()
        self.assertEqual(
            (alarm.state, alarm.severity, alarm.channel_id, alarm.point_id),
            ("raised", "serious", self.power, self.point),
        )
        self.assertEqual((alarm.ts, alarm.ts_last), (at(0.5), at(1)))
        self.assertEqual((alarm.value, alarm.peak, alarm.limit, alarm.unit), (11, 15, 10, "kW"))
        self.assertEqual(alarm.count, 3)
        self.feed([14, 10, 9], start=1.25)
        self.assertEqual((alarm.state, alarm.cleared_ts), ("cleared", at(1.5)))
        self.assertEqual((alarm.count, alarm.value, alarm.peak), (4, 14, 15))

    def test_below_and_band(self):
        below = self.create_rule(direction="below", lower=3)
        band = self.create_rule(type="band", lower=4, limit=20, reopen_minutes=0)
        self.feed([5, 3, 2, 5, 21, 30, 5])
        self.assertEqual(self.spans(below), [(0.5, 0.75)])
        self.assertEqual(self.spans(band), [(0.25, 0.75), (1, 1.5)])
        low, high = self.alarms(band)
        self.assertEqual((low.peak, low.limit, high.peak, high.limit), (2, 4, 30, 20))

    def test_hysteresis_keeps_it_on_and_keeps_it_off(self):
        rule = self.create_rule(hysteresis=2)
        self.feed([9, 9.5, 11, 9, 8.5, 8, 9, 9.9])
        self.assertEqual(self.spans(rule), [(0.5, 1.25)])

    def test_hysteresis_over_midnight_follows_the_alarm(self):
        rule = self.create_rule(hysteresis=2)
        self.feed([11, 9], start=23)
        self.feed([9, 9, 9], start=24.25)
        self.assertEqual(self.spans(rule), [(23, None)])
        self.feed([7], start=25)
        self.assertEqual(self.spans(rule), [(23, 25)])

    def test_delay_wants_it_to_last(self):
        rule = self.create_rule(delay_minutes=30)
        self.feed([11, 12, 9, 11, 12])
        self.assertFalse(self.alarms(rule))
        self.feed([13], start=1.25)
        self.assertEqual(self.spans(rule), [(0.75, None)])

    def test_delay_runs_over_midnight(self):
        rule = self.create_rule(delay_minutes=45)
        self.feed([11, 11], start=23.5)
        self.feed([11, 11], start=24)
        self.assertEqual(self.spans(rule), [(23.5, None)])

    def test_calm_must_last_to_end_it(self):
        rule = self.create_rule(clear_minutes=30)
        self.feed([11, 9, 9, 12, 9, 9, 9])
        self.assertEqual(self.spans(rule), [(0, 1)])
        self.assertEqual(self.alarms(rule).count, 2)

    def test_hours_of_the_site(self):
        rule = self.create_rule(hour_from=22, hour_to=6)
        self.feed([11] * 30, start=0, minutes=60)
        # a reading belongs to the time that it ends
        self.assertEqual(self.spans(rule), [(0, 7), (23, None)])

    def test_a_night_belongs_to_the_day_it_began(self):
        days = dict.fromkeys(("mon", "wed", "thu", "fri", "sat", "sun"), False)
        rule = self.create_rule(hour_from=22, hour_to=6, **days)  # Tuesday night
        self.feed([11] * 72, start=1, minutes=60)
        self.assertEqual(self.spans(rule), [(24 + 23, 48 + 7)])

    def test_every_order_of_delivery_ends_in_the_same_alarms(self):
        rule = self.create_rule(hysteresis=2, clear_minutes=15)
        pieces = [([11, 9, 7], 0), ([7, 12, 12], 0.75), ([7, 7, 9], 1.5), ([9, 13, 7], 2.25)]
        for reopen, wanted in (
            (0, [(0, 0.5), (1, 1.5), (2.5, 2.75)]),
            (45, [(0, 1.5), (2.5, 2.75)]),
        ):
            rule.reopen_minutes = reopen
            self.check_orders(rule, pieces, wanted)

    def check_orders(self, rule, pieces, wanted):
        for order in list(permutations(pieces))[::3]:
            name = f"{rule.reopen_minutes} {[start for _values, start in order]}"
            with self.subTest(name):
                point = self.create_point(code=name)
                channel = self.create_channel(
                    point_id=point.id, kind="instant", quantity="power", unit="kW", obis="1.7.0"
                )
                for values, start in order:
                    self.feed(values, start, channel=channel)
                self.feed([7], start=3, channel=channel)
                found = [
                    ((a.ts - at(0)).total_seconds() / 3600,
                     (a.cleared_ts - at(0)).total_seconds() / 3600)
                    for a in self.alarms(rule, channel_id=channel.id)
                ]  # fmt: skip
                self.assertEqual(found, wanted)

    def test_late_figures_show_that_it_never_was_over(self):
        rule = self.create_rule(clear_minutes=30, reopen_minutes=10)
        self.feed([11, 9, None, 9])
        self.assertEqual(self.spans(rule), [(0, 0.25)])
        self.feed([12], start=0.5)
        self.assertEqual(self.spans(rule), [(0, None)])
        self.assertEqual(self.alarms(rule).state, "raised")

    def test_judged_again_nothing_changes(self):
        rule = self.create_rule()
        self.feed([11, 9, 12, 13])
        before = [self.alarms(rule).read(), self.env["actwin.message.notice"].search_count([])]
        for _round in range(3):
            self.rollup._mark([self.power.id])
            self.roll()
        after = [self.alarms(rule).read(), self.env["actwin.message.notice"].search_count([])]
        self.assertEqual(before, after)

    def test_a_corrected_reading_ends_its_alarm(self):
        rule = self.create_rule()
        self.feed([9, 99])
        self.assertEqual(self.spans(rule), [(0.25, None)])
        self.env["actwin.reading.version"].correct(self.power.id, str(at(0.25)), "9", "typo")
        self.roll()
        self.assertEqual(self.alarms(rule).state, "cleared")

    def test_cleared_by_hand_stays_silent_until_it_was_over(self):
        rule = self.create_rule()
        self.feed([11])
        self.alarms(rule)._clear_by_hand("known")
        self.feed([12, 13], start=0.25)
        self.assertEqual(len(self.alarms(rule)), 1)
        self.feed([9], start=0.75)
        self.assertFalse(self.alarms(rule).still_on)
        self.feed([11], start=1)
        self.assertEqual((len(self.alarms(rule)), self.spans(rule)[-1]), (2, (1, None)))

    def test_cleared_by_hand_and_what_comes_again_in_one_delivery(self):
        rule = self.create_rule()
        self.feed([11, 11])
        self.alarms(rule)._clear_by_hand("known")
        self.feed([12, 9, 11], start=0.5)
        self.assertEqual((len(self.alarms(rule)), self.spans(rule)[-1]), (2, (1, None)))

    def test_only_in_its_scope(self):
        other = self.create_point(code="P2", role="common")
        channel = self.create_channel(
            point_id=other.id, kind="instant", quantity="power", unit="kW", obis="1.7.0"
        )
        foreign = self.create_site(code="TS2")
        rules = {
            "all": self.create_rule(),
            "point": self.create_rule(point_ids=[Command.set(other.ids)]),
            "role": self.create_rule(role="common"),
            "code": self.create_rule(obis="31.7.0"),
            "quantity": self.create_rule(quantity="voltage"),
            "commodity": self.create_rule(commodity="water"),
            "site": self.create_rule(site_id=foreign.id),
            "off": self.create_rule(active=False),
        }
        self.send((str(at(0)), "11"), channel=self.power)
        self.feed([11], channel=channel)
        found = {
            name: set(self.alarms(rule).point_id.mapped("code")) for name, rule in rules.items()
        }
        self.assertEqual(
            found,
            {
                "all": {"P1", "P2"},
                "point": {"P2"},
                "role": {"P2"},
                "code": set(),
                "quantity": set(),
                "commodity": set(),
                "site": set(),
                "off": set(),
            },
        )

    def test_a_rule_without_company_holds_for_every_company(self):
        rule = self.create_rule(site_id=False)
        rule.company_id = False
        self.feed([11])
        self.assertEqual(len(self.alarms(rule)), 1)
        stranger = self.env["res.company"].create({"name": "Stranger"})
        other = self.create_rule(site_id=False, company_id=stranger.id)
        self.feed([12], start=0.25)
        self.assertFalse(self.alarms(other))

    def test_unusable_readings_are_not_judged(self):
        rule = self.create_rule()
        self.send((str(at(0)), "11", 1))
        answer = self.send((str(at(0)), "99", 1), channel=self.power)
        self.assertEqual(answer["accepted"], 1)
        self.roll()
        self.assertFalse(self.alarms(rule))

    def test_what_was_over_long_ago_is_kept_without_a_word(self):
        self.create_rule()
        notices = self.env["actwin.message.notice"]
        self.feed([11, 9])
        self.assertEqual(len(self.alarms()), 1)
        self.assertFalse(notices.search([("res_id", "=", self.alarms().id)]))
        self.feed([11], start=40)
        open_one = self.alarms(open=True)
        self.assertEqual(
            notices.search([("res_id", "=", open_one.id)]).kind_id.code, "alarm_raised"
        )

    def test_what_lies_beyond_the_horizon_raises_nothing(self):
        self.create_rule()
        with patch.object(watch_sql, "HORIZON", timedelta(days=1)):
            self.feed([11, 9])
        self.assertFalse(self.alarms())

    def test_many_channels_cost_no_more_statements(self):
        rule = self.create_rule()
        rows = []
        for number in range(40):
            point = self.create_point(code=f"M{number}")
            channel = self.create_channel(
                point_id=point.id, kind="instant", quantity="power", unit="kW", obis="1.7.0"
            )
            channel.validation_group_id = False
            rows += [(channel.key, str(at(h)), "11") for h in (0, 1)]
        self.reading.ingest(make_batch(rows))
        self.env.flush_all()
        with self.assertQueryCount(120):
            self.roll()
        self.assertEqual(len(self.alarms(rule)), 40)


@tagged("post_install", "-at_install")
class TestAlarmBases(AlarmCase):
    """What is judged: power, consumption, ratios, changes, formulas, and limits of the contract."""

    def register(self, **values):
        return self.create_channel(**{"obis": "1.8.0b", "digits": 9, **values})

    def test_mean_power_against_contract_power(self):
        self.point.contract_power_kw = 100
        rule = self.create_rule(
            quantity="active_import", basis="power", limit_source="contract_power", limit=90
        )
        self.feed([0, 20, 43, 68, 80], channel=self.channel)  # 80, 92, 100, 48 kW
        self.assertEqual(self.spans(rule), [(0.25, 0.75)])
        alarm = self.alarms(rule)
        self.assertEqual((alarm.peak, alarm.limit, alarm.unit), (100, 90, "kW"))

    def test_contract_power_in_the_unit_of_the_register(self):
        self.point.contract_power_kw = 100
        rule = self.create_rule(
            quantity="demand", limit_source="contract_power", limit=100, basis="power"
        )
        watts = self.create_channel(obis="1.6.0", kind="instant", quantity="demand", unit="W")
        self.feed([99_000, 101_000], channel=watts)
        alarm = self.alarms(rule)
        self.assertEqual((alarm.peak, alarm.limit, alarm.unit), (101_000, 100_000, "W"))

    def test_without_contract_power_there_is_no_limit(self):
        rule = self.create_rule(
            quantity="active_import", basis="power", limit_source="contract_power", limit=100
        )
        self.feed([0, 500], channel=self.channel)
        self.assertFalse(self.alarms(rule))

    def test_a_transformer_ratio_counts_in_power(self):
        self.install("2026-01-01", ct_primary=100, ct_secondary=5)
        rule = self.create_rule(quantity="active_import", basis="power", limit=100)
        self.feed([0, 1, 3], channel=self.channel)  # 80 kW, 160 kW
        self.assertEqual((self.spans(rule), self.alarms(rule).peak), ([(0.25, None)], 160))

    def test_a_profile_is_power_and_does_not_double_the_index(self):
        profile = self.register(kind="interval", obis="1.29.0", interval_minutes=15)
        rule = self.create_rule(quantity="active_import", basis="power", limit=100)
        self.feed([20, 30], start=0.25, channel=profile)
        self.assertFalse(self.alarms(rule), "the index of the point is watched")
        self.channel.active = False
        self.feed([20, 30], start=0.75, channel=profile)
        self.assertEqual(self.alarms(rule).peak, 120)

    def test_consumption_of_the_hour_and_the_day(self):
        hour = self.create_rule(quantity="active_import", basis="hour", limit=10)
        day = self.create_rule(quantity="active_import", basis="day", limit=100)
        self.feed([0, 10, 21, 30, 39], minutes=60, channel=self.channel)
        self.assertEqual((self.spans(hour), self.spans(day)), ([(1, 2)], []))
        self.feed([101], start=5, channel=self.channel)
        self.assertEqual(self.spans(day), [(0, None)])
        self.feed([150], start=24, channel=self.channel)
        self.feed([200], start=40, channel=self.channel)
        self.assertEqual(self.spans(day), [(0, None)], "the second day may still pass the limit")
        self.feed([240], start=48, channel=self.channel)
        self.assertEqual(self.spans(day), [(0, 24)])

    def test_too_little_is_known_when_the_day_is_over(self):
        rule = self.create_rule(quantity="active_import", basis="day", direction="below", lower=50)
        self.feed([0, 10, 20], minutes=600, channel=self.channel)
        self.assertFalse(self.alarms(rule))
        self.feed([30], start=24, channel=self.channel)
        self.assertEqual(self.spans(rule), [(0, None)])

    def test_daily_limits_of_a_gas_contract(self):
        gas = self.create_point(code="G1", commodity="gas", contract_day_min=50)
        gas.contract_day_max = 200
        channel = self.register(point_id=gas.id, quantity="volume", unit="m³", obis="7-0:3.0.0")
        rule = self.create_rule(
            type="band", basis="day", quantity="volume", limit_source="contract_day",
            limit=100, lower=100,
        )  # fmt: skip
        self.feed([0, 100, 340, 380, 480], minutes=24 * 60, channel=channel)
        self.assertEqual(self.spans(rule), [(24, 72)])
        alarm = self.alarms(rule)
        self.assertEqual((alarm.peak, alarm.limit), (240, 200))
        gas.contract_day_max = 0
        self.feed([490], start=120, channel=channel)
        self.assertEqual((self.alarms(rule)[-1].peak, self.alarms(rule)[-1].limit), (10, 50))

    def ratio(self, **values):
        values = {
            "type": "ratio", "basis": "month", "quantity": "reactive_inductive", "limit": 20,
            "reopen_minutes": 0, **values,
        }  # fmt: skip
        return self.create_rule(**values)

    def reactive(self):
        return self.register(quantity="reactive_inductive", obis="5.8.0", unit="kVArh")

    def test_ratio_of_the_month_to_date_starts_anew_each_month(self):
        rule, reactive = self.ratio(min_base=100), self.reactive()
        day = 24 * 60
        self.feed([0, 50, 200, 300, 900], minutes=day, channel=self.channel)
        self.assertFalse(self.alarms(rule))
        # 30 of 50 is too little to judge; 45/200 is too much; 55/300 and 65/900 are not
        self.feed([0, 30, 45, 55, 65], minutes=day, channel=reactive)
        self.assertEqual(self.spans(rule), [(24, 48)])
        self.assertEqual((self.alarms(rule).peak, self.alarms(rule).unit), (22.5, "%"))
        april = 30 * 24
        self.feed([1000, 1900], start=april - 24, minutes=day, channel=self.channel)
        self.feed([300, 600], start=april - 24, minutes=day, channel=reactive)
        self.assertEqual(self.spans(rule)[1:], [(april - 48, None)])
        self.feed([1950], start=april + 24, minutes=day, channel=self.channel)
        self.feed([630], start=april + 24, minutes=day, channel=reactive)
        self.assertEqual(self.spans(rule)[1:], [(april - 48, april)])
        self.feed([2000], start=april + 48, minutes=day, channel=self.channel)
        self.feed([660], start=april + 48, minutes=day, channel=reactive)
        self.assertEqual(self.spans(rule)[2:], [(april + 24, None)])

    def test_reactive_energy_without_active_one_is_beyond_every_limit(self):
        rule, reactive = self.ratio(basis="day"), self.reactive()
        self.feed([0, 0], minutes=24 * 60, channel=self.channel)
        self.feed([0, 5], minutes=24 * 60, channel=reactive)
        self.assertEqual(self.alarms(rule).peak, 99999)

    def test_rise_within_an_hour(self):
        rule = self.create_rule(type="rate", limit=10, rate_minutes=60)
        self.feed([50, 55, 59, 60, 61, 70, 70, 70, 70, 70])
        # 61 after 50, 70 after 55 and 59; 70 after 60 is not too much
        self.assertEqual(self.spans(rule), [(1, 1.75)])

    def test_fall_in_percent(self):
        rule = self.create_rule(
            type="rate", direction="below", lower=-50, rate_minutes=30, rate_percent=True
        )
        self.feed([100, 60, 49, 48])
        self.assertEqual(self.spans(rule), [(0.5, 0.75)])
        self.assertEqual(self.alarms(rule).unit, "%")

    def test_formula_over_registers_of_the_point(self):
        names = ["u1", "u2"]
        channels = [
            self.create_channel(obis=f"{n}2.7.0", kind="instant", quantity="voltage", unit="V")
            for n in (3, 5)
        ]
        rule = self.create_rule(
            type="formula",
            limit=5,
            expression="abs(u1 - u2) / max(u1, u2) × 100",
            input_ids=[
                Command.create({"name": name, "quantity": "voltage", "obis": channel.obis})
                for name, channel in zip(names, channels, strict=True)
            ],
        )
        self.feed([230, 230, 230, 230], channel=channels[0])
        self.feed([229, 200, None, 230], channel=channels[1])
        self.assertEqual(self.spans(rule), [(0.25, 0.75)])
        alarm = self.alarms(rule)
        self.assertFalse(alarm.channel_id)
        self.assertEqual(alarm.message, "13.043, limit 5")
        other = self.create_point(code="P2")
        lone = self.create_channel(
            point_id=other.id, obis="32.7.0", kind="instant", quantity="voltage", unit="V"
        )
        self.feed([1], channel=lone)
        self.assertEqual(len(self.alarms(rule)), 1)

    def test_a_formula_that_is_none_is_refused(self):
        with self.assertRaisesRegex(ValidationError, "names listed"):
            self.create_rule(type="formula", expression="u9 + 3")
