from odoo import api, models
from odoo.exceptions import ValidationError

from ...core.imports.identity import is_tax_number


class ResPartner(models.Model):
    """Contacts that are subscribers: a tax number with a wrong digit spoils every invoice."""

    _inherit = "res.partner"

    @api.constrains("vat", "country_id")
    def _check_subscriber_tax_number(self):
        numbered = self.filtered(lambda partner: partner.vat and partner._is_turkish())
        # sudo: whether a contact subscribes anywhere matters here, not who may see it
        subscribers = self.env["actwin.subscriber"].sudo().with_context(active_test=False)
        found = subscribers._read_group([("partner_id", "in", numbered.ids)], ["partner_id"], [])
        for (partner,) in found:
            if not is_tax_number(partner.vat):
                raise ValidationError(
                    self.env._(
                        "%(name)s: the check digits of tax number %(number)s are wrong.",
                        name=partner.name,
                        number=partner.vat,
                    )
                )

    def _is_turkish(self):
        country = self.country_id or self.env.company.country_id
        return not country or country.code == "TR"
