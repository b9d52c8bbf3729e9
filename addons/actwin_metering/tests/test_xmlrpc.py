from xmlrpc.client import Fault

from odoo.tests import HttpCase, get_db_name, tagged
from odoo.tools import mute_logger

from .common import epoch, make_batch, pack


@tagged("post_install", "-at_install")
class TestXmlRpc(HttpCase):
    """The way of a collector: API key, XML-RPC, configuration, delivery, status."""

    def setUp(self):
        super().setUp()
        site = self.env["actwin.site"].create({"name": "Wire", "code": "WIRE"})
        point = self.env["actwin.point"].create({"name": "P", "code": "P1", "site_id": site.id})
        self.channel = self.env["actwin.channel"].create({"point_id": point.id, "obis": "1.8.0"})
        self.collector = self.env["actwin.collector"].create(
            {"name": "Wire", "code": "W1", "site_id": site.id}
        )
        self.key = self.collector._create_api_key()
        self.login = self.collector.user_id.login
        self.uid = self.xmlrpc_common.authenticate(get_db_name(), self.login, self.key, {})

    def call(self, model, method, *args):
        return self.xmlrpc_object.execute_kw(
            get_db_name(), self.uid, self.key, model, method, list(args)
        )

    def test_from_key_to_reading(self):
        self.assertEqual(self.uid, self.collector.user_id.id)
        self.assertEqual(self.call("actwin.collector", "get_config", "W1")["site"], "WIRE")
        batch = make_batch(
            [
                (self.channel.key, "2026-03-02 09:00:00", "1.5"),
                ("nowhere", "2026-03-02 09:00:00", "1"),
            ],
            collector="W1",
        )
        answer = self.call("actwin.reading", "ingest", batch)
        self.assertEqual(
            (answer["accepted"], answer["rejected"][0][:2]), (1, [1, "unknown_channel"])
        )
        more = make_batch([(self.channel.key, "2026-03-02 09:15:00", "2.5")], collector="W1")
        self.assertEqual(self.call("actwin.reading", "ingest_packed", *pack(more))["accepted"], 1)
        status = {"version": 1, "devices": {}, "outbox": {"pending": 0, "oldest": "", "bytes": 0}}
        self.assertIn(
            "config_version", self.call("actwin.collector", "report_status", "W1", status)
        )
        self.channel.invalidate_recordset()
        self.assertEqual((self.channel.last_value, self.collector.state), (2.5, "ok"))

    def test_garbage_over_the_wire_gets_an_answer(self):
        for batch in (
            "text",
            5,
            [],
            {},
            {"batch_id": "w", "collector": "W1", "points": [1, [2]]},
            {
                "batch_id": "v",
                "collector": "W1",
                "points": {"channel": [1], "ts": ["x"], "value": [2.5]},
            },
        ):
            with self.subTest(batch=batch):
                self.assertTrue(self.call("actwin.reading", "ingest", batch)["rejected"])

    def test_key_opens_nothing_else(self):
        for model, method in (
            ("actwin.channel", "search"),
            ("res.partner", "search"),
            ("actwin.device", "search"),
        ):
            with self.subTest(model=model), mute_logger("odoo.http"), self.assertRaises(Fault):
                self.call(model, method, [])
        with mute_logger("odoo.http"), self.assertRaises(Fault):
            self.call("actwin.reading", "_take", self.collector.id, {}, "x")

    def test_wrong_key_is_refused(self):
        with mute_logger("odoo.addons.base.models.res_users"):
            self.assertFalse(
                self.xmlrpc_common.authenticate(get_db_name(), self.login, "0" * 40, {})
            )

    def test_json2_takes_the_same_call(self):
        batch = make_batch(
            [(self.channel.key, epoch("2026-03-02 09:00:00"), "1.5")], collector="W1"
        )
        response = self.url_open(
            "/json/2/actwin.reading/ingest",
            json={"batch": batch},
            headers={"Authorization": f"Bearer {self.key}", "X-Odoo-Database": get_db_name()},
        )
        self.assertEqual(response.json()["accepted"], 1)
