"""A site with one subscriber, its tariff and its readings."""

from datetime import datetime, timedelta
from decimal import Decimal

from odoo import Command
from odoo.tests import new_test_user
from odoo.tools import SQL

from odoo.addons.account.tests.common import AccountTestInvoicingCommon

START, END = datetime(2025, 10, 31, 21), datetime(2025, 11, 30, 21)  # November in UTC+3
BANDS = {"t1": "3200", "t2": "900", "t3": "1400"}
PRICES = {"t1": 2.75, "t2": 4.60, "t3": 1.48}


class BillingCommon(AccountTestInvoicingCommon):
    """Works on a company of its own, with generic taxes: no localisation is needed."""

    @classmethod
    def get_default_groups(cls):
        return (
            super().get_default_groups()
            | cls.quick_ref("actwin_metering.group_administrator")
            | cls.quick_ref("actwin_billing.group_accountant")
        )

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.company_data["company"]
        group = cls.env["account.tax.group"].create({"name": "Energy levy"})
        cls.levy = cls.env["account.tax"].create({
            "name": "Levy 5 %", "amount": 5, "type_tax_use": "sale", "sequence": 1,
            "include_base_amount": True, "is_base_affected": False, "tax_group_id": group.id,
        })
        cls.vat = cls.env["account.tax"].create({
            "name": "VAT 20 %", "amount": 20, "type_tax_use": "sale", "sequence": 9,
        })
        cls.site = cls.env["actwin.site"].create({
            "name": "Zone", "code": "ZB1", "tz": "Europe/Istanbul", "company_id": cls.company.id,
        })
        cls.tariff = cls.create_tariff()
        cls.accountant = new_test_user(
            cls.env, login="billing_accountant", company_id=cls.company.id,
            groups="actwin_billing.group_accountant",
        )

    @classmethod
    def create_tariff(cls, components=None, **values):
        return cls.env["actwin.tariff"].create({
            "name": "Three bands", "code": "3T", "company_id": cls.company.id,
            "levy_tax_id": cls.levy.id, "vat_tax_id": cls.vat.id,
            "version_ids": [Command.create({
                "valid_from": "2025-01-01 00:00:00",
                "component_ids": [
                    Command.create(vals)
                    for vals in (cls.three_bands() if components is None else components)
                ],
            })],
            **values,
        })

    @classmethod
    def three_bands(cls):
        """Prices of the constructed example W15."""
        return [
            {"kind": "energy", "name": f"Active {band.upper()}", "band": band, "price": price}
            for band, price in PRICES.items()
        ] + [{"kind": "distribution", "name": "Distribution", "price": 1.87741}]

    @classmethod
    def create_subscription(cls, code, bands=None, tariff=None, **values):
        """Point, meter, channels with boundary readings, subscriber and subscription.

        ``bands`` maps band ('' = total register) to the consumption of November.
        """
        partner = cls.env["res.partner"].create({"name": f"Tenant {code}"})
        point = cls.env["actwin.point"].create({
            "name": f"Workshop {code}", "code": code, "site_id": cls.site.id,
        })
        meter = cls.env["actwin.meter"].create({
            "serial": f"S{code}", "site_id": cls.site.id, "digits": 8,
        })
        cls.env["actwin.meter.installation"].create({
            "meter_id": meter.id, "point_id": point.id, "date_from": "2020-01-01 00:00:00",
        })
        for number, (band, quantity) in enumerate((bands or BANDS).items()):
            cls.create_channel(point, number, band, quantity)
        subscriber = cls.env["actwin.subscriber"].create({
            "partner_id": partner.id, "site_id": cls.site.id,
        })
        return cls.env["actwin.subscription"].create({
            "point_id": point.id, "subscriber_id": subscriber.id,
            "tariff_id": (tariff or cls.tariff).id, "date_from": "2020-01-01", **values,
        })

    @classmethod
    def create_channel(cls, point, number, band, quantity, register="active_import"):
        channel = cls.env["actwin.channel"].create({
            "point_id": point.id, "obis": f"{register}.{number}", "quantity": register,
            "kind": "index", "band": band or False, "digits": 8,
        })
        if quantity is not None:
            first = Decimal("1000.125")
            cls.add_readings(channel, [(START, first), (END, first + Decimal(quantity))])
        return channel

    @classmethod
    def add_readings(cls, channel, rows, quality=0):
        """Stored readings [(naive UTC, value)], as the ingest leaves them."""
        cls.env["actwin.reading.store"]._ensure_months([stamp for stamp, _value in rows])
        for stamp, value in rows:
            cls.env.cr.execute(SQL(
                "INSERT INTO actwin_reading (ts, value, channel_id, quality, source)"
                " VALUES (%s, %s, %s, %s, 3)", stamp, value, channel.id, quality))
        cls.env["actwin.rollup"]._mark(channel.ids)
        cls.env["actwin.rollup"]._process_dirty()

    @classmethod
    def create_profile(cls, point, values, start=START, register="active_import"):
        """Channel of a point that counts ``values``, one an hour (or None: not read)."""
        channel = cls.env["actwin.channel"].create({
            "point_id": point.id, "obis": f"{register}.p", "quantity": register, "kind": "index",
            "digits": 8,
        })
        channel.validation_group_id = False
        rows, index = [(start, Decimal(1000))], Decimal(1000)
        for number, value in enumerate(values, 1):
            if value is not None:
                index += Decimal(str(value))
                rows.append((start + timedelta(hours=number), index))
        cls.add_readings(channel, rows)
        return channel

    @classmethod
    def create_run(cls, **values):
        return cls.env["actwin.billing.run"].create({
            "site_id": cls.site.id, "date_from": "2025-11-01", "date_to": "2025-11-30",
            "company_id": cls.company.id, "invoice_date": "2025-12-05", **values,
        })

    @classmethod
    def create_money(cls, partner):
        """An invoice of something else, a payment and a bank line of a contact."""
        bank = cls.company_data["default_journal_bank"]
        cls.env["account.move"].create({
            "move_type": "out_invoice", "partner_id": partner.id, "invoice_line_ids": [
                Command.create({"name": "Key", "price_unit": 10, "tax_ids": []})]})
        cls.env["account.payment"].create({
            "partner_id": partner.id, "amount": 10, "payment_type": "inbound",
            "partner_type": "customer", "journal_id": bank.id}).action_post()
        cls.env["account.bank.statement.line"].create({
            "journal_id": bank.id, "payment_ref": "x", "partner_id": partner.id, "amount": 10})

    def compute(self, run):
        run.action_compute()
        run.run_now()
        return run.bill_ids

    def post(self, run):
        run.action_approve()
        run.action_post()
        run.run_now()
        return run.bill_ids

    def codes(self, bill):
        return sorted(bill.check_ids.mapped("code"))
