from odoo import Command
from odoo.exceptions import ValidationError
from odoo.tests import Form, new_test_user, tagged

from .common import MeteringCase

ROLES = ["tenant", "technician", "operator", "manager", "administrator"]


@tagged("post_install", "-at_install")
class TestRoles(MeteringCase):
    """A role is one choice on the user's form, and everything else follows from it."""

    def group(self, role):
        return self.env.ref(f"actwin_metering.group_{role}")

    def pick(self, user, *roles):
        """What choosing a role on the form sends: the whole set of groups."""
        keep = user.group_ids - self.env.ref("actwin_metering.privilege_metering").group_ids
        with Form(user, "base.view_users_form") as form:
            form.group_ids.set(keep + self.env["res.groups"].union(*map(self.group, roles)))
        return user

    def test_roles_are_the_choices_of_one_box(self):
        box = self.env.ref("actwin_metering.privilege_metering")
        choices = self.env["res.groups"]._get_view_group_hierarchy()["privileges"][box.id]
        own = [id_ for id_ in choices["group_ids"] if id_ in map(lambda r: self.group(r).id, ROLES)]
        self.assertEqual(own, [self.group(role).id for role in ROLES])
        self.assertLessEqual(len(choices["group_ids"]), 6, "five here and billing's accountant")
        self.assertNotIn(self.env.ref("actwin_metering.group_collector").id, choices["group_ids"])

    def test_an_internal_user_becomes_a_tenant_and_back_by_one_choice(self):
        user = new_test_user(self.env, "changing", groups="actwin_metering.group_operator")
        self.pick(user, "tenant")
        self.assertTrue(user.share)
        self.assertEqual(user.group_ids, self.group("tenant"))
        self.assertFalse(user.has_group("actwin_metering.group_reader"))
        user.group_ids += self.env.ref("base.group_portal")
        self.pick(user, "technician")
        self.assertFalse(user.share)
        self.assertTrue(user.has_group("base.group_user"))
        self.assertFalse(user.has_group("base.group_portal"))
        self.assertFalse(user.has_group("actwin_metering.group_operator"))

    def test_other_groups_stay_when_a_role_is_chosen(self):
        other = self.env["res.groups"].create({"name": "Own"})
        user = new_test_user(self.env, "keeping", groups="actwin_metering.group_technician")
        user.group_ids += other
        self.pick(user, "manager")
        self.assertIn(other, user.group_ids)
        self.assertNotIn(self.group("technician"), user.group_ids)

    def test_nobody_is_a_tenant_and_staff_at_once(self):
        user = new_test_user(self.env, "both", groups="actwin_metering.group_operator")
        with self.assertRaises(ValidationError):
            user.group_ids = [Command.link(self.group("tenant").id)]

    def test_the_list_of_users_names_the_role(self):
        for role in ROLES:
            user = new_test_user(self.env, f"named-{role}", groups=f"actwin_metering.group_{role}")
            self.assertEqual(user.actwin_role_id, self.group(role))
        nobody = new_test_user(self.env, "nobody", groups="base.group_user")
        self.assertFalse(nobody.actwin_role_id)

    def test_tenants_are_not_offered_as_recipients_of_a_role(self):
        roles = self.env["actwin.message.route"]._role_ids()
        self.assertNotIn(self.group("tenant").id, roles)
        self.assertIn(self.group("technician").id, roles)
