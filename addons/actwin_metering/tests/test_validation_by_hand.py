from datetime import timedelta
from decimal import Decimal

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged

from .validation_common import START, ValidationCase


@tagged("post_install", "-at_install")
class TestValidationByHand(ValidationCase):
    """What people do: choose a group, type a reading with its reason, validate a period."""

    def group(self, **values):
        return self.env["actwin.validation.group"].create(
            {"name": "Own", "sequence": 1, "meter_model": "none such", **values}
        )

    def test_a_group_chosen_by_hand_outlives_changed_conditions(self):
        chosen, other = self.group(), self.create_channel(obis="2.8.0")
        self.channel.validation_group_id = chosen
        wide = self.group(meter_model=False)
        self.assertEqual(other.validation_group_id, wide)
        self.assertEqual(self.channel.validation_group_id, chosen)
        self.channel.validation_by_hand = False
        self.assertEqual(self.channel.validation_group_id, wide)
        wide.active = False
        self.assertNotIn(wide, (self.channel | other).validation_group_id)

    def test_a_form_that_sends_the_group_it_showed_has_not_chosen_it(self):
        with Form(self.env["actwin.channel"]) as form:
            form.point_id = self.point
            form.obis = "3.8.0"
        self.assertTrue(form.record.validation_group_id)
        self.assertFalse(form.record.validation_by_hand)
        channel = self.create_channel(obis="4.8.0", validation_group_id=self.group().id)
        self.assertTrue(channel.validation_by_hand)

    def test_a_meter_of_another_model_brings_another_group(self):
        group = self.group(meter_model="ZMG")
        self.assertNotEqual(self.channel.validation_group_id, group)
        self.install(START - timedelta(days=9), meter_id=self.create_meter(model="zmg310").id)
        self.assertEqual(self.channel.validation_group_id, group)

    def correction(self, value, lang="en_US", reason="read at the display", **values):
        return (
            self.env["actwin.reading.correction"]
            .with_context(lang=lang)
            .create(
                {
                    "channel_id": self.channel.id,
                    "ts": START + timedelta(minutes=30),
                    "value_text": value,
                    "reason": reason,
                    **values,
                }
            )
        )

    def stored(self):
        self.env.cr.execute(
            "SELECT value::text FROM actwin_reading WHERE channel_id = %s AND ts = %s",
            [self.channel.id, START + timedelta(minutes=30)],
        )
        return Decimal(self.env.cr.fetchone()[0])

    def test_a_reading_is_typed_exactly_in_either_writing(self):
        self.feed([1000, 1001, 1002, 1003])
        for lang, text, value in (
            ("en_US", "1,001.500000001", "1001.500000001"),
            ("tr_TR", "1.001,25", "1001.25"),
            ("tr_TR", "1001,75", "1001.75"),
            ("en_US", "1001.125", "1001.125"),
        ):
            with self.subTest(text):
                self.correction(text, lang).action_apply()
                self.assertEqual(self.stored(), Decimal(value))
        refused = (("tr_TR", "1001.5"), ("en_US", "1001,5"), ("en_US", "x"), ("en_US", "1e3"))
        for lang, text in refused:
            with self.subTest(text), self.assertRaises(UserError):
                self.correction(text, lang).action_apply()

    def test_what_stands_around_is_shown_and_a_reason_is_needed(self):
        self.feed([1000, 1001, 1002, 1003])
        wizard = self.correction("1002.5")
        self.assertIn("1,001", wizard.before)
        self.assertIn("1,002", wizard.standing)
        self.assertIn("1,003", wizard.after)
        self.assertIn("1.003", self.correction("1", "tr_TR").after)
        with self.refused("reason"):
            self.correction("1002.5", reason="  ").action_apply()
        version = self.env["actwin.reading.version"]
        self.assertFalse(version.search([("channel_id", "=", self.channel.id)]))

    def test_a_technician_corrects_nothing(self):
        user = new_test_user(self.env, "by_hand_tech", "actwin_metering.group_technician")
        with self.assertRaises(AccessError):
            self.env["actwin.reading.correction"].with_user(user).create({})
        with self.assertRaises(AccessError):
            self.env["actwin.validation"].with_user(user)._revalidate_later(
                self.channel.ids, "2026-03-01", "2026-03-02"
            )

    def run_wizard(self, **values):
        return self.env["actwin.validation.run"].create(
            {"date_from": "2026-03-01", "date_to": "2026-03-03", **values}
        )

    def test_a_period_is_validated_by_the_rules_of_now(self):
        self.feed([1000 + at for at in range(60)] + [1100 + at for at in range(60, 97)])
        self.validate()
        self.assertFalse(self.exceptions(scope="reading"))
        self.channel.write({"max_per_hour": 0})
        self.point.contract_power_kw = 10
        other = self.create_channel(obis="2.8.0")
        wizard = self.run_wizard(point_ids=self.point.ids, channel_ids=self.channel.ids)
        self.assertEqual(wizard.channel_count, 1)
        action = wizard.action_validate()
        self.assertEqual(self.exceptions(scope="reading").mapped("code"), ["V18"])
        found = self.env["actwin.validation.exception"].search(action["domain"])
        self.assertLessEqual(self.exceptions(), found)
        self.assertFalse(self.exceptions(other))

    def test_more_than_one_waits_for_is_left_to_the_job(self):
        self.feed([1000 + at for at in range(97)])
        self.validate()
        others = [self.create_channel(obis=f"9.8.{at}") for at in range(3)]
        for channel in others:
            self.feed([1, 2, 3], channel=channel)
        self.validate()
        wizard = self.run_wizard(point_ids=self.point.ids, date_from="2020-01-01")
        action = wizard.action_validate()
        self.assertEqual(action["tag"], "display_notification")
        self.assertTrue(self.rollup._count_dirty())
        with self.refused("before it begins"):
            self.run_wizard(date_to="2026-01-01").action_validate()
        with self.assertRaises(UserError):
            self.run_wizard(group_id=self.group().id).action_validate()
