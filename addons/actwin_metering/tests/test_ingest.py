from datetime import datetime

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .common import MeteringCase, epoch, make_batch, pack


@tagged("post_install", "-at_install")
class TestIngest(MeteringCase):
    """The contract: once in, exactly once; the same again changes nothing."""

    def rows(self):
        self.env.cr.execute(
            "SELECT channel_id, ts::text, value::text, quality, source FROM actwin_reading"
            " WHERE channel_id = ANY(%s) ORDER BY 1, 2",
            [self.env["actwin.channel"].search([]).ids],
        )
        return self.env.cr.fetchall()

    def counts(self, answer):
        return answer["accepted"], answer["duplicates"], answer["conflicts"], answer["rejected"]

    def test_rows_are_stored_exactly(self):
        answer = self.send(
            ("2026-03-02 09:00:00", "1.10"), ("2026-03-02 09:15:00", "123456789012345", 2)
        )
        self.assertEqual(self.counts(answer), (2, 0, 0, []))
        self.assertEqual(
            self.rows(),
            [
                (self.channel.id, "2026-03-02 09:00:00", "1.10", 0, 1),
                (self.channel.id, "2026-03-02 09:15:00", "123456789012345", 2, 1),
            ],
        )

    def test_last_reading_moves_forward_only(self):
        self.send(("2026-03-02 09:15:00", "2"))
        self.send(("2026-03-02 09:00:00", "1"))
        self.assertEqual(
            (self.channel.last_ts, self.channel.last_value), (datetime(2026, 3, 2, 9, 15), 2.0)
        )

    def test_same_batch_again_changes_nothing(self):
        rows = [
            (self.channel.key, "2026-03-02 09:00:00", "1"),
            ("nowhere", "2026-03-02 09:00:00", "1"),
        ]
        batch = make_batch(rows)
        first = self.reading.ingest(batch)
        before = self.rows()
        self.assertEqual(self.counts(first)[:3], (1, 0, 0))
        again = self.reading.ingest(batch)
        self.assertEqual(self.counts(again)[:3], (0, 1, 0))
        self.assertEqual(again["rejected"], first["rejected"])
        self.assertEqual(self.rows(), before)
        self.assertEqual(self.env["actwin.reading.reject"].search([]).count, 1)
        self.assertEqual(self.env["actwin.ingest.batch"].search_count([]), 1)
        self.assertEqual(self.rollup._count_dirty(), 1)

    def test_batch_id_with_other_rows_loses_nothing(self):
        batch = make_batch([(self.channel.key, "2026-03-02 09:00:00", "1")])
        self.reading.ingest(batch)
        more = make_batch(
            [(self.channel.key, "2026-03-02 09:15:00", "2")], batch_id=batch["batch_id"]
        )
        self.assertEqual(self.counts(self.reading.ingest(more))[:2], (1, 0))

    def test_same_rows_in_another_batch_are_duplicates(self):
        self.send(("2026-03-02 09:00:00", "1.5"))
        self.roll()
        self.assertEqual(self.counts(self.send(("2026-03-02 09:00:00", "1.50"))), (0, 1, 0, []))
        self.assertEqual(self.rollup._count_dirty(), 0)
        self.assertFalse(self.env["actwin.reading.version"].search([]))

    def test_other_value_is_a_conflict_kept_beside_the_first(self):
        self.send(("2026-03-02 09:00:00", "1"))
        for _time in range(2):
            self.assertEqual(self.counts(self.send(("2026-03-02 09:00:00", "7"))), (0, 0, 1, []))
        self.assertEqual([row[2] for row in self.rows()], ["1"])
        versions = self.env["actwin.reading.version"].search([], order="kind")
        self.assertEqual(
            versions.mapped(lambda item: (item.kind, item.value, item.state)),
            [("conflict", 7.0, "open"), ("original", 1.0, "taken")],
        )

    def test_conflict_inside_one_batch_keeps_the_first_row(self):
        answer = self.send(
            ("2026-03-02 09:00:00", "1"), ("2026-03-02 09:00:00", "2"), ("2026-03-02 09:00:00", "1")
        )
        self.assertEqual(self.counts(answer), (1, 1, 1, []))
        self.assertEqual([row[2] for row in self.rows()], ["1"])

    def test_taken_conflict_becomes_effective_and_the_first_value_a_repeat(self):
        self.send(("2026-03-02 08:45:00", "0"), ("2026-03-02 09:00:00", "1.000000000001"))
        self.send(("2026-03-02 09:00:00", "7.000000000001"))
        self.roll()
        conflict = self.env["actwin.reading.version"].search([("state", "=", "open")])
        operator = new_test_user(self.env, "op", groups="actwin_metering.group_operator")
        conflict.with_user(operator).action_take()
        self.assertEqual(self.rows()[1][2:4], ("7.000000000001", 3))
        self.roll()
        self.assertEqual(self.figures("day"), [("2026-03-02", "7.000000000001")])
        self.assertEqual(
            self.counts(self.send(("2026-03-02 09:00:00", "1.000000000001")))[:3], (0, 1, 0)
        )
        self.assertEqual((conflict.state, conflict.user_id), ("taken", operator))

    def test_technician_does_not_decide_conflicts(self):
        self.send(("2026-03-02 09:00:00", "1"))
        self.send(("2026-03-02 09:00:00", "7"))
        conflict = self.env["actwin.reading.version"].search([("state", "=", "open")])
        technician = new_test_user(self.env, "tech", groups="actwin_metering.group_technician")
        for action in ("action_take", "action_dismiss"):
            with self.assertRaises(AccessError):
                getattr(conflict.with_user(technician), action)()

    def test_packed_form_gives_the_same_answer(self):
        batch = make_batch([(self.channel.key, "2026-03-02 09:00:00", "1"), ("nowhere", 5, "2")])
        answer = self.reading.ingest_packed(*pack(batch))
        self.assertEqual(self.counts(answer)[:3], (1, 0, 0))
        self.assertEqual([row[:2] for row in answer["rejected"]], [[1, "unknown_channel"]])
        self.assertEqual(self.counts(self.reading.ingest_packed(*pack(batch)))[:3], (0, 1, 0))

    def test_new_month_gets_its_partition(self):
        self.send(("2011-05-31 23:59:59", "1"), ("2011-06-01 00:00:00", "2"))
        self.env.cr.execute(
            "SELECT tableoid::regclass::text FROM actwin_reading WHERE channel_id = %s ORDER BY ts",
            [self.channel.id],
        )
        self.assertEqual(
            [row[0] for row in self.env.cr.fetchall()],
            ["actwin_reading_2011_05", "actwin_reading_2011_06"],
        )

    def test_events_and_dialogues_are_stored_once(self):
        device = self.env["actwin.device"].create(
            {"key": "D1", "name": "D1", "collector_id": self.collector.id, "driver": "modbus"}
        )
        version = self.collector.config_version
        started = epoch("2026-03-02 09:00:00")
        content = {
            "events": [{"device": "D1", "ts": started, "code": "power_up", "text": "after 3 s"}],
            "comm": [
                {
                    "device": "D1",
                    "started": started,
                    "ended": started + 2,
                    "ok": True,
                    "attempts": 1,
                },
                {
                    "device": "D2",
                    "started": started,
                    "ok": False,
                    "attempts": 3,
                    "error": "no_answer",
                },
            ],
        }
        for _time in range(2):
            self.reading.ingest(make_batch([], **content))
        event = self.env["actwin.device.event"].search([])
        self.assertEqual(
            (event.device_id, event.code, event.site_id), (device, "power_up", self.site)
        )
        talks = self.env["actwin.device.comm"].search([], order="device_key")
        self.assertEqual(talks.mapped("duration"), [2.0, 0.0])
        self.assertEqual(talks.mapped("ok"), [True, False])
        self.assertEqual(device.last_ok, datetime(2026, 3, 2, 9, 0, 2))
        self.assertEqual(self.collector.config_version, version)

    def test_channel_of_another_site_is_refused(self):
        other = self.create_site(code="TS2")
        point = self.create_point(code="P9", site_id=other.id)
        channel = self.create_channel(point_id=point.id)
        answer = self.send(("2026-03-02 09:00:00", "1"), channel=channel)
        self.assertEqual([row[:2] for row in answer["rejected"]], [[0, "other_site"]])
        self.assertFalse(self.rows())

    def test_collector_speaks_for_itself_only(self):
        other = self.env["actwin.collector"].create(
            {"name": "Other", "code": "C2", "site_id": self.site.id}
        )
        other._ensure_user()
        batch = make_batch([(self.channel.key, "2026-03-02 09:00:00", "1")], collector="C2")
        answer = self.reading.ingest(batch)
        self.assertEqual([row[:2] for row in answer["rejected"]], [[-1, "bad_header"]])
        self.assertFalse(self.rows())

    def test_only_collectors_and_administrators_deliver(self):
        batch = make_batch([(self.channel.key, "2026-03-02 09:00:00", "1")])
        for group in ("base.group_user", "base.group_portal", "actwin_metering.group_manager"):
            user = new_test_user(self.env, f"u-{group}", groups=group)
            with self.subTest(group=group), self.assertRaises(AccessError):
                self.env["actwin.reading"].with_user(user).ingest(batch)
        admin = new_test_user(self.env, "adm", groups="actwin_metering.group_administrator")
        self.assertEqual(self.env["actwin.reading"].with_user(admin).ingest(batch)["accepted"], 1)
