from datetime import timedelta
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

from ...core.money import text

HOUR = timedelta(hours=1)


class ActwinMarket(models.Model):
    """A power exchange whose hourly prices tariffs may follow, in currency/MWh.

    What supports renewable plants (YEKDEM) is a parameter with a value a month.
    """

    _name = "actwin.market"
    _description = "Market"
    _inherit = ["mail.thread"]
    _order = "name, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", index=True, default=lambda self: self.env.company,
        help="Empty: all companies.",
    )
    tz = fields.Char(string="Time Zone", required=True, default="Europe/Istanbul")
    support_id = fields.Many2one(
        "actwin.tariff.parameter", string="Support Cost",
        help="What supports renewable plants (YEKDEM), in currency/MWh.",
    )
    price_ids = fields.One2many("actwin.market.price", "market_id")
    date_from = fields.Datetime(string="Prices From", compute="_compute_span")
    date_to = fields.Datetime(string="Prices Until", compute="_compute_span")
    price_count = fields.Integer(string="Hours", compute="_compute_span")

    _code_uniq = models.UniqueIndex(
        "(company_id, code) NULLS NOT DISTINCT", "Another market has this code."
    )

    @api.constrains("tz")
    def _check_tz(self):
        known = dict(self.env["res.partner"]._fields["tz"]._description_selection(self.env))
        for market in self:
            if market.tz not in known:
                raise ValidationError(self.env._("%s is not a time zone.", market.tz))

    def _compute_span(self):
        rows = {
            market: (first, last, count)
            for market, first, last, count in self.env["actwin.market.price"]._read_group(
                [("market_id", "in", self.ids)], ["market_id"], ["ts:min", "ts:max", "__count"])
        }
        for market in self:
            first, last, count = rows.get(market, (False, False, 0))
            market.date_from = first
            market.date_to = last and last + HOUR
            market.price_count = count

    def _facts(self, period):
        """Market prices of a period for the core (an hour that is not known is a null)."""
        self.ensure_one()
        rows = {ts: (price, volume) for ts, price, volume in self._rows(period)}
        hours = [
            period.start + HOUR * number for number in range((period.end - period.start) // HOUR)
        ]
        facts = {"ptf": self._series(period, [rows.get(hour, (None, None))[0] for hour in hours])}
        volumes = [rows.get(hour, (None, None))[1] for hour in hours]
        if hours and None not in volumes and all(Decimal(value) for value in volumes):
            facts["matched"] = self._series(period, volumes)
        return facts | {"yekdem": self._support(period)}

    def _series(self, period, values):
        return {"start": period.local(period.start), "minutes": 60, "values": values}

    def _rows(self, period):
        """[(ts, price text, volume text or None)] of the hours of a period."""
        self.env["actwin.market.price"].flush_model()
        return self.env.execute_query(SQL(
            "SELECT ts, trim_scale(price)::text, trim_scale(nullif(volume, 0))::text"
            "  FROM actwin_market_price WHERE market_id = %s AND ts >= %s AND ts < %s",
            self.id, period.start, period.end,
        ))

    def _support(self, period):
        """[{valid_from, price}] of the support cost, the one in force at the start first."""
        if not self.support_id:
            return []
        rows = self.support_id._book().rows(self.support_id)
        begun = [row for row in rows if row[0] <= period.date_from][-1:]
        later = [row for row in rows if period.date_from < row[0] <= period.date_to]
        return [
            {"valid_from": period.local(period.midnight(day)), "price": text(value)}
            for day, value in begun + later
        ]

    def action_open_prices(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Hourly Prices"),
            "res_model": "actwin.market.price",
            "view_mode": "list,graph,pivot",
            "domain": [("market_id", "=", self.id)],
            "context": {"default_market_id": self.id},
        }

    def action_import(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Import Hourly Prices"),
            "res_model": "actwin.market.import",
            "view_mode": "form",
            "target": "new",
            "context": {"default_market_id": self.id},
        }

    def _put(self, rows):
        """Store hourly prices [(UTC datetime without zone, Decimal, Decimal or None)].

        The same hour again replaces its price. Returns (new, changed) counts.
        """
        self.ensure_one()
        self.check_access("write")
        prices = {ts: (price, volume or 0) for ts, price, volume in rows}
        if not prices:
            return 0, 0
        stamps = sorted(prices)
        found = self.env.execute_query(SQL(
            """
            INSERT INTO actwin_market_price AS old
                   (market_id, company_id, ts, price, volume, create_uid, create_date, write_uid,
                    write_date)
            SELECT %(market)s, %(company)s, n.ts, n.price, n.volume, %(uid)s, %(now)s, %(uid)s,
                   %(now)s
              FROM unnest(%(ts)s::timestamp[], %(price)s::numeric[], %(volume)s::numeric[])
                   AS n (ts, price, volume)
            ON CONFLICT (market_id, ts) DO UPDATE
               SET price = excluded.price, volume = excluded.volume,
                   write_uid = excluded.write_uid, write_date = excluded.write_date
             WHERE (old.price, old.volume) IS DISTINCT FROM (excluded.price, excluded.volume)
            RETURNING xmax = 0
            """,
            market=self.id, company=self.company_id.id or None, uid=self.env.uid,
            now=self.env.cr.now(), ts=stamps, price=[str(prices[ts][0]) for ts in stamps],
            volume=[str(prices[ts][1]) for ts in stamps],
        ))
        self.env["actwin.market.price"].invalidate_model()
        new = sum(1 for (is_new,) in found if is_new)
        return new, len(found) - new


class ActwinMarketPrice(models.Model):
    """The price of one hour, and the volume it was matched with."""

    _name = "actwin.market.price"
    _description = "Hourly Market Price"
    _order = "ts desc"
    _rec_name = "ts"

    market_id = fields.Many2one("actwin.market", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="market_id.company_id", store=True, index=True)
    ts = fields.Datetime(string="Hour", required=True, help="Beginning of the hour.")
    price = fields.Float(
        string="Price (per MWh)", required=True, digits=(16, 4), aggregator="avg"
    )
    volume = fields.Float(string="Matched (MWh)", digits=(16, 3))

    _hour_uniq = models.UniqueIndex(
        "(market_id, ts)", "The market has a price of that hour already."
    )

    @api.constrains("ts")
    def _check_hour(self):
        for price in self:
            if price.ts.minute or price.ts.second:
                raise ValidationError(self.env._("A market price begins with an hour."))
