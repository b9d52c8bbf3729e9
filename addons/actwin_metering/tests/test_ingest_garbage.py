import json
import time

from odoo.tests import tagged

from .common import MeteringCase, make_batch

_DEEP = json.loads("[" * 200 + "]" * 200)


@tagged("post_install", "-at_install")
class TestIngestGarbage(MeteringCase):
    """Whatever comes, the answer has the promised shape and the good rows are in."""

    def _judge(self, batch):
        answer = self.reading.ingest(batch)
        self.assertEqual(set(answer), {"accepted", "duplicates", "conflicts", "rejected"})
        json.dumps(answer, allow_nan=False)
        for index, reason, text in answer["rejected"]:
            self.assertIsInstance(index, int)
            self.assertTrue(reason and text)
        return answer

    def test_rows(self):
        """A good row between two bad ones is taken, the bad ones are refused by name."""
        key, now = self.channel.key, int(time.time()) - 10
        cases = [
            ((None, now, "1", 0), "bad_channel"),
            (([key], now, "1", 0), "bad_channel"),
            (({"a": key}, now, "1", 0), "bad_channel"),
            (("a\x00b", now, "1", 0), "bad_channel"),
            (("\ud800", now, "1", 0), "bad_channel"),
            (("nowhere'; DROP TABLE actwin_reading; --", now, "1", 0), "unknown_channel"),
            ((key, -2208988800, "1", 0), "too_old"),
            ((key, now + 3600, "1", 0), "future"),
            ((key, 10**30, "1", 0), "future"),
            ((key, True, "1", 0), "bad_ts"),
            ((key, str(now), "1", 0), "bad_ts"),
            ((key, [now], "1", 0), "bad_ts"),
            ((key, float("nan"), "1", 0), "bad_ts"),
            ((key, now, "NaN", 0), "bad_value"),
            ((key, now, "-Infinity", 0), "bad_value"),
            ((key, now, "1E999999", 0), "bad_value"),
            ((key, now, "1,2}", 0), "bad_value"),
            ((key, now, float("inf"), 0), "bad_value"),
            ((key, now, _DEEP, 0), "bad_value"),
            ((key, now, None, 0), "bad_value"),
            ((key, now, "1", 9), "bad_status"),
            ((key, now, "1", "0"), "bad_status"),
            ((key, now, "1", None), "bad_status"),
        ]
        for number, (row, reason) in enumerate(cases):
            good = (key, now - 1000 - number, "1", 0)
            with self.subTest(row=str(row)[:80]):
                answer = self._judge(make_batch([row, good, row]))
                self.assertEqual(answer["accepted"], 1)
                self.assertEqual(
                    [item[:2] for item in answer["rejected"]], [[0, reason], [2, reason]]
                )
        rejects = self.env["actwin.reading.reject"].search([])
        self.assertEqual(set(rejects.mapped("reason")), {reason for _row, reason in cases})

    def test_deliveries(self):
        points = make_batch([(self.channel.key, 5, "1")])["points"]
        million = {name: column * 10**6 for name, column in points.items()}
        event = {"device": "D", "ts": 1_700_000_000, "code": "x", "text": ""}
        cases = [
            ({"points": None}, []),
            ({"points": 5}, ["bad_type"]),
            ({"points": [[1]]}, ["bad_type"]),
            ({"points": {"channel": "abc", "ts": 1}}, ["bad_type"]),
            ({"points": {**points, "value": []}}, ["unequal_lengths"]),
            ({"points": million}, ["too_many_rows"]),
            ({"points": {}, "comm": 7}, ["bad_type"]),
            ({"points": {}, "comm": [None, [], "x"]}, ["bad_type"] * 3),
            ({"points": {}, "sent_at": ["x"]}, []),
        ]
        for number, (content, reasons) in enumerate(cases):
            with self.subTest(content=str(content)[:60]):
                event = {**event, "ts": event["ts"] + 1}
                answer = self._judge(make_batch([], **{"events": [event], **content}))
                self.assertEqual(
                    [row[:2] for row in answer["rejected"]], [[-1, r] for r in reasons]
                )
                self.assertEqual(self.env["actwin.device.event"].search_count([]), number + 1)

    def test_headers(self):
        for batch in (
            None,
            5,
            "x",
            [],
            {},
            {"batch_id": None, "collector": "C1"},
            {"batch_id": "x", "collector": "C9"},
            {"batch_id": "a\x00", "collector": "C1"},
            {"batch_id": "x", "collector": {"a": 1}},
        ):
            with self.subTest(batch=batch):
                answer = self._judge(batch)
                self.assertEqual([row[:2] for row in answer["rejected"]], [[-1, "bad_header"]])
        self.assertTrue(self.env["actwin.reading.reject"].search([("reason", "=", "bad_header")]))

    def test_packed_garbage(self):
        for header, payload in (
            (None, None),
            ({}, ""),
            ([], []),
            ({"batch_id": "p1", "collector": "C1"}, 5),
            ({"batch_id": "p2", "collector": "C1", "n": 3, "channels": []}, "eJw="),
        ):
            with self.subTest(header=header):
                answer = self.reading.ingest_packed(header, payload)
                self.assertEqual(answer["rejected"][0][0], -1)
