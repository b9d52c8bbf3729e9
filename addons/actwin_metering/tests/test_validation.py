from datetime import timedelta
from decimal import Decimal

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .validation_common import START, ValidationCase

DAY = range(97)  # the readings that bound a day's 96 quarter hours


@tagged("post_install", "-at_install")
class TestValidation(ValidationCase):
    """What happens to readings that cannot be right, from ingest to consumption."""

    def setUp(self):
        super().setUp()
        self.channel.digits = 6

    def test_clean_readings_are_all_valid(self):
        self.feed([1000 + at for at in DAY])
        self.validate()
        self.assertFalse(self.exceptions())
        self.assertEqual((self.qualities(), self.total()), ({}, 96))

    def test_a_spike_is_held_and_never_becomes_the_base(self):
        values = [1000 + at for at in DAY]
        values[40] += 5000
        self.feed(values)
        self.validate()
        found = self.exceptions(state="open")
        self.assertEqual((found.code, found.scope), ("V02", "reading"))
        self.assertEqual(found.evidence["found"], "6040")
        self.assertIn("6,040", found.message)
        self.assertIn("6.040", found.with_context(lang="tr_TR").message)
        self.assertEqual(self.qualities(), {600: 1})
        self.assertEqual(self.total(), 96)

    def test_a_zero_is_rejected_and_estimated(self):
        values = [1000 + at for at in DAY]
        values[40] = 0
        self.feed(values)
        self.validate()
        self.assertEqual((self.exceptions().code, self.qualities()), ("V06", {600: 2}))
        self.assertEqual(self.total(), 96)

    def test_a_spike_at_the_end_of_a_delivery_is_found_when_the_next_comes(self):
        self.feed([1000 + at for at in range(96)] + [9000])
        self.validate()
        self.assertFalse(self.qualities())
        self.feed([1097 + at for at in range(97)], start=START + timedelta(minutes=97 * 15))
        self.validate()
        self.assertEqual((self.exceptions().code, self.qualities()), ("V02", {1440: 1}))
        self.assertEqual(self.total(2), 192)

    def test_the_limit_of_the_channel_is_respected(self):
        self.channel.max_per_hour = 8
        values = [1000 + at for at in DAY]
        for at in range(60, 97):
            values[at] += 50
        self.feed(values)
        self.validate()
        found = self.exceptions(scope="reading")
        self.assertEqual((found.code, found.evidence.get("shift")), ("V18", True))

    def test_a_register_that_stays_low_keeps_the_bill_back(self):
        self.feed([500_000 + at for at in range(50)] + [3 + at for at in range(47)])
        self.validate()
        self.assertEqual(self.exceptions(scope="reading").mapped("code"), ["V06"])
        channel = self.channel._consumption_between(START, START + timedelta(days=1))
        self.assertTrue(channel[self.channel.id]["faults"])

    def test_a_roll_over_is_no_exception(self):
        self.channel.digits = 5
        self.feed([(99_950 + at) % 100_000 for at in DAY])
        self.validate()
        self.assertFalse(self.exceptions())
        self.assertEqual(self.total(), 96)

    def test_a_replaced_meter_is_no_exception(self):
        change = START + timedelta(hours=12)
        self.install(START - timedelta(days=9), change, opening=0, closing=1048)
        self.install(change, opening=0)
        self.feed([1000 + at for at in range(49)] + [at for at in range(1, 49)])
        self.validate()
        self.assertFalse(self.exceptions(scope="reading"))
        self.assertEqual(self.total(), 96)

    def test_an_exception_clears_itself_when_its_cause_is_gone(self):
        values = [1000 + at for at in DAY]
        values[40] = 1039.5  # just under the one before
        values[39] = 1040
        self.feed(values)
        self.validate()
        self.assertEqual(self.qualities(), {600: 1})
        moment = START + timedelta(minutes=39 * 15)
        self.env["actwin.reading.version"].correct(
            self.channel.id, str(moment), "1039", "misread"
        )
        self.validate()
        self.assertEqual(self.exceptions().mapped("state"), ["cleared"])
        self.assertEqual(self.qualities(), {39 * 15: 3})

    def test_an_accepted_reading_counts_and_is_not_asked_about_again(self):
        values = [1000 + at for at in DAY]
        values[40] += 5000
        self.feed(values)
        self.validate()
        self.exceptions()._close("accepted", "the display says so")
        self.validate()
        found = self.exceptions(state="accepted")
        self.assertEqual((found.note, found.closed_by), ("the display says so", self.env.user))
        self.assertNotIn(600, self.qualities())

    def test_a_rejected_reading_stays_out_and_on_record(self):
        values = [1000 + at for at in DAY]
        values[40] += 5000
        self.feed(values)
        self.validate()
        self.exceptions()._close("rejected", "transmission fault")
        self.validate()
        versions = self.env["actwin.reading.version"].search(
            [("channel_id", "=", self.channel.id)], order="id"
        )
        self.assertEqual(versions.mapped("kind"), ["original", "estimate"])
        self.assertEqual(versions.mapped("value"), [6040, 1040])
        self.assertEqual((self.qualities(), self.total()), ({600: 2}, 96))

    def test_only_operators_decide_and_with_a_reason(self):
        values = [1000 + at for at in DAY]
        values[40] += 5000
        self.feed(values)
        self.validate()
        technician = new_test_user(self.env, "vee_tech", "actwin_metering.group_technician")
        operator = new_test_user(self.env, "vee_op", "actwin_metering.group_operator")
        found = self.exceptions()
        with self.assertRaises(AccessError):
            found.with_user(technician)._close("accepted", "x")
        with self.assertRaises(AccessError):
            found.with_user(operator).write({"state": "accepted"})
        with self.assertRaises(UserError):
            found.with_user(operator)._close("accepted", "  ")
        with self.assertRaises(UserError):
            found.unlink()
        found.with_user(operator).action_take_over()
        self.assertEqual(found.user_id, operator)
        decision = self.env["actwin.validation.decision"].with_user(operator)
        decision.create({"exception_ids": found.ids, "reason": "seen"}).action_apply()
        self.assertEqual(found.state, "accepted")

    def test_a_muted_rule_hits_silently(self):
        self.env["actwin.validation.mute"].create(
            {"point_id": self.point.id, "code": "V02", "reason": "known fault"}
        )
        values = [1000 + at for at in DAY]
        values[40] += 5000
        self.feed(values)
        self.validate()
        self.assertEqual(self.exceptions().state, "muted")
        self.assertEqual(self.total(), 96)  # held back all the same

    def test_without_rules_nothing_is_held(self):
        self.channel.validation_group_id = False
        self.feed([1000, 1001, 6002, 1003])
        self.validate()
        self.assertFalse(self.exceptions())

    def test_intervals_below_zero_are_suspect(self):
        channel = self.create_channel(obis="1.29.0", kind="interval")
        self.feed([1, -2, 3], channel=channel)
        self.validate()
        self.assertEqual(self.exceptions(channel, scope="reading").code, "V06")
        self.assertEqual(self.qualities(channel), {15: 1})

    def test_statistics_of_dismissals(self):
        rule = self.channel.validation_group_id.rule_ids.filtered(lambda item: item.code == "V02")
        values = [1000 + at for at in DAY]
        values[20] += 5000
        values[60] += 5000
        self.feed(values)
        self.validate()
        first, second = self.exceptions()
        first._close("accepted", "x")
        second._close("rejected", "x")
        rule.invalidate_recordset()
        self.assertEqual((rule.hit_count, rule.dismissed_percent), (2, 50))

    def test_exact_to_the_last_decimal(self):
        values = [Decimal("1000.000000001") + Decimal("0.000000001") * at for at in DAY]
        self.feed(values)
        self.validate()
        self.assertEqual(self.total(), Decimal("0.000000096"))
