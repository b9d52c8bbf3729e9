import os
import stat
import tempfile
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged
from odoo.tools import config

from ..tools import secrets
from .common import MeteringCase


@tagged("post_install", "-at_install")
class TestCollector(MeteringCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.key_file = os.path.join(folder.name, "keys", "actwin.key")
        cls.startClassPatcher(patch.dict(config.options, {"actwin_key_file": cls.key_file}))
        cls.line = cls.env["actwin.line"].create(
            {"collector_id": cls.collector.id, "key": "tcp1", "host": "127.0.0.1", "port": 502}
        )
        cls.device = cls.env["actwin.device"].create(
            {
                "key": "D1",
                "name": "Analyser",
                "collector_id": cls.collector.id,
                "line_id": cls.line.id,
                "driver": "modbus",
                "address": "1",
                "settings": {"map": "em24", "unset": None},
                "secret": "00112233",
                "schedule_id": cls.env.ref("actwin_metering.schedule_profile").id,
                "parameter_ids": [(0, 0, {"register": "energy", "channel_id": cls.channel.id})],
            }
        )
        cls.api = cls.env["actwin.collector"].with_user(cls.collector.user_id)

    def test_config_of_the_own_site(self):
        self.assertEqual(
            self.api.get_config("C1"),
            {
                "version": self.collector.config_version,
                "collector": "C1",
                "site": "TS1",
                "tz": "Europe/Istanbul",
                "lines": [
                    {
                        "key": "tcp1",
                        "kind": "tcp",
                        "host": "127.0.0.1",
                        "port": 502,
                        "device_path": "",
                        "baudrate": 9600,
                        "bytesize": 8,
                        "parity": "N",
                        "stopbits": 1,
                        "timeout_s": 3.0,
                        "retries": 2,
                    }
                ],
                "schedules": [
                    {"key": "profile15", "poll_seconds": 60, "store_seconds": 900, "mode": "last"}
                ],
                "devices": [
                    {
                        "key": "D1",
                        "driver": "modbus",
                        "line": "tcp1",
                        "address": "1",
                        "schedule": "profile15",
                        "settings": {"map": "em24"},
                        "secret": "00112233",
                        "parameters": [
                            {
                                "register": "energy",
                                "channel": "TS1/P1:1.8.0",
                                "unit": "kWh",
                                "scale": "1",
                            }
                        ],
                    }
                ],
            },
        )

    def test_archived_device_is_left_out(self):
        self.device.active = False
        self.assertEqual(self.api.get_config("C1")["devices"], [])

    def test_config_of_another_collector_is_refused(self):
        other = self.env["actwin.collector"].create(
            {"name": "Other", "code": "C2", "site_id": self.create_site(code="TS2").id}
        )
        other._ensure_user()
        for code in ("C2", "C9", None, ["C1"], {"C1": 1}, 5):
            with self.subTest(code=code):
                for call in (
                    lambda code=code: self.api.get_config(code),
                    lambda code=code: self.api.report_status(code, {}),
                ):
                    with self.assertRaises(AccessError):
                        call()

    def test_staff_do_not_fetch_configurations_and_administrators_see_no_secret(self):
        manager = new_test_user(self.env, "man", groups="actwin_metering.group_manager")
        with self.assertRaises(AccessError):
            self.env["actwin.collector"].with_user(manager).get_config("C1")
        admin = new_test_user(self.env, "adm", groups="actwin_metering.group_administrator")
        config_dict = self.env["actwin.collector"].with_user(admin).get_config("C1")
        self.assertEqual(config_dict["devices"][0]["secret"], "")

    def test_secret_is_encrypted_and_unreadable(self):
        self.device.flush_recordset()
        self.env.cr.execute(
            "SELECT secret_encrypted FROM actwin_device WHERE id = %s", [self.device.id]
        )
        self.assertNotIn("00112233", self.env.cr.fetchone()[0])
        self.assertEqual(stat.S_IMODE(os.stat(self.key_file).st_mode), 0o600)
        admin = new_test_user(
            self.env, "adm", groups="actwin_metering.group_administrator,base.group_allow_export"
        )
        device = self.device.with_user(admin)
        device.invalidate_recordset()
        self.assertEqual(device.read(["secret", "has_secret"])[0]["secret"], "")
        self.assertTrue(device.has_secret)
        for call in (
            lambda: device.read(["secret_encrypted"]),
            lambda: device.search([("secret_encrypted", "like", "g")]),
            lambda: device.export_data(["secret_encrypted"]),
        ):
            with self.assertRaises(AccessError):
                call()
        device.name = "Renamed"
        self.assertEqual(self.api.get_config("C1")["devices"][0]["secret"], "00112233")

    def test_secret_with_another_key_file_is_an_error_in_words(self):
        os.unlink(self.key_file)
        with self.assertRaises(UserError):
            self.api.get_config("C1")
        self.device.secret = "00112233"
        self.assertEqual(self.api.get_config("C1")["devices"][0]["secret"], "00112233")

    def test_every_change_raises_the_version(self):
        schedule = self.device.schedule_id
        changes = [
            lambda: self.line.write({"port": 503}),
            lambda: self.device.write({"address": "2"}),
            lambda: self.device.write({"secret": "ff"}),
            lambda: self.device.parameter_ids.write({"scale": "0.001"}),
            lambda: schedule.write({"store_seconds": 1800}),
            lambda: self.channel.write({"unit": "Wh"}),
            lambda: self.env["actwin.line"].create(
                {"collector_id": self.collector.id, "key": "l2"}
            ),
            lambda: self.device.parameter_ids.unlink(),
            lambda: self.device.write({"active": False}),
        ]
        for number, change in enumerate(changes):
            before = self.collector.config_version
            change()
            self.assertGreater(self.collector.config_version, before, number)

    def test_status_report(self):
        version = self.collector.config_version
        status = {
            "version": 7,
            "started_at": "2026-03-02T09:00:00Z",
            "outbox": {"pending": 5, "oldest": None},
            "devices": {
                "D1": {
                    "ok": 3,
                    "errors": 1,
                    "last_ok": "2026-03-02T09:00:00+00:00",
                    "last_error": "no_answer",
                },
                "D9": {},
            },
        }
        answer = self.api.report_status("C1", status)
        self.assertEqual(answer["config_version"], version)
        self.assertEqual((self.collector.state, self.collector.running_version), ("ok", 7))
        self.assertEqual(self.collector.outbox_pending, 5)
        self.assertEqual(
            (self.device.last_error, str(self.device.last_ok)), ("no_answer", "2026-03-02 09:00:00")
        )

    def test_status_garbage_is_swallowed(self):
        deep = {}
        deep["x"] = deep
        for status in (
            None,
            [],
            "x",
            {"devices": [1]},
            {"devices": {"D1": {"last_ok": []}}},
            deep,
            {"version": "a\x00", "outbox": 7},
            {"version": 10**40},
        ):
            with self.subTest(status=str(status)[:40]):
                self.assertIn("config_version", self.api.report_status("C1", status))
                self.collector.invalidate_recordset()
                self.collector.read(["running_version", "outbox_pending", "last_status"])

    def test_key_belongs_to_a_user_without_password_or_further_rights(self):
        user = self.collector.user_id
        first = self.collector._create_api_key()
        second = self.collector._create_api_key()
        keys = self.env["res.users.apikeys"]
        self.assertFalse(keys._check_credentials(scope="rpc", key=first))
        self.assertEqual(keys._check_credentials(scope="rpc", key=second), user.id)
        self.assertFalse(user._is_internal())
        self.assertEqual(user.group_ids, self.env.ref("actwin_metering.group_collector"))
        self.env.cr.execute("SELECT password FROM res_users WHERE id = %s", [user.id])
        self.assertFalse(self.env.cr.fetchone()[0])

    def test_wizard_shows_the_key_to_managers_only(self):
        manager = new_test_user(self.env, "man", groups="actwin_metering.group_manager")
        action = self.collector.with_user(manager).action_create_api_key()
        wizard = self.env["actwin.api.key"].with_user(manager).browse(action["res_id"])
        self.assertEqual((len(wizard.key), wizard.login), (40, "collector-c1"))
        operator = new_test_user(self.env, "op", groups="actwin_metering.group_operator")
        with self.assertRaises(AccessError):
            self.collector.with_user(operator).action_create_api_key()

    def test_parameter_stays_at_the_site(self):
        other = self.create_site(code="TS2")
        channel = self.create_channel(point_id=self.create_point(code="X", site_id=other.id).id)
        with self.assertRaises(ValidationError):
            self.device.parameter_ids.channel_id = channel
        with self.assertRaises(ValidationError):
            self.device.parameter_ids.scale = "a lot"

    def test_clear_text_round_trip(self):
        self.assertEqual(secrets.decrypt(self.env, secrets.encrypt("ğüş")), "ğüş")
        self.assertEqual((secrets.encrypt(""), secrets.decrypt(self.env, "")), ("", ""))
