from odoo import fields, models

from ...tools import secrets


class ActwinSecretMixin(models.AbstractModel):
    """A password or key that is entered, stored encrypted, and shown to the collector alone."""

    _name = "actwin.secret.mixin"
    _description = "Write-Only Secret"

    secret = fields.Char(
        compute="_compute_secret",
        inverse="_inverse_secret",
        help="Password or key. Write-only: it is stored encrypted and shown to nobody but the "
        "collector.",
    )
    secret_encrypted = fields.Char(groups=fields.NO_ACCESS, copy=False)
    has_secret = fields.Boolean(compute="_compute_secret", compute_sudo=True)

    def _compute_secret(self):
        for record in self:
            record.secret = ""
            # sudo: nobody may read the field; only whether it is set is told
            record.has_secret = bool(record.sudo().secret_encrypted)

    def _inverse_secret(self):
        for record in self:
            # sudo: nobody may write the field but through this inverse, after write access
            record.sudo().secret_encrypted = secrets.encrypt(record.secret)

    def _clear_secret(self):
        """The secret in clear, for the configuration of the collector's own user."""
        # sudo: unreadable to every user by design
        return secrets.decrypt(self.env, self.sudo().secret_encrypted)
