import base64
import json
import time
import zlib
from datetime import datetime
from xmlrpc.client import Binary, ServerProxy

from odoo.tests import HttpCase, get_db_name, tagged
from odoo.tests.common import Transport

from .common import make_batch, pack

_KEYS = {"accepted", "duplicates", "conflicts", "rejected"}
_THINGS = [
    None, True, False, 0, -1, 2**31 - 1, 1.5, 1e300, "", "x", "\u202e\ufffd", [], [None], [[[]]],
    {}, {"a": {"b": [None]}}, datetime(1900, 1, 1), Binary(b"\x00\xff"),
]  # fmt: skip


@tagged("post_install", "-at_install")
class TestIngestHostile(HttpCase):
    """Over the wire, any thing at any place gets an answer of the promised shape."""

    def setUp(self):
        super().setUp()
        site = self.env["actwin.site"].create({"name": "Hostile", "code": "HOSTILE"})
        point = self.env["actwin.point"].create({"name": "P", "code": "P1", "site_id": site.id})
        self.channel = self.env["actwin.channel"].create({"point_id": point.id, "obis": "1.8.0"})
        self.collector = self.env["actwin.collector"].create(
            {"name": "Hostile", "code": "HOSTILE", "site_id": site.id}
        )
        self.key = self.collector._create_api_key()
        # unlike the one of HttpCase it sends None, as a careless client would
        self.server = ServerProxy(
            f"{self.xmlrpc_url}object", transport=Transport(self), allow_none=True
        )
        self.ts = int(time.time()) - 10_000

    def call(self, method, *args):
        answer = self.server.execute_kw(
            get_db_name(), self.collector.user_id.id, self.key, "actwin.reading", method, args
        )
        self.assertEqual(set(answer), _KEYS)
        for index, reason, text in answer["rejected"]:
            self.assertTrue(isinstance(index, int) and reason and text)
        return answer

    def json2(self, method, body):
        response = self.url_open(
            f"/json/2/actwin.reading/{method}",
            data=json.dumps(body),
            headers={
                "Authorization": f"Bearer {self.key}",
                "X-Odoo-Database": get_db_name(),
                "Content-Type": "application/json",
            },
        )
        self.assertEqual(response.status_code, 200, response.text[:300])
        self.assertEqual(set(response.json()), _KEYS)
        return response.json()

    def good(self):
        """A row that was not sent before."""
        self.ts += 1
        return self.channel.key, self.ts, "1", 0

    def test_any_thing_in_a_row_costs_that_row_only(self):
        for column in range(4):
            rows = []
            for thing in _THINGS:
                row = list(self.good())
                row[column] = thing
                rows += [row, self.good()]
            answer = self.call("ingest", make_batch(rows, collector="HOSTILE"))
            bad = len(answer["rejected"])
            taken = answer["accepted"] + answer["duplicates"] + answer["conflicts"]
            with self.subTest(column=column):
                self.assertEqual(taken + bad, len(rows))
                self.assertGreaterEqual(bad, len(_THINGS) - 1)  # as a status, 0 is no fault
                self.assertGreaterEqual(answer["accepted"], len(_THINGS))
        listed = self.env["actwin.reading.reject"].search([("row_index", ">=", 0)])
        self.assertGreater(len(listed), 3 * len(_THINGS))
        listed.action_replay()
        taken = listed.filtered(lambda item: item.state == "taken")  # numbers sent as numbers
        self.assertEqual(set(taken.mapped("reason")), {"bad_value"})
        for item in taken:
            self.assertRegex(item.value_text, r"^-?\d+(\.\d+)?$")

    def test_any_thing_in_the_place_of_a_part_is_answered(self):
        batch = make_batch([self.good()], collector="HOSTILE")
        for thing in _THINGS:
            with self.subTest(thing=repr(thing)):
                self.call("ingest", thing)
                self.call("ingest_packed", thing, thing)
                for name in batch:
                    self.call("ingest", batch | {name: thing})
                for name in batch["points"]:
                    self.call("ingest", batch | {"points": batch["points"] | {name: thing}})
                for name in ("events", "comm"):
                    self.call("ingest", batch | {name: [thing, {"device": thing, "ts": thing}]})
        self.call("ingest")
        self.call("ingest_packed")

    def test_any_thing_in_a_packed_header_is_answered(self):
        header, payload = pack(make_batch([self.good()], collector="HOSTILE"))
        for thing in _THINGS:
            with self.subTest(thing=repr(thing)):
                for name in header:
                    self.call("ingest_packed", header | {name: thing}, payload)
                self.call("ingest_packed", header | {"channels": [thing]}, payload)
                self.call("ingest_packed", header, thing)

    def test_json2_survives_what_json_can_hold(self):
        deep = "[" * 150 + "]" * 150
        texts = ["NaN", "-Infinity", "1e999", "1" * 400, '"\\ud800"', '"\\u0000"', deep, "null"]
        for text in texts:
            thing = json.loads(text)
            for column in range(4):
                row = list(self.good())
                row[column] = thing
                with self.subTest(text=text[:20], column=column):
                    rows = [row, self.good()]
                    answer = self.json2("ingest", {"batch": make_batch(rows, collector="HOSTILE")})
                    self.assertEqual((answer["accepted"], len(answer["rejected"])), (1, 1))
            for part in ("batch_id", "collector", "sent_at", "points", "events", "comm"):
                with self.subTest(text=text[:20], part=part):
                    batch = make_batch([self.good()], collector="HOSTILE")
                    self.json2("ingest", {"batch": batch | {part: thing}})
        self.json2("ingest", {})

    def test_sizes(self):
        key, ts, value, _status = self.good()
        points = {"channel": [key], "ts": [ts], "value": [value], "status": [0]}
        many = {name: column * 50_001 for name, column in points.items()}
        header, payload = pack(make_batch([self.good()], collector="HOSTILE"))
        bomb = base64.b64encode(zlib.compress(bytes(50_000_000))).decode()
        cases = [
            (("ingest", make_batch([], collector="HOSTILE", points=many)), "too_many_rows"),
            (("ingest_packed", header | {"n": 10**6}, payload), "too_many_rows"),
            (("ingest_packed", header, bomb), "bad_type"),
            (("ingest", make_batch([], collector="HOSTILE", batch_id="b" * 10_000)), "bad_header"),
            (("ingest", make_batch([], collector="NOBODY")), "bad_header"),
        ]
        for arguments, reason in cases:
            with self.subTest(reason=reason, method=arguments[0]):
                answer = self.call(*arguments)
                self.assertEqual(
                    (answer["accepted"], answer["rejected"][0][:2]), (0, [-1, reason])
                )
        empty = self.call("ingest", make_batch([], collector="HOSTILE"))
        self.assertEqual(empty, {"accepted": 0, "duplicates": 0, "conflicts": 0, "rejected": []})

    def test_damaged_character_costs_its_own_row_only(self):
        header, payload = pack(
            make_batch([self.good(), (self.channel.key, self.ts + 1, "2")], collector="HOSTILE")
        )
        data = zlib.decompress(base64.b64decode(payload))
        payload = base64.b64encode(zlib.compress(data[:-1] + b"\xff")).decode()
        answer = self.call("ingest_packed", header, payload)
        self.assertEqual(
            (answer["accepted"], [row[:2] for row in answer["rejected"]]), (1, [[1, "bad_value"]])
        )

    def test_other_events_under_a_known_batch_id_are_not_lost(self):
        batch = make_batch([self.good()], collector="HOSTILE")
        self.call("ingest", batch)
        event = {"device": "D", "ts": self.ts, "code": "cover_open"}
        self.call("ingest", batch | {"events": [event]})
        self.assertEqual(self.env["actwin.device.event"].search_count([]), 1)

    def test_row_with_a_whole_float_as_time_is_replayed(self):
        row = ("HOSTILE/P2:1.8.0", float(self.ts), "7")
        self.call("ingest", make_batch([row], collector="HOSTILE"))
        self.channel.point_id.copy({"code": "P2", "site_id": self.channel.site_id.id})
        reject = self.env["actwin.reading.reject"].search([("channel_key", "=", row[0])])
        reject.action_replay()
        self.assertEqual(reject.state, "taken")
