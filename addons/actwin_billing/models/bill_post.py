import json
import logging
from decimal import Decimal

from psycopg2 import OperationalError

from odoo import Command, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..const import QUIET
from ..core.money import ZERO, rounded

_logger = logging.getLogger(__name__)
UNIT_XMLIDS = {
    "kWh": "uom.product_uom_kwh",
    "kVArh": "actwin_billing.uom_kvarh",
    "kW": "actwin_billing.uom_kw_month",
    "m³": "uom.product_uom_cubic_meter",
    "day": "uom.product_uom_day",
}


class ActwinBillPost(models.Model):
    """Approved control invoices become posted invoices with exactly the amounts of the core."""

    _inherit = "actwin.bill"

    def _post_moves(self):
        """Create and post the invoices of approved bills; answer the bills that were posted.

        One that fails gets a finding and stays approved; the others of the batch go through.
        Nothing slow happens here: the journal's number sequence is locked until commit.
        """
        bills = self.filtered(lambda bill: bill.state == "approved" and not bill.move_id)
        if not bills:
            return bills
        try:
            with self.env.cr.savepoint():
                return bills.with_context(**QUIET)._post_batch()
        except OperationalError:
            raise  # a serialization conflict: the caller repeats the transaction
        except Exception as error:
            if len(bills) == 1:
                _logger.exception("posting of control invoice %s failed", bills.id)
                bills.message_post(body=self.env._("Posting failed: %s", error))
                return self.browse()
            _logger.warning("a batch of invoices is repeated one by one: %s", error)
        posted = self.browse()
        for bill in bills:
            posted |= bill._post_moves()
        return posted

    def _post_batch(self):
        bills = self.sorted(lambda bill: (bill.date_from, bill.name, bill.id))
        others = self.browse().union(*bills._overlapping().values())
        if others.filtered(lambda other: other.state == "posted"):
            raise UserError(self.env._("A day of this period is already invoiced."))
        answers = [bill._intact_answer() for bill in bills]
        groups = [
            bill._line_groups(answer) for bill, answer in zip(bills, answers, strict=True)
        ]
        moves = self.env["account.move"].create([
            bill._prepare_move_vals(rows) for bill, rows in zip(bills, groups, strict=True)
        ])
        moves.action_post()
        for bill, move in zip(bills, moves, strict=True):
            bill._check_move(move)
        bills._link_moves(moves, groups)
        return bills

    def _link_moves(self, moves, groups):
        """Mark the bills as posted: three statements for the whole batch."""
        pairs = [
            (line.id, move_line.id)
            for move, rows in zip(moves, groups, strict=True)
            for group, move_line in zip(rows, move.invoice_line_ids, strict=True)
            for line in group["lines"]
        ]
        lines = self.env["actwin.bill.line"].browse(line_id for line_id, _other in pairs)
        self._update({"state": "posted"})
        self.env.flush_all()
        for records, column, values in (
            (self, "move_id", moves.ids), (lines, "move_line_id", [other for _id, other in pairs])
        ):
            self.env.cr.execute(SQL(
                "UPDATE %(table)s t SET %(column)s = v.value"
                " FROM unnest(%(ids)s::int[], %(values)s::int[]) AS v (id, value)"
                " WHERE t.id = v.id",
                table=SQL.identifier(records._table), column=SQL.identifier(column),
                ids=records.ids, values=values,
            ))
            records.invalidate_recordset([column])

    def _intact_answer(self):
        """The priced result in the snapshot, only when its hash still fits."""
        self.ensure_one()
        if not self.snapshot_intact:
            raise UserError(self.env._("The snapshot of %s is damaged.", self.name))
        return json.loads(self.snapshot)["result"]

    def _line_groups(self, answer):
        """Lines joined by product and taxes, in order: one invoice line each.

        [{product, unit, keys, quantity, amount, price, taxes: {key: [base, amount]}, lines}]
        """
        groups = {}
        for index, (record, line) in enumerate(
            zip(self.line_ids.sorted("sequence"), answer["lines"], strict=True)
        ):
            key = (record.product_id, line["unit"], tuple(line["taxes"]))
            group = groups.setdefault(key, {
                "product": record.product_id, "unit": line["unit"], "keys": line["taxes"],
                "quantity": ZERO, "amount": ZERO, "prices": set(), "taxes": {},
                "lines": self.env["actwin.bill.line"],
            })
            group["quantity"] += Decimal(line["quantity"])
            group["amount"] += Decimal(line["amount"])
            group["prices"].add(Decimal(line["unit_price"]))
            group["lines"] |= record
            for tax in answer["taxes"]:
                if tax["key"] in line["taxes"]:
                    sums = group["taxes"].setdefault(tax["key"], [ZERO, ZERO])
                    sums[0] += Decimal(tax["line_bases"][index])
                    sums[1] += Decimal(tax["line_amounts"][index])
        return list(groups.values())

    def _prepare_move_vals(self, groups):
        """Vals of the account.move; a negative bill becomes a credit note."""
        self.ensure_one()
        sign = -1 if self.amount_total < 0 else 1
        vals = {
            "move_type": "out_refund" if sign < 0 else "out_invoice",
            "partner_id": self.partner_id.id,
            "company_id": self.company_id.id,
            "currency_id": self.currency_id.id,
            "invoice_date": self.run_id.invoice_date,
            "ref": self.name,
            "actwin_bill_id": self.id,
            "actwin_run_id": self.run_id.id,
            "invoice_user_id": self.run_id.user_id.id,
            "invoice_payment_term_id": self.subscription_id.payment_term_id.id or False,
            "invoice_line_ids": [
                Command.create(self._prepare_move_line_vals(group, sign)) for group in groups
            ],
        }
        if self.run_id.journal_id:
            vals["journal_id"] = self.run_id.journal_id.id
        return vals

    def _prepare_move_line_vals(self, group, sign=1):
        """Vals of one invoice line; ``extra_tax_data`` carries the amounts of the core."""
        quantity, amount = group["quantity"] * sign, group["amount"] * sign
        price = next(iter(group["prices"])) if len(group["prices"]) == 1 else None
        if not group["unit"] or not quantity or (not group["taxes"] and price is None):
            quantity, price = Decimal(1), amount  # a share, a minimum: no quantity of anything
        if price is None:
            price = rounded(amount / quantity, 8)
        if not group["taxes"] and rounded(quantity * price) != amount:
            quantity, price = Decimal(1), amount
        vals = {
            "product_id": group["product"].id,
            "name": ", ".join(dict.fromkeys(group["lines"].mapped("name"))),
            "quantity": float(quantity),
            "price_unit": float(price),
            "tax_ids": [Command.set([self._tax(key).id for key in group["taxes"]])],
            "analytic_distribution": False,
        }
        unit = UNIT_XMLIDS.get(group["unit"])
        if unit:
            vals["product_uom_id"] = self.env["ir.model.data"]._xmlid_to_res_id(unit)
        if group["taxes"]:
            vals["extra_tax_data"] = self._extra_tax_data(group, vals, amount, sign)
        return vals

    def _tax(self, key):
        return self.tariff_id.levy_tax_id if key == "levy" else self.tariff_id.vat_tax_id

    def _extra_tax_data(self, group, vals, amount, sign):
        """JSON by which Odoo takes these amounts instead of computing its own (core field)."""
        return {
            "currency_id": self.currency_id.id,
            "price_unit": vals["price_unit"],
            "discount": 0.0,
            "quantity": vals["quantity"],
            "rate": 1.0,
            "manual_total_excluded": float(amount),
            "manual_total_excluded_currency": float(amount),
            "manual_tax_amounts": {
                str(self._tax(key).id): {
                    "tax_amount": float(tax * sign),
                    "tax_amount_currency": float(tax * sign),
                    "base_amount": float(base * sign),
                    "base_amount_currency": float(base * sign),
                }
                for key, (base, tax) in group["taxes"].items()
            },
        }

    def _check_move(self, move):
        """UserError unless the invoice says to the kuruş what the control invoice says."""
        currency, sign = self.currency_id, -1 if self.amount_total < 0 else 1
        pairs = (
            (move.amount_untaxed, self.amount_untaxed * sign),
            (move.amount_tax, (self.amount_levy + self.amount_vat) * sign),
            (move.amount_total, self.amount_total * sign),
        )
        if any(currency.compare_amounts(found, wanted) for found, wanted in pairs):
            raise UserError(
                self.env._(
                    "The invoice of %(bill)s would be %(found)s instead of %(wanted)s.",
                    bill=self.name, found=move.amount_total, wanted=self.amount_total * sign,
                )
            )

    def action_credit(self):
        """Credit a posted bill in full, so that the period can be billed again. Returns True."""
        for bill in self:
            if bill.state != "posted":
                raise UserError(self.env._("Only posted control invoices can be credited."))
            credit = bill.move_id._reverse_moves(
                [{"ref": self.env._("Credit of %s", bill.move_id.name)}], cancel=True
            )
            bill._update({"state": "credited", "credit_move_id": credit.id})
        self._release_waiting()
        return True
