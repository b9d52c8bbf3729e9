from odoo import Command, models
from odoo.exceptions import UserError

from ...core.engine import price
from ...core.errors import PricingError
from ...core.money import ZERO, rounded
from ...core.schema import case_from
from ...core.supplier.checks import checks
from ...core.supplier.model import GROUPS, ORDER, Index, Line, Ours, SupplierBill


class ActwinSupplierBill(models.Model):
    """The check: facts of the bill and of ourselves → core → findings and comparison."""

    _inherit = "actwin.supplier.bill"

    def action_check(self):
        """Check again everything that is not accepted. Returns True."""
        for bill in self:
            if bill.state == "accepted":
                raise UserError(self.env._("%s is accepted already.", bill.name))
            bill._check_one()
        return True

    def _check_one(self):
        facts, case, problem = self._own()
        own, problem = self._recompute(case, problem)
        ours = self._ours(facts, own) if facts else None
        before = self._before()
        found = checks(self._to_core(), ours, before._to_core() if before else None)
        compare = self._prepare_compare(own)
        self.write({
            "finding_ids": [Command.clear(), *(Command.create({
                "code": item.code, "subject": self._subject(item.subject), "ok": item.ok,
                "found": item.found, "expected": item.expected, "tolerance": item.tolerance,
            }) for item in found)],
            "compare_ids": [Command.clear(), *(Command.create(vals) for vals in compare)],
            "failed_count": sum(not item.ok for item in found),
            "difference": compare[-1]["difference"] if compare else 0,
            "problem": problem,
            "state": "checked",
            **self._prepare_places(),
        })

    def _subject(self, subject):
        """A register or a sum in words; a line's label stays as it is."""
        words = dict(self.index_ids._fields["register"]._description_selection(self.env))
        words |= {
            "levy": self.env._("Energy levy"), "base": self.env._("Base of VAT"),
            "vat": self.env._("VAT"), "total": self.env._("Total"),
            "payable": self.env._("Payable"), "period": self.env._("Period"),
            "reactive": self.env._("Reactive"), "excess": self.env._("Excess demand"),
        }
        return words.get(subject, subject)

    def _own(self):
        """(readings by register, case of the core, what is missing) of our own main meter."""
        run = self.env["actwin.billing.run"].new({
            "company_id": self.company_id.id, "site_id": self.site_id.id,
            "date_from": self.date_from, "date_to": self.date_to})
        facts_model = self.env["actwin.bill.facts"]
        facts = facts_model._facts_of(facts_model._requests(run, self.subscription_id))[0]
        problem = "\n".join(message for _code, message, _data in facts["problems"])
        return facts["readings"], facts["case"], problem

    def _recompute(self, case, problem):
        """(core bill or None, what is missing)."""
        try:
            return price(case_from(case)), problem
        except PricingError as error:
            return None, "\n".join(filter(None, [problem, str(error)]))

    def _exact(self, value, digits=3):
        return self.env["actwin.bill.facts"]._decimal(value, digits)

    def _to_core(self):
        """The bill as the core takes it; a zero in the head means that it is not on the bill."""
        self.ensure_one()
        money = self.currency_id.decimal_places

        def known(value, digits=money):
            return self._exact(value, digits) if value else None

        return SupplierBill(
            self.name, self.date_from, self.date_to,
            tuple(
                Line(line.name, line.group, self._exact(line.amount, money),
                     known(line.quantity, 3), line.unit or "", known(line.price, 8),
                     line.band or "")
                for line in self.line_ids
            ),
            tuple(
                Index(item.register, self._exact(item.first), self._exact(item.last),
                      self._exact(item.multiplier, 4), known(item.billed, 3))
                for item in self.index_ids
            ),
            levy=known(self.levy), base=known(self.base), vat=known(self.vat),
            levy_rate=self._exact(self.levy_percent, 3) / 100 if self.levy_percent else None,
            vat_rate=self._exact(self.vat_percent, 3) / 100 if self.vat_percent else None,
            total=known(self.total), rounding=self._exact(self.rounding, money),
            payable=known(self.payable),
        )

    def _ours(self, readings, own):
        """Our own figures for the core, and our indices beside theirs."""
        used, ends = {}, {}
        for row in readings:
            if row["consumption"] is None:
                continue
            name = row["register"]
            used[name] = used.get(name, ZERO) + self._exact(row["consumption"])
            first = ends.get(name, (row["first_index"], None))[0]
            ends[name] = (first, row["last_index"])
        for item in self.index_ids:
            first, last = ends.get(item.register, (None, None))
            item.write({"our_first": float(first or 0), "our_last": float(last or 0),
                        "our_used": float(used.get(item.register, 0))})
        return Ours(
            amounts=self._amounts(own), used=used,
            days=(self.date_to - self.date_from).days + 1, prices=self._prices(own))

    def _amounts(self, own):
        """{group: amount} of our recomputation."""
        sums = {}
        for line in own.lines if own else ():
            group = GROUPS.get(line.kind, "other")
            sums[group] = sums.get(group, ZERO) + line.amount
        return sums

    def _prices(self, own):
        """{(group, band): price} of lines that have one price in the whole period."""
        prices = {}
        for line in own.lines if own else ():
            key = (GROUPS.get(line.kind, "other"), line.trace.get("band") or "")
            prices.setdefault(key, set()).add(line.unit_price)
        return {key: next(iter(found)) for key, found in prices.items() if len(found) == 1}

    def _prepare_compare(self, own):
        """Rows by group, levy, VAT and total; nothing where we could not recompute."""
        if not own:
            return []
        theirs = self._to_core()
        amounts = self._amounts(own)
        taxes = {tax.key: tax.amount for tax in own.taxes}
        rows = [(group, theirs.sum_of(group), amounts.get(group, ZERO)) for group in ORDER]
        rows += [
            (key, getattr(theirs, key) or ZERO, taxes.get(key, ZERO)) for key in ("levy", "vat")]
        rows = [row for row in rows if row[1] or row[2]]
        rows.append(("total", theirs.total or ZERO, own.total))
        return [
            {"group": group, "theirs": float(their), "ours": float(our),
             "difference": float(rounded(their - our, self.currency_id.decimal_places))}
            for group, their, our in rows
        ]
