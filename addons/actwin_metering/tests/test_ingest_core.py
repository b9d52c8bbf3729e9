import base64
import unittest
import zlib
from datetime import UTC, datetime

from ..core.batch import Columns, Refused, digest, parse
from ..core.packed import parse_packed
from ..core.rows import check
from ..core.text import as_moment, as_text
from .common import epoch, make_batch, pack

_NOW = int(datetime(2026, 6, 1, tzinfo=UTC).timestamp())
_CHANNELS = {"A": 1, "B": 2}


def _check(channel="A", ts=_NOW - 900, value="1.5", status=0):
    return check(Columns([channel], [ts], [value], [status]), _CHANNELS, {"X"}, _NOW)


class TestRows(unittest.TestCase):
    """Sorting of rows without any database."""

    def test_good_values(self):
        cases = {
            "0": "0",
            "-0.50": "-0.50",
            "000123": "000123",
            "1E3": "1000",
            "+7": "7",
            ".5": "0.5",
            "12.": "12",
            "-1.5e-3": "-0.0015",
            "999999999999999": "999999999999999",
        }
        for sent, stored in cases.items():
            with self.subTest(value=sent):
                accepted, rejects = _check(value=sent)
                self.assertEqual((accepted.value, rejects), ([stored], []))

    def test_bad_values(self):
        for value in (
            "",
            " ",
            "1,5",
            "1 5",
            "1\n2",
            "NaN",
            "Infinity",
            "-inf",
            "1E999999",
            "1E16",
            "1_000",
            "٣",
            "0x10",
            "1e",
            "--1",
            "1" * 16,
            "0." + "1" * 13,
            "1" * 70,
            None,
            True,
            1,
            1.5,
            [],
            {},
            b"1",
        ):
            with self.subTest(value=value):
                accepted, rejects = _check(value=value)
                self.assertEqual((len(accepted), [r.reason for r in rejects]), (0, ["bad_value"]))

    def test_empty_value_at_the_end_does_not_slip_through(self):
        columns = Columns(["A", "A"], [_NOW - 900, _NOW - 800], ["1", ""], [0, 0])
        accepted, rejects = check(columns, _CHANNELS, (), _NOW)
        self.assertEqual((accepted.value, [r.reason for r in rejects]), (["1"], ["bad_value"]))

    def test_times(self):
        cases = {
            -1: "too_old",
            epoch("1900-01-01"): "too_old",
            _NOW + 901: "future",
            2**62: "future",
            10**400: "future",
            1.5: "bad_ts",
            float("nan"): "bad_ts",
            float("inf"): "bad_ts",
            "1700000000": "bad_ts",
            None: "bad_ts",
            True: "bad_ts",
        }
        for ts, reason in cases.items():
            with self.subTest(ts=str(ts)[:20]):
                self.assertEqual([r.reason for r in _check(ts=ts)[1]], [reason])

    def test_time_tolerance_and_whole_floats_are_taken(self):
        for ts in (_NOW + 900, float(_NOW)):
            self.assertEqual(_check(ts=ts)[0].ts, [int(ts)])

    def test_channels(self):
        cases = {
            "C": "unknown_channel",
            "X": "other_site",
            "": "bad_channel",
            "a\x00b": "bad_channel",
            "\ud800": "bad_channel",
            "k" * 201: "bad_channel",
            None: "bad_channel",
            7: "bad_channel",
        }
        for channel, reason in cases.items():
            with self.subTest(channel=channel):
                self.assertEqual([r.reason for r in _check(channel=channel)[1]], [reason])
        self.assertEqual(_check(channel=["A"])[1][0].reason, "bad_channel")

    def test_statuses(self):
        for status in (3, -1, True, "0", None, 1.0):
            with self.subTest(status=status):
                self.assertEqual([r.reason for r in _check(status=status)[1]], ["bad_status"])
        self.assertEqual(_check(status=2)[0].quality, [2])

    def test_one_bad_row_costs_nobody_else(self):
        columns = Columns(["A", "C", "B"], [_NOW, _NOW, 0], ["1", "2", "3"], [0, 0, 0])
        accepted, rejects = check(columns, _CHANNELS, (), _NOW)
        self.assertEqual((accepted.channel, accepted.value), ([1], ["1"]))
        self.assertEqual(
            [(r.index, r.reason) for r in rejects], [(1, "unknown_channel"), (2, "too_old")]
        )

    def test_anything_becomes_printable_text(self):
        nested = []
        nested.append(nested)
        for value in (nested, 10**5000, "a\x00\ud800b", b"\xff", object()):
            self.assertTrue(as_text(value).isprintable())
        self.assertLessEqual(len(as_text("x" * 1000)), 200)

    def test_moments(self):
        self.assertEqual(as_moment("2026-06-01T03:00:00+03:00"), datetime(2026, 6, 1))
        self.assertEqual(as_moment(_NOW), datetime(2026, 6, 1))
        for value in ("yesterday", 1e300, float("nan"), None, [], True, "1900-01-01"):
            self.assertIsNone(as_moment(value), value)


