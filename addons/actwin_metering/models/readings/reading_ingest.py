import time

from odoo import api, models
from odoo.exceptions import AccessError

from ...const import PULL
from ...core.batch import BATCH_ROW, Refused, Reject, parse
from ...core.packed import parse_packed
from ...core.rows import channel_keys, check
from ...tools.sql import rows_literals

_INPUT = """
    SELECT i.channel_id, timestamp 'epoch' + i.ts * interval '1 second' AS ts,
           i.value, i.quality, i.n
      FROM unnest(%(channel)s::int[], %(ts)s::int8[], %(value)s::numeric[], %(quality)s::smallint[])
           WITH ORDINALITY AS i (channel_id, ts, value, quality, n)
"""

# sorted by key: faster, and two senders that overlap wait for each other instead of deadlocking
_INSERT = f"""
WITH input AS ({_INPUT}), taken AS (
    INSERT INTO actwin_reading (ts, value, channel_id, quality, source)
    SELECT ts, value, channel_id, quality, %(source)s FROM input ORDER BY channel_id, ts, n
    ON CONFLICT (channel_id, ts) DO NOTHING
    RETURNING channel_id, ts, value, quality
), marks AS (
    INSERT INTO actwin_reading_dirty (channel_id, day)
    SELECT DISTINCT channel_id,
           ((ts - interval '1 microsecond') AT TIME ZONE 'UTC' AT TIME ZONE %(tz)s)::date
      FROM taken
), newest AS (
    SELECT DISTINCT ON (channel_id) * FROM taken ORDER BY channel_id, ts DESC
), moved AS (
    UPDATE actwin_channel c
       SET last_ts = n.ts, last_value = n.value, last_quality_code = n.quality
      FROM newest n
     WHERE c.id = n.channel_id AND (c.last_ts IS NULL OR c.last_ts < n.ts)
)
SELECT count(*) FROM taken
"""

# a real value takes the place of an estimate, which stays on record as superseded
_TRUE_UP = f"""
WITH input AS ({_INPUT}), estimated AS (
    SELECT DISTINCT ON (i.channel_id, i.ts) i.channel_id, i.ts, i.value, i.quality
      FROM input i JOIN actwin_reading r USING (channel_id, ts)
     WHERE r.source = 5 AND r.quality = 2
       AND r.ts BETWEEN timestamp 'epoch' + %(oldest)s * interval '1 second'
                    AND timestamp 'epoch' + %(newest)s * interval '1 second'
     ORDER BY i.channel_id, i.ts, i.n
), superseded AS (
    UPDATE actwin_reading_version v SET state = 'superseded'
      FROM estimated e
     WHERE v.channel_id = e.channel_id AND v.ts = e.ts AND v.state = 'taken'
), recorded AS (
    INSERT INTO actwin_reading_version
        (channel_id, site_id, company_id, ts, value, quality, source, kind, state, date, user_id,
         batch_ref)
    SELECT channel_id, %(site)s, %(company)s, ts, value, quality::text, %(source)s, 'original',
           'taken', %(now)s, %(user)s, %(batch)s
      FROM estimated
    ON CONFLICT DO NOTHING
)
UPDATE actwin_reading r SET value = e.value, quality = e.quality, source = %(source)s
  FROM estimated e WHERE r.channel_id = e.channel_id AND r.ts = e.ts
RETURNING r.channel_id, r.ts
"""

# a value that already was the effective one (before an edit, say) is a repeat, not a conflict
_CONFLICT = f"""
WITH input AS ({_INPUT}), clash AS (
    SELECT i.*, r.value AS first_value, r.quality AS first_quality, r.source AS first_source
      FROM input i JOIN actwin_reading r USING (channel_id, ts)
     WHERE r.value <> i.value
       AND r.ts BETWEEN timestamp 'epoch' + %(oldest)s * interval '1 second'
                    AND timestamp 'epoch' + %(newest)s * interval '1 second'
       AND NOT EXISTS (SELECT FROM actwin_reading_version v
                        WHERE v.channel_id = i.channel_id AND v.ts = i.ts
                          AND v.value = i.value AND v.kind <> 'conflict')
), first AS (
    INSERT INTO actwin_reading_version
        (channel_id, site_id, company_id, ts, value, quality, source, kind, state, date)
    SELECT DISTINCT ON (c.channel_id, c.ts) c.channel_id, %(site)s, %(company)s, c.ts,
           c.first_value, c.first_quality::text, c.first_source::text, 'original', 'taken', %(now)s
      FROM clash c
     WHERE NOT EXISTS (SELECT FROM actwin_reading_version v
                        WHERE v.channel_id = c.channel_id AND v.ts = c.ts)
    ON CONFLICT DO NOTHING
), offered AS (
    INSERT INTO actwin_reading_version
        (channel_id, site_id, company_id, ts, value, quality, source, kind, state, date,
         user_id, batch_ref)
    SELECT c.channel_id, %(site)s, %(company)s, c.ts, c.value, c.quality::text, %(source)s,
           'conflict', 'open', %(now)s, %(user)s, %(batch)s
      FROM clash c ORDER BY c.channel_id, c.ts, c.n
    ON CONFLICT DO NOTHING
)
SELECT count(*) FROM clash
"""


