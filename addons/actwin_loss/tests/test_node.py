import json
from datetime import timedelta

from psycopg2.errors import CheckViolation, UniqueViolation

from odoo.exceptions import ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .common import DAY, LossCase


@tagged("post_install", "-at_install")
class TestNode(LossCase):
    def test_out_of_band_days_are_counted_over_a_week(self):
        for offset in range(9):
            kwh = 600 if offset in (0, 1, 4, 6) else 630
            self.fill_all(a=kwh, day=DAY + timedelta(days=offset))
        self.node._update_balances()
        self.assertEqual(self.node.last_day, DAY + timedelta(days=8))
        self.assertEqual(self.node.last_state, "ok")
        self.assertEqual(self.node.alarm_days, 2)  # days 4 and 6; 0 and 1 are over a week ago

    def test_default_list_shows_nodes_out_of_band_only(self):
        self.fill_all(a=630)
        self.node._update_balances()
        domain = self.env.ref("actwin_loss.actwin_loss_node_view_search").arch
        self.assertIn('name="out_of_band"', domain)
        alarm = ["|", ("last_state", "in", ("over", "under")), ("alarm_days", ">=", 3)]
        mine = [("id", "=", self.node.id), *alarm]
        nodes = self.env["actwin.loss.node"]
        self.assertFalse(nodes.search(mine))
        self.fill_all(a=600)
        self.node._update_balances()
        self.assertEqual(nodes.search(mine), self.node)
        for offset, kwh in ((1, 600), (2, 600), (3, 630)):
            self.fill_all(a=kwh, day=DAY + timedelta(days=offset))
        self.node._update_balances()
        self.assertEqual((self.node.last_state, self.node.alarm_days), ("ok", 3))
        self.assertEqual(nodes.search(mine), self.node)

    def test_chart_holds_the_complete_days_in_order(self):
        self.fill_all()
        self.fill_all(a=630, day=DAY + timedelta(days=1))
        self.fill_all(day=DAY + timedelta(days=2))
        self.drop("day", self.main.channel_ids, f"day = '{DAY + timedelta(days=2)}'")
        self.node._update_balances()
        values = json.loads(self.node.balance_chart)[0]["values"]
        self.assertEqual([v["label"] for v in values], ["10 Mar", "11 Mar"])
        self.assertEqual([v["type"] for v in values], ["past", "future"])
        self.assertAlmostEqual(values[0]["value"], 39.789474, 6)

    def test_moving_to_another_main_point_starts_over(self):
        self.fill_all()
        self.node._update_balances()
        self.node.name = "Other name"
        self.assertEqual(self.node.balance_count, 1)
        self.node.point_id = self.tenant_a
        self.assertEqual(self.node.balance_count, 0)

    def test_buttons(self):
        self.fill_all()
        self.assertIn("1", self.node.action_update()["params"]["message"])
        action = self.node.action_open_balances()
        self.assertEqual(action["domain"], [("node_id", "=", self.node.id)])
        self.assertEqual(action["views"][0][1], "graph")

    def test_form(self):
        point = self.create_point("M2", role="main")
        with Form(self.env["actwin.loss.node"]) as form:
            form.name = "Transformer 2"
            form.point_id = point
            form.rated_kva = 630
        self.assertEqual(form.record.site_id, self.site)
        self.assertEqual(form.record.company_id, self.site.company_id)

    def test_water_has_no_nameplate_loss(self):
        water = self.create_point("W", commodity="water")
        with self.assertRaises(ValidationError):
            self.create_node(point_id=water.id)

    def test_one_node_a_point(self):
        with mute_logger("odoo.sql_db"), self.assertRaises(UniqueViolation):
            self.create_node()

    @mute_logger("odoo.sql_db")
    def test_impossible_values_are_refused(self):
        for values in (
            {"power_factor": 0},
            {"power_factor": 1.1},
            {"no_load_w": -1},
            {"cable_k": -0.001},
            {"main_class_percent": 0},
            {"rated_kva": 0},
            {"tolerance_percent": -1},
        ):
            with self.subTest(values), self.assertRaises(CheckViolation), self.env.cr.savepoint():
                self.node.write(values)
                self.node.flush_recordset()
            self.env.invalidate_all(flush=False)
