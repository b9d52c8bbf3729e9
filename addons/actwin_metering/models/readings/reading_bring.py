from decimal import Decimal

from odoo import api, models

from ...const import EDITED, ESTIMATE, ESTIMATED, REJECTED
from ...core.batch import Columns
from ...tools.decimals import array_literal

NEW, SAME, OTHER = "new", "same", "other"
"""What a figure is to what stands at its key: nothing, the same value, another one."""

# what was imported and taken back stands no more, though its row is kept
_STANDING = """
SELECT r.channel_id, extract(epoch FROM r.ts)::int8, r.value::text, r.quality, r.source,
       r.quality = %(rejected)s AND EXISTS (
           SELECT FROM actwin_reading_version v
            WHERE v.channel_id = r.channel_id AND v.ts = r.ts AND v.state = 'taken'
              AND v.kind = 'edit' AND v.quality = %(rejected)s::text)
  FROM unnest(%(channel)s::int[], %(ts)s::int8[]) AS i (channel_id, epoch)
  JOIN actwin_reading r
    ON r.channel_id = i.channel_id
   AND r.ts = timestamp 'epoch' + i.epoch * interval '1 second'
 WHERE r.ts BETWEEN timestamp 'epoch' + %(oldest)s * interval '1 second'
                AND timestamp 'epoch' + %(newest)s * interval '1 second'
"""


class Standing:
    """What stands at a key, for whoever brings another figure for it."""

    def __init__(self, value, quality, source, withdrawn):
        self.value, self.quality, self.source = Decimal(value), quality, source
        self.withdrawn = withdrawn
        self.estimate = source == ESTIMATE and quality == ESTIMATED

    def against(self, value):
        """NEW when the figure may come in as if nothing stood there."""
        if self.withdrawn or self.estimate:
            return NEW
        return SAME if self.value == value else OTHER


class ActwinReading(models.Model):
    """Figures that a person brings, in a table or from the field: the way in beside collectors."""

    _inherit = "actwin.reading"

    @api.model
    def _standing(self, keys):
        """{(channel id, epoch): Standing} of those ``keys`` at which a reading stands."""
        if not keys:
            return {}
        channels, epochs = zip(*keys, strict=True)
        self.env.cr.execute(
            _STANDING,
            {
                "channel": array_literal(channels),
                "ts": array_literal(epochs),
                "oldest": min(epochs),
                "newest": max(epochs),
                "rejected": REJECTED,
            },
        )
        return {tuple(row[:2]): Standing(*row[2:]) for row in self.env.cr.fetchall()}

    @api.model
    def _bring(self, site, rows, source, batch_ref, reason, replace=False):
        """Take a person's figures through the ingest; what stands is only replaced when asked.

        :param rows: [(channel, epoch, decimal text)…] of measured channels of ``site``, each key
            once; the caller has checked that the user may bring them
        :param reason: goes on record with every value that is replaced
        :return: ({(channel id, epoch): NEW, SAME or OTHER}: what each was to what stood there,
            [Reject…])
        """
        self.env.flush_all()
        standing = self._standing([(channel.id, epoch) for channel, epoch, _value in rows])
        found, fresh, over = {}, [], []
        for channel, epoch, value in rows:
            key = (channel.id, epoch)
            stands = standing.get(key)
            found[key] = stands.against(Decimal(value)) if stands else NEW
            if not stands or stands.estimate:
                fresh.append((channel, epoch, value))
            elif stands.withdrawn or found[key] == OTHER and replace:
                over.append((*key, value, EDITED, source))
        rejects = self._take_fresh(site, fresh, source, batch_ref)
        # sudo: versions are written by nobody; see ``rows``
        self.env["actwin.reading.version"].sudo()._replace(site, over, reason, batch_ref)
        return found, rejects

    def _take_fresh(self, site, rows, source, batch_ref):
        if not rows:
            return []
        channels, epochs, values = zip(*rows, strict=True)
        keys = [channel.key for channel in channels]
        columns = Columns(keys, list(epochs), list(values), [0] * len(rows))
        _counts, rejects = self._take(site, columns, batch_ref, source)
        refused = {reject.index for reject in rejects}
        taken = [
            (channel.id, epoch)
            for at, (channel, epoch, _value) in enumerate(rows)
            if at not in refused
        ]
        if taken:
            # an estimate beside a real figure may contradict it
            self.env["actwin.reading.version"]._changed(taken)
        return rejects
