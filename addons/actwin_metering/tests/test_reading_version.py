from datetime import datetime
from decimal import Decimal

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common import MeteringCase

_TS = "2026-03-02 09:15:00"


@tagged("post_install", "-at_install")
class TestReadingVersion(MeteringCase):
    """A correction by hand: seen by bills, traced, and never at the cost of the first value."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.operator = new_test_user(cls.env, "op", groups="actwin_metering.group_operator")
        cls.version = cls.env["actwin.reading.version"].with_user(cls.operator)

    def setUp(self):
        super().setUp()
        self.channel.validation_group_id = False  # what nobody doubts
        self.send(("2026-03-02 09:00:00", "100"), (_TS, "999"), ("2026-03-02 09:30:00", "106"))
        self.roll()

    def consumption(self):
        span = datetime(2026, 3, 2, 9), datetime(2026, 3, 2, 9, 15)
        return self.channel._consumption_between(*span)[self.channel.id]["consumption"]

    def stored(self, ts=_TS):
        self.env.cr.execute(
            "SELECT value::text, quality, source FROM actwin_reading"
            " WHERE channel_id = %s AND ts = %s",
            [self.channel.id, ts],
        )
        return self.env.cr.fetchone()

    def test_correction_reaches_consumption_before_and_after_the_rollup(self):
        self.assertEqual(self.consumption(), 899)
        self.version.correct(self.channel.key, _TS, "103.000000000001", "misread display")
        self.assertEqual(self.stored(), ("103.000000000001", 3, 4))
        self.assertEqual(self.rollup._count_dirty(), 1)
        self.assertEqual(self.consumption(), Decimal("3.000000000001"))
        self.roll()
        self.assertEqual(self.figures("day", "consumption faults"), [("2026-03-02", "6", "0")])

    def test_first_value_stays_first_through_every_correction(self):
        self.version.correct(self.channel.id, _TS, "103", "misread display")
        second = self.version.correct(self.channel.id, _TS, "104", "photo of the display")
        found = self.version.search([], order="id")
        self.assertEqual(
            found.mapped(lambda v: (v.kind, v.value, v.state)),
            [("original", 999.0, "superseded"), ("edit", 103.0, "superseded"),
             ("edit", 104.0, "taken")],
        )  # fmt: skip
        self.assertEqual(found[2].id, second)
        self.assertEqual(
            (found[2].user_id, found[2].reason), (self.operator, "photo of the display")
        )

    def test_redelivered_first_value_is_a_repeat(self):
        self.version.correct(self.channel.key, _TS, "103", "misread display")
        answer = self.send((_TS, "999"))
        self.assertEqual((answer["duplicates"], answer["conflicts"]), (1, 0))
        self.assertEqual(self.stored()[0], "103")

    def test_missing_reading_is_entered_by_hand(self):
        ts = "2026-03-02 10:00:00"
        self.version.correct(self.channel.key, f"{ts}+00:00", "110", "read on site")
        self.assertEqual(self.stored(ts), ("110", 3, 4))
        self.assertEqual(self.version.search([]).mapped("kind"), ["edit"])
        self.assertEqual((self.channel.last_ts, self.channel.last_value), (
            datetime(2026, 3, 2, 10), 110.0))  # fmt: skip

    def test_what_makes_no_sense_is_refused(self):
        key = self.channel.key
        for arguments in (
            ("nowhere", _TS, "1", "why"),
            (0, _TS, "1", "why"),
            (key, "yesterday", "1", "why"),
            (key, "2126-01-01 00:00:00", "1", "why"),
            (key, None, "1", "why"),
            (key, _TS, "NaN", "why"),
            (key, _TS, "1,5", "why"),
            (key, _TS, None, "why"),
            (key, _TS, "1", "  "),
            (key, _TS, "1", None),
        ):
            with self.subTest(arguments=arguments), self.assertRaises(UserError):
                self.version.correct(*arguments)
        self.assertEqual(self.stored(), ("999", 0, 1))

    def test_technicians_and_staff_of_other_sites_correct_nothing(self):
        technician = new_test_user(self.env, "te", groups="actwin_metering.group_technician")
        with self.assertRaises(AccessError):
            self.version.with_user(technician).correct(self.channel.key, _TS, "1", "why")
        self.site.user_ids = technician
        with self.assertRaises(UserError):
            self.version.correct(self.channel.key, _TS, "1", "why")

    def test_nobody_deletes_a_version(self):
        self.version.correct(self.channel.key, _TS, "103", "misread display")
        admin = new_test_user(self.env, "adm", groups="actwin_metering.group_administrator")
        found = self.version.search([])
        with self.assertRaises(AccessError):
            found.with_user(admin).unlink()
        with self.assertRaises(UserError):
            found.sudo().unlink()
        with self.assertRaises(UserError):
            self.channel.sudo().unlink()
        self.assertEqual(len(found.exists()), 2)
