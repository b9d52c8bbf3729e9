import json
import logging
from datetime import datetime

from psycopg2 import OperationalError

from odoo import fields, models

from ..const import HISTORY_BILLS, QUIET
from ..core.kinds.base import measured

_logger = logging.getLogger(__name__)


class ActwinBillingRunBuild(models.Model):
    """Makes control invoices: facts → core → records. The only writer of computed bills."""

    _inherit = "actwin.billing.run"

    def _build(self, subscriptions):
        """Bills of the subscriptions, made or made anew; approved and posted ones stay.

        A subscription that cannot be computed gets a blocked bill that says why; it never stops
        the others: the batch is then repeated one by one.
        """
        self.ensure_one()
        run = self.with_context(**QUIET)
        try:
            with self.env.cr.savepoint():
                return run._build_batch(subscriptions)
        except OperationalError:
            raise  # a serialization conflict: the caller repeats the transaction
        except Exception as error:
            if len(subscriptions) == 1:
                _logger.exception("control invoice of subscription %s failed", subscriptions.id)
                return run._build_failed(subscriptions, error)
            _logger.warning("a batch of control invoices is repeated one by one: %s", error)
        bills = self.env["actwin.bill"]
        for subscription in subscriptions:
            bills |= self._build(subscription)
        return bills

    def _build_batch(self, subscriptions):
        subscriptions = self._clear_old(subscriptions)
        history = self._history(subscriptions)
        facts = self.env["actwin.bill.facts"]._gather(self, subscriptions, history)
        price = self.env["actwin.bill.facts"]._price
        priced = {item: price(facts[item]) for item in subscriptions}
        # sudo: nobody makes control invoices by hand; the run, which was checked, does
        bills = self.env["actwin.bill"].sudo().create([
            self._prepare_bill_vals(item, facts[item], priced[item], history.get(item.id, []))
            for item in subscriptions
        ]).sudo(self.env.su)
        self._create_parts(bills, facts, priced)
        bills._create_checks(facts, priced, history)
        bills._settle_state()
        return bills

    def _build_failed(self, subscription, error):
        """A blocked bill without lines for a subscription whose computation broke."""
        self._clear_old(subscription)
        period = self.env["actwin.bill.facts"]._period(self, subscription)
        facts = {"period": period, "case": None, "readings": [], "estimated": 0}
        # sudo: as above
        bill = self.env["actwin.bill"].sudo().create(
            self._prepare_bill_vals(subscription, facts, None, [])
        ).sudo(self.env.su)
        bill._create_check_records([(bill, "E01", str(error) or type(error).__name__, {})])
        bill._settle_state()
        return bill

    def _clear_old(self, subscriptions):
        """Drop unapproved bills of this run; answer the subscriptions that may be built."""
        old = self.env["actwin.bill"].search([
            ("run_id", "=", self.id),
            ("subscription_id", "in", subscriptions.ids),
            ("state", "not in", ("cancelled", "credited")),
        ])
        kept = old.filtered(lambda bill: bill.state in ("approved", "posted"))
        (old - kept).sudo().unlink()  # sudo: only the run replaces its bills
        return subscriptions - kept.subscription_id

    def _history(self, subscriptions):
        """{subscription id: [earlier approved or posted bill, newest first]}."""
        bills = self.env["actwin.bill"].search([
            ("subscription_id", "in", subscriptions.ids),
            ("state", "in", ("approved", "posted")),
            ("date_to", "<", self.date_to),
        ], order="date_from desc")
        return {
            subscription.id: list(group[:HISTORY_BILLS])
            for subscription, group in bills.grouped("subscription_id").items()
        }

    def _prepare_bill_vals(self, subscription, facts, answer, history):
        period = facts["period"]
        vals = {
            "name": f"{period.date_from:%Y-%m} · {subscription.display_name}",
            "run_id": self.id,
            "subscription_id": subscription.id,
            "subscriber_id": subscription.subscriber_id.id,
            "partner_id": subscription.partner_id.id,
            "point_id": subscription.point_id.id,
            "site_id": subscription.site_id.id,
            "tariff_id": subscription.tariff_id.id,
            "company_id": subscription.company_id.id,
            "currency_id": subscription.currency_id.id,
            "date_from": period.date_from,
            "date_to": period.date_to,
            "period_start": period.start,
            "period_end": period.end,
            "estimated_share": float(facts["estimated"]),
        }
        if answer:
            vals |= self._prepare_amounts(facts, answer)
        vals |= self._prepare_comparison(vals, history)
        vals["judged"] = ",".join(
            self.env["actwin.bill"]._judged_codes(vals, history, subscription.contract_kw)
        )
        vals["snapshot"] = self._prepare_snapshot(subscription, vals["name"], facts, answer)
        vals["snapshot_hash"] = self.env["actwin.bill"]._hash(vals["snapshot"])
        return vals

    def _prepare_amounts(self, facts, answer):
        taxes = {tax["key"]: tax for tax in answer["taxes"]}
        untaxed = float(answer["totals"]["untaxed"])
        levy = float(taxes["levy"]["amount"]) if "levy" in taxes else 0.0
        vals = {
            "amount_untaxed": untaxed,
            "amount_levy": levy,
            "amount_base": float(taxes["vat"]["base"]) if "vat" in taxes else untaxed + levy,
            "amount_vat": float(taxes["vat"]["amount"]) if "vat" in taxes else 0.0,
            "amount_total": float(answer["totals"]["total"]),
            "amount_payable": float(answer["totals"]["payable"]),
            "amount_rounding": float(answer["totals"]["rounding"]),
            "amount_carry": float(facts["case"].get("payable", {}).get("carry", 0)),
        }
        register, unit = facts["main"]
        if register:
            vals["consumption"] = float(measured(facts["whole"], register))
            vals["consumption_unit"] = unit
            vals["main_register"] = register
        return vals | self._prepare_indices(facts["readings"], register)

    def _prepare_indices(self, readings, register):
        """First and last index of the main register; of a meter without a total register the
        sum of its bands, as its display shows it."""
        rows = [row for row in readings if row["register"] == register]
        rows = rows or [row for row in readings if row["register"].startswith(f"{register}.")]
        first, last = {}, {}
        for row in rows:
            first.setdefault(row["register"], float(row["first_index"] or 0))
            last[row["register"]] = float(row["last_index"] or 0)
        return {"first_index": sum(first.values()), "last_index": sum(last.values())}

    def _prepare_comparison(self, vals, history):
        if not history:
            return {}
        previous, current = history[0], vals.get("consumption", 0.0)
        change = 0.0
        if previous.consumption:
            change = (current - previous.consumption) / previous.consumption * 100
        return {
            "previous_bill_id": previous.id,
            "previous_consumption": previous.consumption,
            "previous_amount": previous.amount_total,
            "delta_percent": change,
        }

    def _prepare_snapshot(self, subscription, name, facts, answer):
        """Canonical JSON text: sorted keys, no spaces; the hash is taken of exactly this text."""
        document = {
            "schema": 1,
            "document": {
                "name": name,
                "subscriber": subscription.subscriber_id.number,
                "partner": subscription.partner_id.name,
                "point": subscription.point_id.code,
                "site": subscription.site_id.code,
                "tariff": subscription.tariff_id.code,
                "computed_at": fields.Datetime.to_string(fields.Datetime.now()),
            },
            "case": facts["case"],
            "readings": facts["readings"],
            "result": answer,
        }
        return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    def _create_parts(self, bills, facts, priced):
        lines, readings, taxes = [], [], []
        for bill in bills:
            subscription = bill.subscription_id
            readings += [
                bill._prepare_reading_vals(row) for row in facts[subscription]["readings"]
            ]
            if priced[subscription]:
                facts[subscription]["adjustments"].bill_id = bill
                facts[subscription]["sessions"].bill_id = bill
                lines += bill._prepare_line_vals(priced[subscription])
                taxes += bill._prepare_tax_vals(priced[subscription])
        bills.flush_recordset()
        self.env["actwin.bill.line"]._insert(bills, lines)
        self.env["actwin.bill.reading"]._insert(bills, readings)
        self.env["actwin.bill.tax"]._insert(bills, taxes)
        bills.invalidate_recordset(["line_ids", "reading_ids", "tax_ids"])


