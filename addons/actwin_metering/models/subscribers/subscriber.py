from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...core.imports.identity import compact_iban


class ActwinSubscriber(models.Model):
    """Who and where the subscriber is; name, address and numbers of contact are its contact's."""

    _inherit = "actwin.subscriber"

    tag_ids = fields.Many2many(
        "actwin.subscriber.tag", string="Tags", groups="actwin_metering.group_reader"
    )
    street = fields.Char(related="partner_id.street", readonly=False)
    city = fields.Char(related="partner_id.city", readonly=False, store=True)
    phone = fields.Char(readonly=False)
    email = fields.Char(readonly=False)
    fax = fields.Char()
    tax_number = fields.Char(
        "Tax Number",
        related="partner_id.vat",
        readonly=False,
        help="VKN of a company, TCKN of a person.",
    )
    iban = fields.Char("IBAN", help="Where money goes back to.")
    parcel_sheet = fields.Char("Map Sheet", help="Pafta of the land register.")
    parcel = fields.Char(
        compute="_compute_parcel", store=True, help="Block and number of the land register."
    )
    building = fields.Char()
    floor = fields.Char()
    door = fields.Char("Door No.")
    authorised_role = fields.Char("Role", help="What the authorised person is there.")
    authorised_phone = fields.Char(
        "Phone of the Authorised", related="authorised_partner_id.phone", readonly=False
    )
    authorised_email = fields.Char(
        "E-mail of the Authorised", related="authorised_partner_id.email", readonly=False
    )

    @api.depends("parcel_block", "parcel_no")
    def _compute_parcel(self):
        for subscriber in self:
            parts = [subscriber.parcel_block, subscriber.parcel_no]
            subscriber.parcel = "/".join(part or "–" for part in parts) if any(parts) else False

    @api.constrains("partner_id")
    def _check_tax_number(self):
        self.partner_id._check_subscriber_tax_number()

    @api.constrains("iban")
    def _check_iban(self):
        for subscriber in self:
            if subscriber.iban and not compact_iban(subscriber.iban):
                raise ValidationError(
                    self.env._("The check digits of IBAN %s are wrong.", subscriber.iban)
                )
