from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .common import MeteringCase, make_batch


@tagged("post_install", "-at_install")
class TestRejects(MeteringCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.operator = new_test_user(cls.env, "op", groups="actwin_metering.group_operator")
        cls.row = ("TS1/P2:1.8.0", "2026-03-02 09:00:00", "12.50")

    def rejects(self):
        return self.env["actwin.reading.reject"].with_user(self.operator).search([])

    def test_same_row_refused_twice_counts_up(self):
        for _time in range(2):
            self.reading.ingest(make_batch([self.row, self.row]))
        self.assertEqual((len(self.rejects()), self.rejects().count), (1, 2))

    def test_replay_takes_the_row_once_the_cause_is_mended(self):
        self.reading.ingest(make_batch([self.row]))
        reject = self.rejects()
        self.assertEqual((reject.reason, reject.channel_key), ("unknown_channel", "TS1/P2:1.8.0"))
        reject.action_replay()
        self.assertEqual(reject.state, "open")
        channel = self.create_channel(point_id=self.create_point(code="P2").id)
        self.assertEqual(channel.key, "TS1/P2:1.8.0")
        reject.action_replay()
        self.assertEqual((reject.state, channel.last_value), ("taken", 12.5))

    def test_replay_names_the_remaining_reason(self):
        self.reading.ingest(make_batch([(*self.row[:2], "12,5")]))
        self.create_channel(point_id=self.create_point(code="P2").id)
        self.rejects().action_replay()
        self.assertEqual((self.rejects().state, self.rejects().reason), ("open", "bad_value"))

    def test_dismissed_row_stays_dismissed(self):
        self.reading.ingest(make_batch([self.row]))
        self.rejects().action_dismiss()
        self.reading.ingest(make_batch([self.row]))
        self.assertEqual((self.rejects().state, self.rejects().count), ("dismissed", 2))

    def test_operators_decide_and_nobody_edits(self):
        self.reading.ingest(make_batch([self.row]))
        technician = new_test_user(self.env, "tech", groups="actwin_metering.group_technician")
        with self.assertRaises(AccessError):
            self.rejects().with_user(technician).action_replay()
        with self.assertRaises(AccessError):
            self.rejects().write({"state": "taken"})

    def test_delivery_level_reject_is_not_replayed(self):
        self.reading.ingest(make_batch([], points=5))
        reject = self.rejects()
        reject.action_replay()
        self.assertEqual((reject.row_index, reject.state), (-1, "open"))
