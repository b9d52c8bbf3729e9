from odoo import api, fields, models
from odoo.exceptions import UserError

from ..core.money import text


class ActwinChargingSession(models.Model):
    """One charge of an electric vehicle: who took how much, and how long it stood there full.

    The card says whose bill it goes on; a session of a card that nobody holds waits, and is
    shown. A bill takes every session that ended before its own end and was not billed yet.
    """

    _name = "actwin.charging.session"
    _description = "Charging Session"
    _order = "end desc, id desc"
    _rec_name = "key"

    key = fields.Char(string="Session", required=True, help="Number the charging point gave it.")
    site_id = fields.Many2one("actwin.site", required=True, index=True)
    company_id = fields.Many2one(related="site_id.company_id", store=True, index=True)
    point_id = fields.Many2one(
        "actwin.point", string="Charging Point", index="btree_not_null",
        domain="[('site_id', '=', site_id)]",
    )
    card_code = fields.Char(string="Card", required=True, index=True)
    card_id = fields.Many2one(
        "actwin.charging.card", string="Held Card", readonly=True, index="btree_not_null"
    )
    subscription_id = fields.Many2one(
        "actwin.subscription", string="Paid By", index="btree_not_null", ondelete="restrict",
        help="Follows the card; may be chosen by hand for a card that nobody holds.",
    )
    start = fields.Datetime(required=True)
    end = fields.Datetime(required=True, index=True)
    kwh = fields.Float(string="kWh", digits=(16, 3), required=True)
    idle_minutes = fields.Float(digits=(16, 1), help="It stood there full this long.")
    bill_id = fields.Many2one(
        "actwin.bill", string="Billed with", readonly=True, copy=False, ondelete="set null",
        index="btree_not_null",
    )
    state = fields.Selection(
        [("unknown", "Unknown card"), ("open", "To bill"), ("billed", "Billed")],
        compute="_compute_state", store=True,
    )

    _key_uniq = models.UniqueIndex("(site_id, key)", "The site has a session of this number.")
    _ends_after_start = models.Constraint(
        'CHECK ("end" >= start)', "A session must end after it starts."
    )
    _energy_not_negative = models.Constraint(
        "CHECK (kwh >= 0 AND idle_minutes >= 0)", "Energy and minutes cannot be negative."
    )

    @api.depends("subscription_id", "bill_id")
    def _compute_state(self):
        for session in self:
            session.state = "billed" if session.bill_id else \
                "open" if session.subscription_id else "unknown"

    @api.model_create_multi
    def create(self, vals_list):
        sessions = super().create(vals_list)
        sessions.filtered(lambda item: not item.subscription_id)._assign()
        return sessions

    def write(self, vals):
        self._check_open(vals)
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_billed(self):
        self._check_open({"kwh": 0})

    def _check_open(self, vals):
        """What an approved bill counted can no longer be changed."""
        billed = self.filtered(lambda item: item.bill_id.state in ("approved", "posted"))
        if billed and set(vals) - {"bill_id", "state"}:
            raise UserError(self.env._(
                "Session %(session)s stands on the approved %(bill)s and cannot change.",
                session=billed[0].key, bill=billed[0].bill_id.name))

    def _assign(self):
        """Find the card that was in use on the day of each session, and who pays for it."""
        cards = self.env["actwin.charging.card"].search([
            ("company_id", "in", self.company_id.ids),
            ("code", "in", list(set(self.mapped("card_code")))),
        ]).grouped(lambda card: (card.company_id, card.code))
        for session in self:
            day = session.end.date()
            held = cards.get((session.company_id, session.card_code), ())
            found = [card for card in held
                     if card.date_from <= day and (not card.date_to or card.date_to >= day)]
            if found:
                session.card_id = found[0]
                session.subscription_id = found[0].subscription_id

    @api.model
    def _open_for(self, subscriptions, end):
        """{subscription: sessions that ended until ``end`` and no bill has counted}."""
        return self.search([
            ("subscription_id", "in", subscriptions.ids), ("bill_id", "=", False),
            ("end", "<=", end),
        ], order="end, id").grouped("subscription_id")

    def _facts(self, local):
        """JSON objects for the core; ``local`` turns a UTC datetime into ISO text."""
        exact = self.env["actwin.bill.facts"]._decimal
        return [
            {
                "key": session.key, "start": local(session.start), "end": local(session.end),
                "kwh": text(exact(session.kwh, 3)),
                "idle_minutes": text(exact(session.idle_minutes, 1)),
            }
            for session in self
        ]
