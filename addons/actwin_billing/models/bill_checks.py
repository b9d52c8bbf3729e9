import json
from decimal import Decimal

from odoo import api, models

from ..core.recheck import recheck

READING_RULES = ("R01", "V03", "V06", "V12", "V14")


class ActwinBillChecks(models.Model):
    """The rules of the control invoice. Each answers (code, severity or '', message, numbers).

    Severity '' means: the one on the rule's record. A rule that is archived is not applied, apart
    from those without which a bill would be wrong.
    """

    _inherit = "actwin.bill"

    def _create_checks(self, facts, priced, history):
        """Apply all rules and store the findings of all bills at once."""
        rules = self._rules()
        overlapping = self._overlapping()
        found = []
        for bill in self:
            item = bill.subscription_id
            earlier = history.get(item.id, [])
            findings = [(code, "", text, data) for code, text, data in facts[item]["problems"]]
            findings += bill._check_dates(overlapping[bill], earlier, rules)
            findings += bill._check_source(facts[item], rules)
            if priced[item]:
                findings += bill._check_amounts(facts[item], priced[item])
                findings += bill._check_history(earlier, rules)
                findings += bill._check_ceiling(rules)
            found += [(bill, *finding) for finding in findings]
        self._create_check_records(
            [(bill, code, text, data, level) for bill, code, level, text, data in found], rules
        )

    @api.model
    def _judged_codes(self, vals, earlier, contract_kw):
        """Codes of the rules that can be applied to a bill with ``vals`` and this history.

        Only of these may be said that they found nothing.
        """
        codes = [*READING_RULES, "K01", "K02", "K04", "K11", "K17"]
        priced, start = "amount_total" in vals, vals["date_from"]
        if priced:
            codes += ["K13", "K16", "K18", "K20"]
        if earlier:
            codes.append("K03")
        if priced and earlier and earlier[0].consumption:
            codes += ["K05", "K06", "K12"]
        if priced and self._of_last_year(start, earlier):
            codes.append("K07")
        if priced and contract_kw and vals.get("consumption_unit") == "kWh":
            codes.append("K10")
        return codes

    @api.model
    def _of_last_year(self, start, earlier):
        """The bill among ``earlier`` whose month is that of ``start``, a year before."""
        return next((
            bill for bill in earlier
            if (bill.date_from.month, bill.date_from.year + 1) == (start.month, start.year)
        ), self.browse())

    def _rules(self):
        """{code: rule}, archived ones too (their findings are dropped when created)."""
        rules = self.env["actwin.billing.rule"].search(
            [("active", "in", (True, False))]
        )
        return {rule.code: rule for rule in rules}

    def _create_check_records(self, found, rules=None):
        """Store findings [(bill, code, message, numbers[, severity])]."""
        rules = rules or self._rules()
        vals = []
        for bill, code, message, data, *level in found:
            rule = rules.get(code) or self.env["actwin.billing.rule"]
            if rule and not rule.active and rule.can_accept:
                continue
            vals.append({
                "bill_id": bill.id,
                "code": code,
                "rule_id": rule.id,
                "severity": (level[0] if level else "") or rule.severity or "block",
                "message": message,
                "parameters": json.loads(json.dumps(data, default=str)),
            })
        self.env["actwin.bill.check"].sudo().create(vals)  # sudo: findings come from rules alone
        self.invalidate_recordset(["check_ids"])

    def _check_dates(self, overlapping, earlier, rules):
        for other in overlapping:
            same = (other.date_from, other.date_to) == (self.date_from, self.date_to)
            if same:
                yield "K01", "", self.env._("Already billed for this period: %s", other.name), {
                    "bill": other.id}
            else:
                yield "K02", "", self.env._("Overlaps with %s", other.name), {"bill": other.id}
        if earlier and (self.date_from - earlier[0].date_to).days > 1:
            yield "K02", "", self.env._("Days without a bill since %s", earlier[0].name), {
                "days": (self.date_from - earlier[0].date_to).days - 1}
        if earlier:
            usual = (earlier[0].date_to - earlier[0].date_from).days + 1
            days = (self.date_to - self.date_from).days + 1
            level = rules["K03"]._level(abs(days - usual) / usual * 100)
            if level:
                yield "K03", level, self.env._(
                    "The period has %(days)s days, the last one had %(usual)s",
                    days=days, usual=usual,
                ), {"days": days, "usual": usual}
        if self.period_end > self.env.cr.now():
            yield "K04", "", self.env._("The period ends in the future"), {}

    def _check_source(self, facts, rules):
        """Where the quantities come from: estimates, replacements, roll-overs."""
        share = float(facts["estimated"]) * 100
        level = rules["K11"]._level(share)
        if level:
            yield "K11", level, self.env._("%s %% of the period is estimated", round(share, 1)), {
                "share": share}
        if facts["replaced"] or facts["rollovers"]:
            yield "K17", "", self.env._("A meter was replaced or rolled over in the period"), {
                "replaced": facts["replaced"], "rollovers": facts["rollovers"]}

    def _check_amounts(self, facts, answer):
        for difference in recheck(facts["case"], answer):
            yield "K13", "", self.env._("The independent recomputation differs: %s", difference), {}
        total = Decimal(answer["totals"]["total"])
        if total <= 0:
            message = self.env._("The bill is negative")
            if not total:
                message = self.env._("The bill is zero")
            yield "K20", "", message, {"total": str(total)}
        charged = [line["kind"] for line in answer["lines"]]
        for kind, text in (
            ("reactive_inductive", self.env._("Inductive energy is over its limit")),
            ("reactive_capacitive", self.env._("Capacitive energy is over its limit")),
            ("excess_demand", self.env._("Demand is over the contract power")),
        ):
            if kind in charged:
                yield "K18", "", text, {"kind": kind}

    def _per_day(self):
        return self.consumption / ((self.date_to - self.date_from).days + 1)

    def _check_history(self, earlier, rules):
        """K05, K06: use a day against the mean of two bills; K07: the same month last year;
        K12: the mean price against the last bill."""
        if len(earlier) < 2:
            message = self.env._("Not enough history to compare with")
            yield "K22", "", message, {"bills": len(earlier)}
            if not earlier:
                return
        today = self._per_day()
        usual = sum(bill._per_day() for bill in earlier[:2]) / len(earlier[:2])
        yield from self._deviation(("K05", "K06"), today, usual, rules,
                                   self.env._("against the last bills"))
        last_year = self._of_last_year(self.date_from, earlier)
        if last_year:
            yield from self._deviation(("K07", "K07"), today, last_year._per_day(), rules,
                                       self.env._("against the same month last year"))
        previous = earlier[0]
        if self.consumption and previous.consumption and previous.amount_untaxed:
            unit = self.amount_untaxed / self.consumption
            before = previous.amount_untaxed / previous.consumption
            change = abs(unit - before) / abs(before) * 100
            level = rules["K12"]._level(change)
            if level:
                message = self.env._("The mean price changed by %s %%", round(change, 1))
                yield "K12", level, message, {"price": unit, "before": before}

    def _deviation(self, codes, value, usual, rules, text):
        """A finding when ``value`` is above (first code) or below (second code) ``usual``."""
        if not usual:
            return
        change = (value - usual) / usual * 100
        code = codes[0] if change > 0 else codes[1]
        level = rules[code]._level(abs(change))
        if level:
            yield code, level, self.env._(
                "Use a day %(change)s %% %(text)s", change=f"{change:+.1f}", text=text
            ), {"change": change, "value": value, "usual": usual}

    def _check_ceiling(self, rules):
        """K10: no more than contract power × hours can have flowed."""
        power = self.subscription_id.contract_kw
        hours = (self.period_end - self.period_start).total_seconds() / 3600
        if not power or self.consumption_unit != "kWh":
            return
        used = self.consumption / (power * hours) * 100
        level = rules["K10"]._level(used)
        if level:
            yield "K10", level, self.env._(
                "Use is %s %% of what the contract power allows", round(used, 1)
            ), {"percent": used, "contract_kw": power}
