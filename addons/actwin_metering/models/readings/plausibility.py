from decimal import Decimal

from odoo import api, fields, models

from ...core.vee.judge import Reading
from ...core.vee.plausible import Surroundings
from ...tools.decimals import array_literal, to_decimal

# neighbours are real readings of the same meter: an estimate proves nothing, and across a change
# the opening index stands for them
_AROUND = """
SELECT n.n, c.kind, coalesce(nullif(c.digits, 0), m.digits, 0), nullif(c.max_per_hour, 0)::text,
       i.id, i.multiplier::text, greatest(s.day_median, s.day_mean)::text,
       extract(epoch FROM coalesce(b.ts, o.ts))::int8, coalesce(b.value, o.value)::text,
       extract(epoch FROM a.ts)::int8, a.value::text, metered.yes
  FROM unnest(%(channel)s::int[], %(ts)s::int8[]) WITH ORDINALITY AS n (channel_id, epoch, n)
 CROSS JOIN LATERAL (SELECT timestamp 'epoch' + n.epoch * interval '1 second' AS ts) t
  JOIN actwin_channel c ON c.id = n.channel_id
  LEFT JOIN actwin_channel_statistic s ON s.channel_id = c.id
 CROSS JOIN LATERAL (SELECT EXISTS (
           SELECT FROM actwin_meter_installation WHERE point_id = c.point_id) AS yes) metered
  LEFT JOIN LATERAL (
      SELECT i.id, i.meter_id, i.multiplier, i.date_from, i.date_to
        FROM actwin_meter_installation i
       WHERE i.point_id = c.point_id AND i.date_from <= t.ts
         AND (i.date_to IS NULL OR i.date_to >= t.ts)
       ORDER BY i.date_from DESC LIMIT 1) i ON true
  LEFT JOIN actwin_meter m ON m.id = i.meter_id
  LEFT JOIN LATERAL (
      SELECT r.ts, r.value FROM actwin_reading r
       WHERE r.channel_id = c.id AND r.ts < t.ts AND r.quality IN (0, 2, 3) AND r.source <> 5
         AND (i.id IS NULL OR r.ts >= i.date_from)
       ORDER BY r.ts DESC LIMIT 1) b ON true
  LEFT JOIN LATERAL (
      SELECT i.date_from AS ts, x.opening_index::numeric AS value
        FROM actwin_meter_installation_index x
       WHERE x.installation_id = i.id AND x.channel_id = c.id AND x.has_opening
         AND i.date_from < t.ts) o ON true
  LEFT JOIN LATERAL (
      SELECT r.ts, r.value FROM actwin_reading r
       WHERE r.channel_id = c.id AND r.ts > t.ts AND r.quality IN (0, 2, 3) AND r.source <> 5
         AND (i.date_to IS NULL OR r.ts <= i.date_to)
       ORDER BY r.ts LIMIT 1) a ON true
 ORDER BY n.n
"""


class ActwinSite(models.Model):
    """From when on a figure that somebody brings is asked about."""

    _inherit = "actwin.site"

    doubtful_times = fields.Float(
        "Doubtful Above × Usual",
        default=3,
        digits=(6, 1),
        help="A reading that somebody imports or types has to be confirmed when it shows more than "
        "so many times the usual consumption. 0: never.",
    )


class ActwinChannel(models.Model):
    """What is known of registers around moments at which somebody brings a figure."""

    _inherit = "actwin.channel"

    @api.model
    def _surroundings(self, asked):
        """What ``core.vee.plausible`` wants to know of each of ``asked`` [(channel id, epoch)…].

        :return: [(kind of the channel, installation id or None, whether its point ever had one,
            Surroundings)…]
        """
        self.env.flush_all()
        self.env.cr.execute(
            _AROUND,
            {
                "channel": array_literal(channel for channel, _epoch in asked),
                "ts": array_literal(epoch for _channel, epoch in asked),
            },
        )
        rows = self.env.cr.fetchall()
        times = {
            channel.id: Decimal(str(channel.site_id.doubtful_times))
            for channel in self.browse({channel for channel, _epoch in asked})
        }
        return [
            _told(row[1:], times[channel])
            for (channel, _epoch), row in zip(asked, rows, strict=True)
        ]


def _told(row, times):
    kind, digits, per_hour, installation, multiplier, usual, *near, metered = row
    return (
        kind,
        installation,
        metered,
        Surroundings(
            before=_reading(*near[:2]),
            after=_reading(*near[2:]),
            digits=digits,
            per_hour=to_decimal(per_hour),
            multiplier=to_decimal(multiplier) or Decimal(1),
            usual=to_decimal(usual),
            times=times,
        ),
    )


def _reading(epoch, value):
    return None if epoch is None else Reading(epoch, Decimal(value))