class ActwinBillParts(models.Model):
    _inherit = "actwin.bill"

    def _prepare_line_vals(self, answer):
        """Vals of the lines of a priced bill."""
        vals = []
        versions = self.tariff_id.version_ids
        for sequence, line in enumerate(answer["lines"], 1):
            version = versions._of_key(line["trace"].get("version", ""))
            key = line["trace"]["component"]
            component = version.component_ids.filtered(lambda item, key=key: item.key == key)
            vals.append({
                "bill_id": self.id,
                "sequence": sequence,
                "key": line["key"],
                "kind": line["kind"],
                "name": line["label"],
                "quantity": float(line["quantity"]),
                "unit": line["unit"],
                "unit_price": float(line["unit_price"]),
                "amount": float(line["amount"]),
                "tax_keys": ",".join(line["taxes"]),
                "segment_start": self._naive(line["start"]),
                "segment_end": self._naive(line["end"]),
                "tariff_version_id": version.id,
                "tariff_version_name": version.display_name,
                "formula": line["trace"]["formula"],
                "trace": line["trace"],
                "product_id": component._invoice_product_id(),
            })
        return vals

    def _naive(self, iso):
        """Naive UTC datetime of an ISO text with offset."""
        stamp = datetime.fromisoformat(iso)
        return (stamp - stamp.utcoffset()).replace(tzinfo=None)

    def _prepare_tax_vals(self, answer):
        taxes = {"levy": self.tariff_id.levy_tax_id, "vat": self.tariff_id.vat_tax_id}
        return [
            {
                "bill_id": self.id,
                "sequence": sequence,
                "key": tax["key"],
                "name": tax["label"],
                "tax_id": taxes[tax["key"]].id,
                "rate": float(tax["rate"]) * 100,
                "base": float(tax["base"]),
                "amount": float(tax["amount"]),
                "formula": tax["formula"],
            }
            for sequence, tax in enumerate(answer["taxes"], 1)
        ]

    def _prepare_reading_vals(self, row):
        numbers = ("first_index", "last_index", "multiplier", "consumption")
        texts = ("register", "obis", "unit", "meter_serial", "first_ts", "last_ts", "channel_id",
                 "count", "expected")
        return {
            "bill_id": self.id,
            **{key: float(row[key] or 0) for key in numbers},
            **{key: row[key] or False for key in texts},
        }