class TestPacked(unittest.TestCase):
    """The packed form, whole and damaged."""

    def setUp(self):
        super().setUp()
        self.batch = make_batch([("A", _NOW, "1.50"), ("B", _NOW - 900, "-2", 1), ("A", 5, "x")])

    def test_packed_equals_plain(self):
        plain, packed = parse(self.batch), parse_packed(*pack(self.batch))
        self.assertEqual(packed.columns, plain.columns)
        self.assertEqual((packed.batch_id, packed.collector), (plain.batch_id, plain.collector))

    def test_no_rows(self):
        header, payload = pack(make_batch([]))
        self.assertEqual((parse_packed(header, payload).rejects, header["n"]), ([], 0))

    def test_damage_is_one_reject_and_keeps_the_events(self):
        header, payload = pack(self.batch)
        header["events"] = [{"device": "D", "ts": _NOW, "code": 7, "text": "open"}]

        bomb = base64.b64encode(zlib.compress(b"0" * 30_000_000)).decode()
        cases = {
            "not base64": (header, "%%%"),
            "not zlib": (header, base64.b64encode(b"hello").decode()),
            "cut": (header, payload[: len(payload) // 2 // 4 * 4]),
            "no text": (header, None),
            "bomb": (header, bomb),
            "n too big": ({**header, "n": 4}, payload),
            "n too small": ({**header, "n": 2}, payload),
            "n negative": ({**header, "n": -1}, payload),
            "n absent": ({**header, "n": None}, payload),
            "n boolean": ({**header, "n": True}, payload),
            "a million": ({**header, "n": 10**6}, payload),
            "channels": ({**header, "channels": "A"}, payload),
            "values": (header, base64.b64encode(zlib.compress(bytes(13 * 3) + b"\xff")).decode()),
        }
        for name, (head, body) in cases.items():
            with self.subTest(name):
                batch = parse_packed(head, body)
                self.assertEqual(([r.index for r in batch.rejects], len(batch.columns)), ([-1], 0))
                self.assertEqual([event["code"] for event in batch.events], ["7"])

    def test_index_beyond_the_channels_is_a_bad_row(self):
        header, payload = pack(self.batch)
        header["channels"] = header["channels"][:1]
        batch = parse_packed(header, payload)
        self.assertEqual(batch.columns.channel, ["A", None, "A"])

    def test_digest_follows_the_content(self):
        self.assertEqual(digest(self.batch["points"]), parse(self.batch).digest)
        header, payload = pack(self.batch)
        other = parse_packed({**header, "channels": ["A", "C"]}, payload)
        self.assertNotEqual(parse_packed(header, payload).digest, other.digest)


class TestHeader(unittest.TestCase):
    def test_faulty_headers_are_refused(self):
        for batch in (
            None,
            [],
            "x",
            {},
            {"batch_id": "b"},
            {"collector": "c"},
            {"batch_id": "", "collector": "c"},
            {"batch_id": 1, "collector": "c"},
            {"batch_id": "b", "collector": ["c"]},
        ):
            with self.subTest(batch=batch), self.assertRaises(Refused) as caught:
                parse(batch)
            self.assertEqual(caught.exception.reason, "bad_header")

    def test_faulty_columns_are_one_reject(self):
        good = make_batch([("A", _NOW, "1")])["points"]
        cases = [
            ([1, 2], "bad_type"),
            ("text", "bad_type"),
            ({**good, "ts": None}, "bad_type"),
            ({**good, "channel": "A"}, "bad_type"),
            ({**good, "value": {"0": "1"}}, "bad_type"),
            ({**good, "value": []}, "unequal_lengths"),
            ({**good, "status": [0, 0]}, "unequal_lengths"),
            ({name: column * 50_001 for name, column in good.items()}, "too_many_rows"),
        ]
        for points, reason in cases:
            with self.subTest(reason=reason, points=str(points)[:60]):
                batch = parse({"batch_id": "b", "collector": "c", "points": points})
                self.assertEqual([(r.index, r.reason) for r in batch.rejects], [(-1, reason)])

    def test_status_may_be_absent(self):
        points = make_batch([("A", _NOW, "1")])["points"]
        del points["status"]
        batch = parse({"batch_id": "b", "collector": "c", "points": points})
        self.assertEqual(batch.columns.status, [0])

    def test_faulty_events_and_dialogues_are_passed_over(self):
        good = {"device": "D", "ts": "2026-01-01T00:00:00Z", "code": "x"}
        talk = {"device": "D", "started": _NOW, "ended": None, "ok": 1, "attempts": "many"}
        batch = parse(
            {
                "batch_id": "b",
                "collector": "c",
                "events": [good, None, {}, {**good, "ts": []}],
                "comm": [talk, {"device": 5}],
            }
        )
        self.assertEqual((len(batch.events), len(batch.comm), len(batch.rejects)), (1, 1, 4))
        self.assertEqual((batch.comm[0]["attempts"], batch.comm[0]["ok"]), (1, True))