class ActwinReading(models.Model):
    """The ingest contract of architecture.md: what collectors call."""

    _inherit = "actwin.reading"

    @api.model
    def ingest(self, batch=None):
        """Take a delivery of readings, events and dialogues in its plain form.

        :param dict batch: ``{'batch_id', 'collector', 'sent_at', 'points': {'channel': [key…],
            'ts': [epoch seconds UTC…], 'value': [decimal text…], 'status': [0|1|2…]},
            'events': […], 'comm': […]}``
        :return: ``{'accepted': n, 'duplicates': n, 'conflicts': n,
            'rejected': [[row index, reason, text]…]}``; row index -1 is the delivery as a whole
        """
        return self._ingest(parse, batch)

    @api.model
    def ingest_packed(self, header=None, payload=None):
        """Take the same delivery packed: see ``core/packed.py``. Same answer as ``ingest``."""
        return self._ingest(parse_packed, header, payload)

    @api.model
    def _ingest(self, reader, *content):
        self._check_may_ingest()
        self.env.flush_all()
        try:
            batch = reader(*content)
            collector = self._ingest_collector(batch.collector)
        except Refused as refused:
            return self._refuse(refused)
        # sudo, here and below: a collector's user has no access to any of these tables; it was
        # just checked that it speaks for this collector, and rows go to its own site only
        registry = self.env["actwin.ingest.batch"].sudo()
        known = registry._find_answer(batch)
        if known is not None:
            return known
        answer, rejects = self._take(collector.site_id, batch.columns, batch.batch_id)
        rejects = batch.rejects + rejects
        answer["rejected"] = [reject.answer() for reject in rejects]
        self.env["actwin.reading.reject"].sudo()._store(collector, batch.batch_id, rejects)
        self.env["actwin.device.event"].sudo()._store(collector, batch.events)
        self.env["actwin.device.comm"].sudo()._store(collector, batch.comm)
        registry._remember(collector, batch, answer)
        return answer

    def _check_may_ingest(self):
        user = self.env.user
        if not (
            self.env.su
            or user.has_group("actwin_metering.group_collector")
            or user.has_group("actwin_metering.group_administrator")
        ):
            raise AccessError(self.env._("Only collectors deliver readings."))

    def _ingest_collector(self, code):
        """The collector ``code`` (sudo: its user reads no record), if the caller speaks for it."""
        collector = self.env["actwin.collector"].sudo().search([("code", "=", code)])
        if not collector or not collector._speaks_for(self.env.user, self.env.su):
            raise Refused("bad_header", f"no collector {code} for this user")
        return collector

    def _refuse(self, refused):
        """Answer to a delivery that cannot be attributed; kept for the operator all the same."""
        # sudo: the caller's own collector, and one reject that says what it sent
        collector = (
            self.env["actwin.collector"].sudo().search([("user_id", "=", self.env.uid)], limit=1)
        )
        reject = Reject(BATCH_ROW, refused.reason, refused.text)
        self.env["actwin.reading.reject"].sudo()._store(collector, "", [reject])
        return {"accepted": 0, "duplicates": 0, "conflicts": 0, "rejected": [reject.answer()]}

    @api.model
    def _take(self, site, columns, batch_ref, source=PULL):
        """Store the good rows of ``columns``; (counts, [Reject]). Repeating it changes nothing."""
        self.env.flush_all()
        mine, foreign = self._resolve(channel_keys(columns), site)
        accepted, rejects = check(columns, mine, foreign, time.time())
        counts = {"accepted": 0, "duplicates": 0, "conflicts": 0}
        if len(accepted):
            # sudo: makes partitions only; which channels may be written was resolved above
            store = self.env["actwin.reading.store"].sudo()
            store._ensure_epochs(accepted.ts)
            parameters = rows_literals(accepted) | {
                "source": source,
                "tz": site.tz,
                "site": site.id,
                "company": site.company_id.id,
                "user": self.env.uid,
                "batch": batch_ref,
                "now": self.env.cr.now(),
            }
            counts = self._insert(parameters, len(accepted))
        return counts, rejects

    def _resolve(self, keys, site):
        """({key: channel id} of the site, {keys of other sites}); archived channels are unknown."""
        self.env.cr.execute(
            "SELECT key, id, site_id FROM actwin_channel WHERE key = ANY(%s) AND active"
            " AND kind <> 'virtual'",
            [list(keys)],
        )
        rows = self.env.cr.fetchall()
        mine = {key: id_ for key, id_, site_id in rows if site_id == site.id}
        return mine, {key for key, _id, site_id in rows if site_id != site.id}

    def _insert(self, parameters, rows):
        cr = self.env.cr
        cr.execute(_INSERT, parameters)
        taken = cr.fetchone()[0]
        conflicts = 0
        if taken < rows:
            taken += self._true_up(parameters)
        if taken < rows:
            cr.execute(_CONFLICT, parameters)
            conflicts = cr.fetchone()[0]
        if taken:
            self.env["actwin.rollup"]._trigger()
            self.env["actwin.channel"].invalidate_model(
                ["last_ts", "last_value", "last_quality_code"]
            )
        if conflicts:
            self.env["actwin.reading.version"].invalidate_model()
        return {"accepted": taken, "duplicates": rows - taken - conflicts, "conflicts": conflicts}

    def _true_up(self, parameters):
        """Put real values where estimates stood; how many. The rest of the gap is open again."""
        self.env.cr.execute(_TRUE_UP, parameters)
        found = self.env.cr.fetchall()
        if found:
            channels, moments = zip(*found, strict=True)
            # sudo: estimates are withdrawn by nobody; these channels were resolved for the sender
            estimation = self.env["actwin.estimation"].sudo()
            estimation._withdraw(channels, moments)
            estimation._mark(found)
        return len(found)
