from odoo import api, fields, models
from odoo.exceptions import UserError

from ...const import SEVERITIES


class ActwinMessageKind(models.Model):
    """What people may be told about, and the words for it on each channel.

    The product's code names kinds by their code; what is said, and whether at all, is the
    user's. Texts are translated, so that everybody reads them in the own language.
    """

    _name = "actwin.message.kind"
    _description = "Message Kind"
    _order = "category, sequence, code"
    _rec_names_search = ["name", "code"]

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True, index=True)
    category = fields.Selection(
        [
            ("alarm", "Alarms"),
            ("data", "Readings and devices"),
            ("billing", "Billing"),
            ("system", "System"),
        ],
        required=True,
        default="alarm",
    )
    sequence = fields.Integer(default=10)
    severity = fields.Selection(
        SEVERITIES,
        "Default Severity",
        required=True,
        default="warning",
        help="For records that have no severity of their own.",
    )
    model = fields.Char(
        help="Model of the records it tells of. Its fields can be used in the texts, as "
        "{{ object.field }}."
    )
    title = fields.Char(
        translate=True,
        required=True,
        help="Subject of the e-mail and headline of the notice in the application and browser.",
    )
    text = fields.Text(
        translate=True, required=True, help="What the application and the browser show."
    )
    sms_text = fields.Text("SMS", translate=True, help="Empty: the headline is sent.")
    mail_body = fields.Html(
        "E-mail",
        translate=True,
        sanitize="email_outgoing",
        help="Empty: the text of the application is sent.",
    )
    active = fields.Boolean(default=True)

    _code_uniq = models.Constraint("UNIQUE (code)", "Another kind of message has this code.")

    @api.ondelete(at_uninstall=False)
    def _unlink_except_shipped(self):
        if any(self._get_external_ids().values()):
            raise UserError(self.env._("A kind the product knows is archived, not deleted."))

    @api.model
    def _by_code(self, code):
        """The kind of a code, archived or not; a missing one is a fault of the program."""
        # sudo: whoever causes a message need not be allowed to see how it is worded
        found = self.sudo().with_context(active_test=False).search([("code", "=", code)])
        if not found:
            raise ValueError(f"There is no kind of message {code!r}.")
        return found
