from odoo.tests import JsonRpcException, tagged
from odoo.tools import mute_logger

from .common import PortalCase

CALL = "/web/dataset/call_kw"


@tagged("post_install", "-at_install")
class TestIsolation(PortalCase):
    """What is somebody else's does not exist, whichever way it is asked for."""

    def rpc(self, model, method, *args, **kwargs):
        """The answer of a call through the web client's RPC, or the error's name."""
        params = {"model": model, "method": method, "args": list(args), "kwargs": kwargs}
        try:
            return self.make_jsonrpc_request(f"{CALL}/{model}/{method}", params)
        except JsonRpcException as error:
            return error.args[0]

    def pages(self, point):
        return (
            f"/my/energy/{point.id}",
            f"/my/energy/{point.id}?month=2024-02",
            f"/my/energy/{point.id}?access_token=guess",
            f"/my/energy/{point.id}?access_token={self.token()}",
        )

    def token(self):
        """A valid token of something the other tenant did get a link to."""
        move = self.env["account.move"].create(
            {"move_type": "out_invoice", "partner_id": self.current.partner_id.id}
        )
        return move._portal_ensure_token()

    def test_another_tenants_point_is_not_found(self):
        self.login(self.stranger)
        for path in self.pages(self.point):
            with self.subTest(path):
                answer = self.page(path)
                self.assertEqual(answer.status_code, 404)
                self.assertNotIn("Weaving hall", answer.text)

    def test_a_point_that_does_not_exist_looks_the_same(self):
        self.login(self.stranger)
        self.assertEqual(self.page("/my/energy/999999999").status_code, 404)
        self.assertEqual(self.page("/my/energy/0").status_code, 404)
        self.assertEqual(self.page("/my/energy/-1").status_code, 404)

    def test_json_route_is_not_found_either(self):
        self.login(self.stranger)
        token = self.token()
        for params in ({}, {"month": "2024-02"}, {"month": "2024-02", "access_token": token}):
            answer = self.url_open(
                f"/my/energy/{self.point.id}/series",
                json={"jsonrpc": "2.0", "method": "call", "params": params},
            ).json()
            self.assertEqual(answer["error"]["code"], 404)
            self.assertNotIn("result", answer)

    def test_public_gets_to_the_login_page_and_no_data(self):
        self.authenticate(None, None)
        for path in ("/my/energy", *self.pages(self.point)):
            with self.subTest(path):
                answer = self.page(path)
                self.assertEqual(answer.status_code, 303)
                self.assertIn("/web/login", answer.headers["Location"])
        answer = self.url_open(f"/my/energy/{self.point.id}/series", json={"params": {}}).json()
        self.assertIn("error", answer)
        self.assertNotIn("result", answer)

    def test_lists_and_counters_hold_own_points_only(self):
        self.login(self.stranger)
        self.assertNotIn("Weaving hall", self.page("/my/energy").text)
        counters = {"counters": ["energy_point_count"]}
        count = self.make_jsonrpc_request("/my/counters", counters)
        self.assertEqual(count["energy_point_count"], 0)
        self.login(self.current)
        count = self.make_jsonrpc_request("/my/counters", counters)
        self.assertEqual(count["energy_point_count"], 1)

    def test_an_archived_point_is_gone(self):
        self.point.active = False
        self.login(self.current)
        self.assertEqual(self.page(f"/my/energy/{self.point.id}").status_code, 404)

    def foreign_records(self):
        """{model: ids} of every stored record that hangs on the current tenant's point."""
        self.env["actwin.occupancy"].flush_model()
        found = {}
        for name, model in self.env.items():
            if not name.startswith("actwin.") or model._abstract or model._transient:
                continue
            for field, ids in (
                ("point_id", self.point.ids),
                ("subscriber_id", (self.current_sub + self.former_sub).ids),
                ("channel_id", self.total.ids),
                ("site_id", self.site.ids),
            ):
                if field in model._fields and model._fields[field].store:
                    records = model.sudo().search([(field, "in", ids)], limit=50)
                    found.setdefault(name, set()).update(records.ids)
        found["actwin.point"] = set(self.point.ids)
        found["actwin.site"] = set(self.site.ids)
        found["actwin.subscriber"] = set((self.current_sub + self.former_sub).ids)
        return {name: sorted(ids) for name, ids in found.items() if ids}

    @mute_logger("odoo.http")
    def test_no_model_tells_a_stranger_anything_over_rpc(self):
        foreign = self.foreign_records()
        for expected in ("actwin.channel", "actwin.reading", "actwin.consumption.day"):
            self.assertIn(expected, foreign)
        self.login(self.stranger)
        for model, ids in foreign.items():
            with self.subTest(model):
                domain = [("id", "in", ids)]
                self.assertIn(
                    self.rpc(model, "search_read", domain, ["id"]),
                    ([], "odoo.exceptions.AccessError"),
                )
                self.assertIn(
                    self.rpc(model, "search_count", domain), (0, "odoo.exceptions.AccessError")
                )
                self.assertEqual(
                    self.rpc(model, "read", ids[:1], ["id", "display_name"]),
                    "odoo.exceptions.AccessError",
                )
                groups = self.rpc(model, "formatted_read_group", domain, aggregates=["__count"])
                if groups != "odoo.exceptions.AccessError":
                    self.assertEqual([group["__count"] for group in groups], [0])
                self.assertIn(
                    self.rpc(model, "write", ids[:1], {"id": ids[0]}),
                    ("odoo.exceptions.AccessError", "odoo.exceptions.UserError"),
                )

    @mute_logger("odoo.http")
    def test_a_former_tenant_reads_no_later_day_over_rpc(self):
        self.login(self.former)
        for model, field, first in (
            ("actwin.consumption.day", "day", "2024-02-10"),
            ("actwin.consumption.hour", "hour", "2024-02-09 21:00:00"),
            ("actwin.consumption.month", "month", "2024-02-01"),
            ("actwin.reading", "ts", "2024-02-09 21:00:01"),
        ):
            with self.subTest(model):
                domain = [("point_id", "=", self.point.id), (field, ">=", first)]
                self.assertIn(
                    self.rpc(model, "search_read", domain, ["id"]),
                    ([], "odoo.exceptions.AccessError"),
                )

    @mute_logger("odoo.http")
    def test_a_former_tenant_does_not_read_the_running_register(self):
        self.login(self.former)
        point = "last_reading meter_id contract_power_kw properties"
        for model, record, names in (
            ("actwin.channel", self.total, "last_value last_ts last_quality last_quality_code"),
            ("actwin.point", self.point, point),
            ("actwin.subscriber", self.former_sub, "note properties authorised_partner_id"),
        ):
            for name in names.split():
                with self.subTest(f"{model} {name}"):
                    self.assertEqual(
                        self.rpc(model, "read", record.ids, [name]), "odoo.exceptions.AccessError"
                    )

    @mute_logger("odoo.http")
    def test_a_former_tenant_does_not_learn_who_came_next(self):
        self.login(self.former)
        for field in ("subscriber_id", "occupancy_ids"):
            answer = self.rpc("actwin.point", "read", self.point.ids, [field])
            self.assertNotIn("Tenant current", str(answer))
            if answer != "odoo.exceptions.AccessError":
                self.assertNotIn(self.current_sub.occupancy_ids.id, answer[0][field] or [])

    @mute_logger("odoo.http")
    def test_the_gate_itself_cannot_be_called(self):
        self.login(self.stranger)
        for model, method in (
            ("actwin.occupancy", "_portal_occupancies"),
            ("actwin.point", "_portal_month"),
            ("actwin.channel", "_day_series"),
        ):
            self.assertIn(
                self.rpc(model, method, self.point.ids),
                ("odoo.exceptions.AccessError", "builtins.AttributeError",
                 "builtins.TypeError", "werkzeug.exceptions.NotFound"),
            )  # fmt: skip
