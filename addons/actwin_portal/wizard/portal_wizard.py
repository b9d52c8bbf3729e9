from odoo import Command, models


class PortalWizardUser(models.TransientModel):
    """Who is let into the portal as a subscriber gets the role of a tenant."""

    _inherit = "portal.wizard.user"

    # EXTENDS portal
    def action_grant_access(self):
        result = super().action_grant_access()
        # sudo: whoever may grant access names nothing more by it than what the access is for
        user = self.user_id.sudo()
        if user.partner_id.commercial_partner_id.actwin_subscriber_ids:
            user.group_ids = [Command.link(self._actwin_tenant().id)]
        return result

    # EXTENDS portal: the role implies the group that is taken away
    def action_revoke_access(self):
        user, tenant = self.user_id.sudo(), self._actwin_tenant()  # sudo: as in granting
        if self.is_portal and tenant in user.group_ids:
            portal = self.env.ref("base.group_portal")
            user.group_ids = [Command.link(portal.id), Command.unlink(tenant.id)]
        return super().action_revoke_access()

    def _actwin_tenant(self):
        return self.env.ref("actwin_metering.group_tenant")
