from collections import defaultdict

from odoo import api, models

from ...core.epochs import moment_of
from ...tools.decimals import array_literal

_INPUT = """
    SELECT i.channel_id, timestamp 'epoch' + i.ts * interval '1 second' AS ts, i.value,
           i.quality, i.source
      FROM unnest(%(channel)s::int[], %(ts)s::int8[], %(value)s::numeric[],
                  %(quality)s::smallint[], %(source)s::smallint[])
           AS i (channel_id, ts, value, quality, source)
"""

# the first value goes on record before anything is put in its place
_KEEP_FIRST = f"""
WITH input AS ({_INPUT})
INSERT INTO actwin_reading_version
    (channel_id, site_id, company_id, ts, value, quality, source, kind, state, date)
SELECT r.channel_id, %(site)s, %(company)s, r.ts, r.value, r.quality::text, r.source::text,
       'original', 'superseded', %(now)s
  FROM input i JOIN actwin_reading r USING (channel_id, ts)
 WHERE r.ts BETWEEN timestamp 'epoch' + %(oldest)s * interval '1 second'
                AND timestamp 'epoch' + %(newest)s * interval '1 second'
   AND NOT EXISTS (SELECT FROM actwin_reading_version v
                    WHERE v.channel_id = r.channel_id AND v.ts = r.ts)
"""
_REPLACE = f"""
WITH input AS ({_INPUT}), superseded AS (
    UPDATE actwin_reading_version v SET state = 'superseded'
      FROM input i WHERE v.channel_id = i.channel_id AND v.ts = i.ts AND v.state = 'taken'
), effective AS (
    INSERT INTO actwin_reading (ts, value, channel_id, quality, source)
    SELECT ts, value, channel_id, quality, source FROM input ORDER BY channel_id, ts
    ON CONFLICT (channel_id, ts) DO UPDATE
       SET value = excluded.value, quality = excluded.quality, source = excluded.source
)
INSERT INTO actwin_reading_version
    (channel_id, site_id, company_id, ts, value, quality, source, kind, state, date, user_id,
     reason, batch_ref)
SELECT channel_id, %(site)s, %(company)s, ts, value, quality::text, source::text, 'edit', 'taken',
       %(now)s, %(user)s, %(reason)s, %(batch)s
  FROM input ORDER BY channel_id, ts
RETURNING id
"""


class ActwinReadingVersion(models.Model):
    """How a person's figures take the place of what stands: the former values stay on record."""

    _inherit = "actwin.reading.version"

    @api.model
    def _replace(self, site, rows, reason, batch_ref=None):
        """Make ``rows`` the effective readings; set-wise, and exact: no float in between.

        :param rows: [(channel id, epoch, decimal text, quality, source)…] of channels of ``site``
            that the caller has checked, each key once
        :return: ids of the new versions
        """
        if not rows:
            return []
        self.env.flush_all()
        channels, epochs, values, qualities, sources = zip(*rows, strict=True)
        # sudo: the tables have no ORM rights at all
        store = self.env["actwin.reading.store"].sudo()
        store._ensure_epochs(epochs)
        parameters = {
            "channel": array_literal(channels),
            "ts": array_literal(epochs),
            "value": array_literal(values),
            "quality": array_literal(qualities),
            "source": array_literal(sources),
            "oldest": min(epochs),
            "newest": max(epochs),
            "site": site.id,
            "company": site.company_id.id,
            "now": self.env.cr.now(),
            "user": self.env.uid,
            "reason": reason,
            "batch": batch_ref,
        }
        self.env.cr.execute(_KEEP_FIRST, parameters)
        self.env.cr.execute(_REPLACE, parameters)
        made = [row[0] for row in self.env.cr.fetchall()]
        self._changed(zip(channels, epochs, strict=True))
        store._refresh_last(set(channels))
        self.invalidate_model()
        return made

    @api.model
    def _changed(self, keys):
        """Have what was computed from readings computed anew: estimates beside them, their days."""
        moments = defaultdict(list)
        for channel, epoch in keys:
            moments[channel].append(moment_of(epoch))
        flat = [(channel, moment) for channel, found in moments.items() for moment in found]
        # sudo: estimates and marks are written by nobody; the callers checked the channels
        self.env["actwin.estimation"].sudo()._withdraw(*map(list, zip(*flat, strict=True)))
        for channel, found in moments.items():
            self.env["actwin.rollup"].sudo()._mark_moments(channel, found)
