from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .common import LossCase

GROUPS = {
    "technician": "actwin_metering.group_technician",
    "operator": "actwin_metering.group_operator",
    "manager": "actwin_metering.group_manager",
    "administrator": "actwin_metering.group_administrator",
    "employee": "base.group_user",
    "portal": "base.group_portal",
}
MODELS = ("actwin.loss.node", "actwin.loss.balance", "actwin.loss.balance.line")


@tagged("post_install", "-at_install")
class TestRights(LossCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = {
            name: new_test_user(cls.env, login=f"loss_{name}", groups=group)
            for name, group in GROUPS.items()
        }
        cls.fill_all()
        cls.node._update_balances()

    def visible(self, user, model):
        return self.env[model].with_user(user).search_count([("site_id", "=", self.site.id)])

    def test_staff_reads(self):
        for name in ("technician", "operator", "manager", "administrator"):
            self.assertEqual([self.visible(self.users[name], m) for m in MODELS], [1, 1, 4], name)

    def test_others_see_nothing(self):
        for name in ("employee", "portal"):
            for model in MODELS:
                with self.subTest(f"{name} {model}"), self.assertRaises(AccessError):
                    self.visible(self.users[name], model)

    def test_nobody_writes_a_balance(self):
        balance = self.node.balance_ids
        for name in ("operator", "manager", "administrator"):
            mine = balance.with_user(self.users[name])
            for act in (lambda r: r.write({"state": "ok"}), lambda r: r.unlink(),
                        lambda r: r.copy(), lambda r: r.line_ids.unlink()):  # fmt: skip
                with self.subTest(name), self.assertRaises(AccessError):
                    act(mine)

    def test_who_keeps_nodes(self):
        node = self.node.with_user(self.users["technician"])
        with self.assertRaises(AccessError):
            node.write({"name": "x"})
        with self.assertRaises(AccessError):
            node.action_update()
        self.node.with_user(self.users["operator"]).write({"name": "x"})
        with self.assertRaises(AccessError):
            self.node.with_user(self.users["operator"]).unlink()
        self.node.with_user(self.users["manager"]).unlink()

    def test_operator_updates(self):
        self.fill_all(a=630)
        self.node.with_user(self.users["operator"]).action_update()
        self.assertEqual(self.node.balance_ids.state, "ok")

    def test_operator_moves_a_node(self):
        self.node.with_user(self.users["operator"]).point_id = self.tenant_a
        self.assertFalse(self.node.balance_ids)

    def test_a_site_bound_to_others_is_out_of_sight(self):
        self.site.user_ids = [Command.link(self.users["manager"].id)]
        for model in MODELS:
            self.assertEqual(self.visible(self.users["operator"], model), 0)
            self.assertTrue(self.visible(self.users["manager"], model))
            self.assertTrue(self.visible(self.users["administrator"], model))

    def test_another_company_is_out_of_sight(self):
        other = self.env["res.company"].create({"name": "Other"})
        user = new_test_user(
            self.env,
            login="loss_other",
            groups="actwin_metering.group_administrator",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        for model in MODELS:
            self.assertEqual(self.visible(user, model), 0)

    def test_no_rule_can_go_unnoticed(self):
        """Without a rule, or with its condition turned round, somebody sees other records."""
        other = self.env["res.company"].create({"name": "Other"})
        stranger = new_test_user(
            self.env,
            login="loss_stranger",
            groups=GROUPS["administrator"],
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        self.site.user_ids = self.users["manager"]
        users = [self.users[name] for name in ("operator", "manager", "administrator")] + [stranger]
        rules = self.env["ir.rule"].search([("model_id.model", "in", MODELS)])
        self.assertEqual(len(rules), 6)
        for rule in rules:
            model, condition = rule.model_id.model, rule.domain_force
            usual = [self.visible(user, model) for user in users]
            opposite = "[(0, '=', 1)]" if condition == "[(1, '=', 1)]" else "[(1, '=', 1)]"
            for broken in ({"active": False}, {"domain_force": opposite}):
                with self.subTest(rule=rule.name, **broken):
                    rule.write(broken)
                    self.assertNotEqual([self.visible(user, model) for user in users], usual)
                    rule.write({"active": True, "domain_force": condition})
