import json

from odoo import api, models
from odoo.exceptions import AccessError

HITS = """
CREATE TEMP TABLE IF NOT EXISTS actwin_validation_hit (
    channel_id int, code text, day date, ts timestamp, ts_end timestamp, reject boolean,
    evidence jsonb
) ON COMMIT DELETE ROWS;
DELETE FROM actwin_validation_hit
"""

# a hit of a muted rule is kept, silently; one that was decided on stays decided
_STORE = """
INSERT INTO actwin_validation_exception AS old
    (channel_id, point_id, site_id, company_id, rule_id, code, scope, action, day, ts, ts_end,
     evidence, state, found_date)
SELECT DISTINCT ON (h.channel_id, h.code, h.ts)
       h.channel_id, c.point_id, c.site_id, c.company_id, r.id, r.code, %(scope)s, r.action, h.day,
       h.ts, h.ts_end, h.evidence,
       CASE WHEN EXISTS (
           SELECT FROM actwin_validation_mute m
            WHERE m.point_id = c.point_id AND m.until >= %(now)s::date
              AND (m.code = r.code OR coalesce(m.code, '') = '' AND r.action = 'info'))
            THEN 'muted' ELSE 'open' END,
       %(now)s
  FROM actwin_validation_hit h
  JOIN actwin_channel c ON c.id = h.channel_id
  JOIN actwin_validation_rule r
    ON r.group_id = c.validation_group_id AND r.code = h.code AND r.active
 ORDER BY h.channel_id, h.code, h.ts
ON CONFLICT (channel_id, code, scope, ts) DO UPDATE
   SET evidence = excluded.evidence, ts_end = excluded.ts_end, action = excluded.action,
       rule_id = excluded.rule_id,
       state = CASE WHEN old.state = 'cleared' THEN excluded.state ELSE old.state END
 WHERE old.state IN ('open', 'muted', 'cleared')
   AND (old.evidence IS DISTINCT FROM excluded.evidence OR old.state = 'cleared'
        OR old.action IS DISTINCT FROM excluded.action)
"""


class ActwinValidation(models.AbstractModel):
    """Validation of what came in, before it becomes consumption.

    The rollup calls it for the channel days it takes up: first the readings themselves, so that
    a wrong one is left out of the figures, then the figures of the days. Every statement works on
    the whole chunk; only registers that show something odd are looked at one by one.
    """

    _name = "actwin.validation"
    _description = "Validation of Readings"

    @api.model
    def revalidate(self, channel_ids, date_from, date_to):
        """Validate days of channels again, as after a changed limit. For operators.

        :param date_from, date_to: days of the site as ISO text, both included
        :return: number of channel days validated
        """
        # sudo: exceptions and rollups are written by nobody; group and channels were checked
        rollup = self.env["actwin.rollup"].sudo()
        return rollup._rebuild(self._to_validate(channel_ids).ids, date_from, date_to)

    @api.model
    def _revalidate_later(self, channel_ids, date_from, date_to):
        """Have the job validate days of channels again, in chunks, each in a transaction."""
        # sudo: as in revalidate
        self.env["actwin.rollup"].sudo()._mark_days(
            self._to_validate(channel_ids).ids, date_from, date_to
        )

    def _to_validate(self, channel_ids):
        if not self.env.su and not self.env.user.has_group("actwin_metering.group_operator"):
            raise AccessError(self.env._("Only operators validate readings."))
        channels = self.env["actwin.channel"].browse(channel_ids)
        channels.check_access("read")
        return channels

    @api.model
    def _settle(self, scope, codes, windows):
        """Make exceptions of the hits, and clear those of ``windows`` that are hits no more.

        :param windows: JSON list of [channel id, first day, last day] that were judged
        :return: ids of the exceptions cleared
        """
        parameters = {"scope": scope, "codes": list(codes), "now": self.env.cr.now()}
        self.env.cr.execute(_STORE, parameters)
        self.env.cr.execute(
            """
            UPDATE actwin_validation_exception e
               SET state = 'cleared', closed_date = %(now)s
              FROM jsonb_array_elements(%(windows)s) AS w (item)
             WHERE e.channel_id = (w.item->>0)::int
               AND e.day BETWEEN (w.item->>1)::date AND (w.item->>2)::date
               AND e.scope = %(scope)s AND e.code = ANY(%(codes)s)
               AND e.state IN ('open', 'muted')
               AND NOT EXISTS (
                   SELECT FROM actwin_validation_hit h
                    WHERE h.channel_id = e.channel_id AND h.code = e.code AND h.ts = e.ts)
            RETURNING e.id
            """,
            parameters | {"windows": json.dumps(windows, default=str)},
        )
        cleared = [row[0] for row in self.env.cr.fetchall()]
        self.env["actwin.validation.exception"].invalidate_model()
        return cleared

    @api.model
    def _apply_decisions(self, exceptions):
        """Give readings the quality that a decision says, and have their days rolled up again."""
        readings = exceptions.filtered(lambda item: item.scope == "reading")
        if not readings:
            return
        self.env.flush_all()
        self.env.cr.execute(
            """
            UPDATE actwin_reading r
               SET quality = CASE e.state WHEN 'rejected' THEN 4
                             ELSE coalesce(e.quality_before, '0')::smallint END
              FROM actwin_validation_exception e
             WHERE e.id = ANY(%s) AND r.channel_id = e.channel_id AND r.ts = e.ts
               AND r.quality IN (0, 1, 4)
            """,
            [readings.ids],
        )
        for channel, items in readings.grouped("channel_id").items():
            self.env["actwin.rollup"]._mark_moments(channel.id, items.mapped("ts"))
        self.env["actwin.reading.store"]._refresh_last(readings.channel_id.ids)
