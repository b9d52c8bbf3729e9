import base64

from odoo import Command, fields, models
from odoo.exceptions import UserError

from ...core.errors import CaseError
from ...core.supplier.ubl import read


class ActwinSupplierBillImport(models.TransientModel):
    """Makes a supplier bill of a utility's e-invoice file (UBL, e-Fatura)."""

    _name = "actwin.supplier.bill.import"
    _description = "Import a Supplier Bill"

    file = fields.Binary("E-invoice (XML)", required=True, attachment=False)
    file_name = fields.Char()
    subscription_id = fields.Many2one(
        "actwin.subscription", domain="[('supply', '=', True)]",
        help="Empty: found by the meter's number or the supplier's tax number.",
    )

    def action_import(self):
        """Read the file and open the bill. UserError names what is wrong with the file."""
        self.ensure_one()
        try:
            found = read(base64.b64decode(self.file))
        except CaseError as error:
            raise UserError(self.env._("The file cannot be taken: %s", error)) from None
        subscription = self.subscription_id or self._subscription(found)
        bill = self.env["actwin.supplier.bill"].create(self._prepare_vals(found, subscription))
        bill.message_post(
            body=self.env._("Imported from %s.", self.file_name or found["number"]),
            attachments=[(self.file_name or "invoice.xml", base64.b64decode(self.file))])
        return {
            "type": "ir.actions.act_window", "res_model": "actwin.supplier.bill",
            "res_id": bill.id, "view_mode": "form",
        }

    def _subscription(self, found):
        """The supply subscription that the meter or the supplier names."""
        supply = self.env["actwin.subscription"].search([("supply", "=", True)])
        by_meter = supply.filtered(
            lambda item: found["meter"] and item.point_id.meter_id.serial == found["meter"])
        by_partner = supply.filtered(
            lambda item: found["supplier_vat"] and item.partner_id.vat
            and item.partner_id.vat.endswith(found["supplier_vat"]))
        for match in (by_meter, by_partner, supply):
            if len(match) == 1:
                return match
        raise UserError(self.env._("Choose whose bill it is: several subscriptions fit, or none."))

    def _prepare_vals(self, found, subscription):
        start = found["start"] or found["issued"]
        money = {
            key: float(found[key] or 0)
            for key in ("levy", "base", "vat", "total", "rounding", "payable")}
        return {
            "name": found["number"] or self.file_name,
            "subscription_id": subscription.id,
            "date_from": start,
            "date_to": found["end"] or start,
            "date_issued": found["issued"],
            "levy_percent": float((found["levy_rate"] or 0) * 100),
            "vat_percent": float((found["vat_rate"] or 0) * 100),
            "line_ids": [
                Command.create({
                    "name": line["label"] or line["group"], "group": line["group"],
                    "band": line["band"] or False, "quantity": float(line["quantity"] or 0),
                    "unit": line["unit"], "price": float(line["price"] or 0),
                    "amount": float(line["amount"]), "sequence": number,
                }) for number, line in enumerate(found["lines"])
            ],
            **money,
        }
