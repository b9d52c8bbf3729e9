from decimal import Decimal

from odoo import models

from ..core.figures import plain

# Kinds of bill lines that stand for a meter register, by the register's name in the readings.
REGISTERS = {
    "energy": "active_import",
    "market": "active_import",
    "reactive_inductive": "reactive_inductive",
    "reactive_capacitive": "reactive_capacitive",
    "excess_demand": "demand",
}
INDEX_DECIMALS = 6


class ActwinBill(models.Model):
    """Carries period, numbers and meter indices of a control invoice over to its invoice."""

    _inherit = "actwin.bill"

    def _prepare_move_vals(self, groups):
        # EXTENDS actwin_billing
        vals = super()._prepare_move_vals(groups)
        if self.company_id.account_fiscal_country_id.code == "TR":
            vals.update(self._actwin_tr_move_vals())
            # what is asked for, rounded to the tariff's step; a credit note has the other sign
            rounding = self.amount_carry + self.amount_rounding
            vals["actwin_tr_rounding"] = -rounding if self.amount_total < 0 else rounding
        return vals

    def _actwin_tr_move_vals(self):
        point = self.point_id
        active = self.reading_ids.filtered(lambda reading: reading.register == "active_import")
        serials = (active or self.reading_ids).filtered("meter_serial").mapped("meter_serial")
        return {
            "actwin_tr_period_start": self.date_from,
            "actwin_tr_period_end": self.date_to,
            "actwin_tr_installation_no": point.actwin_tr_installation_no or point.code,
            "actwin_tr_subscriber_no": self.subscriber_id.number,
            # after a replacement the meter in place at the end; each line names both
            "actwin_tr_meter_no": serials[-1] if serials else False,
            "actwin_tr_point_code": point.actwin_tr_eic,
            "actwin_tr_tariff_name": self.tariff_id.with_context(lang="tr_TR").name,
        }

    def _prepare_move_line_vals(self, group, sign=1):
        # EXTENDS actwin_billing
        vals = super()._prepare_move_line_vals(group, sign)
        if self.company_id.account_fiscal_country_id.code == "TR":
            vals["actwin_tr_meters"] = self._actwin_tr_meters(group["lines"]) or False
        return vals

    def _actwin_tr_meters(self, lines):
        """Indices behind one invoice line: those of the bands when it joins several prices."""
        registers = {REGISTERS[kind] for kind in lines.mapped("kind") if kind in REGISTERS}
        found = self.env["actwin.bill.reading"]
        for register in sorted(registers):
            total = self.reading_ids.filtered(lambda row, name=register: row.register == name)
            bands = self.reading_ids.filtered(
                lambda row, name=f"{register}.": row.register.startswith(name)
            )
            found |= (bands or total) if len(lines) > 1 else (total or bands)
        return [self._actwin_tr_meter(reading) for reading in found]

    def _actwin_tr_meter(self, reading):
        return {
            "serial": reading.meter_serial or "",
            "register": reading.obis or reading.register,
            "first": self._actwin_tr_index(reading.first_index),
            "last": self._actwin_tr_index(reading.last_index),
            "multiplier": plain(reading.multiplier, INDEX_DECIMALS),
        }

    def _actwin_tr_index(self, value):
        """Index text with the meter's three decimals, more only when it has more."""
        number = Decimal(plain(value, INDEX_DECIMALS))
        return f"{number:.3f}" if number == round(number, 3) else f"{number}"


class ActwinBillingRun(models.Model):
    _inherit = "actwin.billing.run"

    def action_actwin_generate_ubl(self):
        """Write the missing UBL-TR files of the posted invoices of these runs now.

        Returns {"ready": n, "error": n}: how many invoices of the runs have a file, or a reason
        against it.
        """
        moves = self.env["account.move"].search(
            [("actwin_run_id", "in", self.ids), ("actwin_ubl_status", "!=", False)]
        )
        for move in moves.filtered(lambda move: move.actwin_ubl_status != "ready"):
            move._actwin_ubl_generate()
        statuses = moves.mapped("actwin_ubl_status")
        return {status: statuses.count(status) for status in ("ready", "error")}
