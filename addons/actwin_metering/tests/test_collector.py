import os
import stat
from pathlib import Path

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged

from ..tools import secrets
from .common import CollectorCase


@tagged("post_install", "-at_install")
class TestCollector(CollectorCase):
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
                        "software_7e1": False,
                        "timeout_s": 3.0,
                        "retries": 2,
                        "enabled": True,
                        "settings": {},
                        "secret": "",
                    }
                ],
                "schedules": [
                    {
                        "key": "profile15",
                        "poll_seconds": 60,
                        "store_seconds": 900,
                        "mode": "last",
                        "clock_set": False,
                        "events": False,
                        "backfill_days": 0,
                    }
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
                        "priority": 5,
                        "timeout_s": 0.0,
                        "retries": -1,
                        "parameters": [
                            {
                                "register": "energy",
                                "channel": "TS1/P1:1.8.0",
                                "unit": "kWh",
                                "scale": "1",
                                "profile": "",
                                "mode": "",
                            }
                        ],
                    }
                ],
            },
        )

    def test_archived_device_is_left_out(self):
        self.device.active = False
        self.assertEqual(self.api.get_config("C1")["devices"], [])

    def test_devices_that_are_not_complete_are_left_out(self):
        self.create_device("D2")
        self.create_device("D3", self.create_channel(obis="2.8.0"), line_id=False)
        self.assertEqual([item["key"] for item in self.api.get_config("C1")["devices"]], ["D1"])

    def test_what_is_set_is_told(self):
        self.device.schedule_id.write(
            {
                "poll_plan": " */5  * * * * ",
                "store_plan": "*/15 * * * *",
                "snapshots": "month_end\n\n0 6 * * 1",
                "snapshot_window_seconds": 600,
                "backfill_days": 40,
                "clock_set": True,
                "events": True,
            }
        )
        self.line.write({"secret": "broker", "settings": {"topic": "a/#", "gone": None}})
        self.device.parameter_ids.write({"mode": "max", "profile": "1-0:1.29.0"})
        found = self.api.get_config("C1")
        schedule, line = found["schedules"][0], found["lines"][0]
        self.assertEqual(schedule["poll_plan"], "*/5 * * * *")
        self.assertEqual(schedule["snapshots"], ["month_end", "0 6 * * 1"])
        self.assertEqual(
            (schedule["snapshot_window_seconds"], schedule["backfill_days"]), (600, 40)
        )
        self.assertTrue(schedule["clock_set"] and schedule["events"])
        self.assertEqual((line["secret"], line["settings"]), ("broker", {"topic": "a/#"}))
        parameter = found["devices"][0]["parameters"][0]
        self.assertEqual((parameter["mode"], parameter["profile"]), ("max", "1-0:1.29.0"))

    def test_config_of_another_collector_is_refused(self):
        other = self.env["actwin.collector"].create(
            {"name": "Other", "code": "C2", "site_id": self.create_site(code="TS2").id}
        )
        other._ensure_user()
        for code in ("C2", "C9", None, ["C1"], {"C1": 1}, 5):
            with self.subTest(code=code):
                for call in (
                    lambda code=code: self.api.fetch_commands(code),
                    lambda code=code: self.api.report_commands(code, []),
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
        with open(self.key_file, "rb") as file:
            self.addCleanup(Path(self.key_file).write_bytes, file.read())
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
            lambda: schedule.write({"snapshots": "month_end"}),
            lambda: self.line.write({"settings": {"x": 1}}),
            lambda: self.line.write({"secret": "s"}),
            lambda: self.line.stop("rewiring"),
            lambda: self.line.start(),
            lambda: self.channel.write({"unit": "Wh"}),
            lambda: self.env["actwin.line"].create(
                {"collector_id": self.collector.id, "key": "l2", "host": "h", "port": 1}
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
        self.api.report_status(
            "C1", {"version": "19.0.1", "config_version": 4, "problems": ["uplink: gone", 7, []]}
        )
        self.assertEqual(
            (self.collector.running_version, self.collector.software_version), (4, "19.0.1")
        )
        self.assertEqual(self.collector.problems.splitlines()[0], "uplink: gone")
        self.api.report_status("C1", status)
        self.assertEqual(
            (self.device.last_error, str(self.device.last_ok)), ("no_answer", "2026-03-02 09:00:00")
        )

    def test_gaps_and_signal_of_a_device(self):
        def report(**told):
            self.api.report_status("C1", {"devices": {"D1": told}})
            device = self.device
            return device.missing_slots, str(device.missing_since), device.backfill, device.rssi

        self.assertEqual(
            report(missing_slots=96, missing_since="2026-03-01T00:15:00Z", backfill="working",
                   rssi=-87),
            (96, "2026-03-01 00:15:00", "working", -87))
        gone = (0, "False", False, 0)
        self.assertEqual(
            report(missing_slots="x", missing_since=[], backfill="magic", rssi=10**40), gone)
        self.assertEqual(report(missing_slots=-1, rssi=float("nan")), gone)
        self.assertEqual(report(), gone)

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
            {"problems": {}, "started_at": [], "outbox": {"oldest": {}, "dead": "x"}},
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

    def test_channel_is_fed_by_one_register_of_the_collector(self):
        with self.assertRaises(ValidationError):
            self.create_device("D2", self.channel)
        self.device.active = False
        self.create_device("D2", self.channel)

    def test_lines_and_settings_that_cannot_work_are_refused_in_words(self):
        lines = self.env["actwin.line"]
        base = {"collector_id": self.collector.id, "key": "x"}
        for values, word in (
            ({"kind": "serial"}, "/dev/ttyUSB0"),
            ({"kind": "tcp", "port": 502}, "host"),
            ({"kind": "tcp", "host": "h"}, "port"),
        ):
            with self.subTest(values=values), self.refused(word):
                lines.create(base | values)
        for settings in (
            {"pause": "soon"},
            {"framing": "udp"},
            {"echo": "yes"},
            {"fill": 1.5},
            {"max_registers": True},
            ["map"],
        ):
            with self.subTest(settings=settings), self.assertRaises(ValidationError):
                self.device.settings = settings
        self.device.settings = {"pause": 1, "framing": "rtu", "of another driver": [1]}

    def test_clear_text_round_trip(self):
        self.assertEqual(secrets.decrypt(self.env, secrets.encrypt("ğüş")), "ğüş")
        self.assertEqual((secrets.encrypt(""), secrets.decrypt(self.env, "")), ("", ""))
