from odoo import api, fields, models
from odoo.exceptions import ValidationError

# the code itself before one that only begins so, the driver's own before everybody's, and of
# several bits the gravest
_MEANING = """
    SELECT DISTINCT ON (e.driver, e.code) e.driver, e.code, m.kind_id, m.part
      FROM asked e
      JOIN actwin_event_code m
        ON m.active AND (coalesce(m.driver, '') = '' OR m.driver = e.driver)
       AND CASE
           WHEN m.bit >= 0 THEN
               split_part(e.code, ':', 1) = m.code
               AND split_part(e.code, ':', 2) ~ '^[0-9A-Fa-f]{1,16}$'
               AND get_bit(('x' || lpad(split_part(e.code, ':', 2), 16, '0'))::bit(64),
                           63 - m.bit) = 1
           WHEN right(m.code, 1) = '*' THEN starts_with(e.code, left(m.code, -1))
           ELSE m.code = e.code END
      JOIN actwin_event_kind k ON k.id = m.kind_id
     ORDER BY e.driver, e.code, m.bit >= 0, right(m.code, 1) = '*', length(m.code) DESC,
              coalesce(m.driver, '') = '',
              array_position(ARRAY['critical', 'serious', 'warning', 'info'], k.severity::text),
              m.id
"""
_UNDERSTAND = f"""
WITH told AS MATERIALIZED (
    SELECT e.id, e.code, e.collector_id, e.device_key, coalesce(d.driver, '') AS driver
      FROM actwin_device_event e LEFT JOIN actwin_device d ON d.id = e.device_id
     WHERE CASE WHEN %(ids)s::int[] IS NULL THEN e.kind_id IS NULL ELSE e.id = ANY(%(ids)s) END
), asked AS (
    SELECT DISTINCT driver, code FROM told
), meaning AS MATERIALIZED ({_MEANING})
UPDATE actwin_device_event e SET kind_id = m.kind_id, part = m.part
  FROM told t JOIN meaning m USING (driver, code)
 WHERE e.id = t.id
"""


class ActwinEventCode(models.Model):
    """What a code of some protocol means: one of the kinds of events.

    A code ending in ``*`` stands for all that begin so. With a bit it names a status word, which
    events carry in hex after a colon: ``P.98`` and bit 5 mean ``P.98:0020``.
    """

    _name = "actwin.event.code"
    _description = "Event Code"
    _order = "driver, code, bit"
    _rec_name = "code"

    driver = fields.Char("Protocol", help="Driver that tells the code. Empty: any.")
    code = fields.Char(required=True, help="As the device tells it; * at its end for any ending.")
    bit = fields.Integer(
        default=-1, aggregator=None, help="Bit of a status word, from 0. -1: the code itself."
    )
    part = fields.Char(help="What of the device it concerns, e.g. the phase L1.")
    kind_id = fields.Many2one(
        "actwin.event.kind", "Means", required=True, index=True, ondelete="cascade"
    )
    active = fields.Boolean(default=True)

    _code_uniq = models.UniqueIndex(
        "(driver, code, bit) NULLS NOT DISTINCT", "The code has a meaning already."
    )
    _bit_range = models.Constraint("CHECK (bit BETWEEN -1 AND 63)", "A bit lies between 0 and 63.")

    @api.constrains("code", "bit")
    def _check_code(self):
        for item in self:
            if not item.code.strip("* ") or item.bit >= 0 and item.code.endswith("*"):
                raise ValidationError(self.env._("“%s” cannot be a code.", item.code))

    @api.model_create_multi
    def create(self, vals_list):
        codes = super().create(vals_list)
        # sudo: events are written by nobody; whoever gives codes a meaning was checked above
        self.env["actwin.device.event"].sudo()._understand()
        return codes

    def write(self, vals):
        result = super().write(vals)
        self.env["actwin.device.event"].sudo()._understand()  # sudo: as above
        return result


class ActwinDeviceEvent(models.Model):
    """Events with their meaning; one whose code nobody knows is kept, and shown as such."""

    _inherit = "actwin.device.event"

    kind_id = fields.Many2one("actwin.event.kind", "Meaning", readonly=True, ondelete="set null")
    part = fields.Char(readonly=True)
    category = fields.Selection(related="kind_id.category")
    severity = fields.Selection(related="kind_id.severity")
    point_id = fields.Many2one(
        "actwin.point",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="Where the device measured at that time.",
    )

    _unknown_idx = models.Index("(code) WHERE kind_id IS NULL")
    _course_idx = models.Index("(collector_id, device_key, kind_id, ts)")

    @api.model
    def _store(self, collector, events):
        new = super()._store(collector, events)
        if new:
            self._locate(new)
            self._understand(new)
        return new

    @api.model
    def _locate(self, ids):
        """Note the point at which a device measures all it measures, else its meter's."""
        self.env.cr.execute(
            """
            UPDATE actwin_device_event e SET point_id = p.id
              FROM (SELECT e.id AS event_id, coalesce(r.point_id, i.point_id) AS id
                      FROM actwin_device_event e
                      JOIN actwin_device d ON d.id = e.device_id
                      LEFT JOIN LATERAL (
                          SELECT min(c.point_id) AS point_id
                            FROM actwin_device_parameter a
                            JOIN actwin_channel c ON c.id = a.channel_id
                           WHERE a.device_id = d.id
                          HAVING min(c.point_id) = max(c.point_id)) r ON true
                      LEFT JOIN LATERAL (
                          SELECT i.point_id FROM actwin_meter_installation i
                           WHERE i.meter_id = d.meter_id AND i.date_from <= e.ts
                             AND (i.date_to IS NULL OR i.date_to > e.ts)
                           ORDER BY i.date_from DESC LIMIT 1) i ON true
                     WHERE e.id = ANY(%s)) p
             WHERE e.id = p.event_id AND p.id IS NOT NULL
            """,
            [ids],
        )

    @api.model
    def _understand(self, ids=None):
        """Give events their kinds by code; all that have none yet when no ids are given."""
        self.env.flush_all()
        self.env.cr.execute(_UNDERSTAND, {"ids": ids})
        self.invalidate_model(["kind_id", "part"])

    def action_give_meaning(self):
        """Say what an unknown code means, for this event and all like it."""
        self.ensure_one()
        # sudo: whoever gives codes a meaning may not see devices; only the protocol's name is read
        driver = self.sudo().device_id.driver
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Meaning of %s", self.code),
            "res_model": "actwin.event.code",
            "view_mode": "form",
            "target": "new",
            "context": {"default_code": self.code, "default_driver": driver},
        }
