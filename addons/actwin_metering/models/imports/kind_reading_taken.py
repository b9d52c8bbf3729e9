from odoo import api, models
from odoo.exceptions import UserError

from ...const import IMPORT, REJECTED
from ..readings.reading_bring import NEW, OTHER

# figures of an import that took effect, with what stands at their keys now
_TAKEN = """
WITH mine AS (
    SELECT l.id AS line_id, l.number, (f.item->>0)::int AS channel_id, (f.item->>1)::int8 AS epoch,
           timestamp 'epoch' + (f.item->>1)::int8 * interval '1 second' AS ts,
           (f.item->>2)::numeric AS value, f.item->>3 AS became
      FROM actwin_import_line l, jsonb_array_elements(l.values->'figures') f (item)
     WHERE l.import_id = %(import)s AND l.state IN ('done', 'updated')
       AND (%(lines)s IS NULL OR l.id = ANY(%(lines)s)) AND f.item->>3 IN ('new', 'other')
)
"""
_USED = f"""{_TAKEN}
SELECT m.line_id, m.number, c.key,
       CASE WHEN b.until >= m.ts THEN 'bill' ELSE 'version' END
  FROM mine m
  JOIN actwin_channel c ON c.id = m.channel_id
  LEFT JOIN actwin_reading r ON r.channel_id = m.channel_id AND r.ts = m.ts
  LEFT JOIN unnest(%(points)s::int[], %(until)s::timestamp[]) AS b (point_id, until)
    ON b.point_id = c.point_id
 WHERE b.until >= m.ts OR r.value IS DISTINCT FROM m.value OR EXISTS (
       SELECT FROM actwin_reading_version v
        WHERE v.channel_id = m.channel_id AND v.ts = m.ts AND v.state = 'taken'
          AND v.kind IN ('edit', 'conflict') AND v.batch_ref IS DISTINCT FROM %(batch)s)
 ORDER BY m.number, m.line_id
"""
# what stood before an import's figure: the value that its version superseded last
_BEFORE = f"""{_TAKEN}
SELECT m.channel_id, m.epoch,
       CASE WHEN m.became = 'other' THEN p.value ELSE m.value END::text,
       CASE WHEN m.became = 'other' THEN p.quality::int ELSE %(rejected)s END,
       CASE WHEN m.became = 'other' THEN p.source::int ELSE %(source)s END
  FROM mine m
  LEFT JOIN LATERAL (
      SELECT v.value, v.quality, v.source FROM actwin_reading_version v
       WHERE v.channel_id = m.channel_id AND v.ts = m.ts AND v.state = 'superseded'
         AND v.batch_ref IS DISTINCT FROM %(batch)s
       ORDER BY v.date DESC, v.id DESC LIMIT 1) p ON true
"""


class ActwinImportKindReading(models.AbstractModel):
    """How figures of good rows become readings, and how they are taken back: by versions."""

    _inherit = "actwin.import.kind.reading"

    @api.model
    def _apply(self, item, lines):
        channels = self.env["actwin.channel"]
        rows = [
            (channels.browse(channel), epoch, value)
            for line in lines
            for channel, epoch, value in line.values["figures"]
        ]
        found, rejects = self.env["actwin.reading"]._bring(
            item.site_id, rows, IMPORT, self._reference(item), self._reason(item),
            replace=item.policy == "update",
        )  # fmt: skip
        if rejects:
            raise UserError(rejects[0].text)
        if item.policy == "skip" and OTHER in found.values():
            raise UserError(self.env._("Another value arrived meanwhile."))
        lines._became(
            {line.id: _outcome(line.values, found) for line in lines},
        )

    @api.model
    def _undo(self, item, partial):
        """Withdraw what the import brought, and put back what it replaced, some rows at a call."""
        taken = [("import_id", "=", item.id), ("state", "in", ("done", "updated"))]
        lines = self.env["actwin.import.line"].search(
            taken, order="number desc, id desc", limit=self._chunk
        )
        used = self._used(item, lines if item.state == "undoing" else None)
        if used and not partial:
            return {"removed": 0, "remaining": 0} | self._listed(used)
        item._lines_become("kept", [line for line, *_rest in used])
        lines = lines.filtered_domain(taken)
        self.env.cr.execute(
            _BEFORE,
            {
                "import": item.id,
                "lines": lines.ids,
                "rejected": REJECTED,
                "source": IMPORT,
                "batch": self._reference(item),
            },
        )
        # sudo: versions are written by nobody; who may undo the import was checked
        self.env["actwin.reading.version"].sudo()._replace(
            item.site_id,
            self.env.cr.fetchall(),
            self.env._("Import %s was undone.", item.name),
            self._reference(item),
        )
        removed = item._lines_become("undone", lines.ids)
        remaining = lines.search_count(taken)
        item._set_undo_state(remaining)
        return {"removed": removed, "remaining": remaining} | self._listed(used)

    def _reference(self, item):
        return f"import:{item.id}"

    def _reason(self, item):
        return self.env._("Import %s", item.name)

    def _used(self, item, lines):
        """[(line id, row, channel key, why)…] of figures that were changed or billed since; of
        all of the import when no lines are given.
        """
        self.env.flush_all()
        scope = {"import": item.id, "lines": lines.ids if lines is not None else None}
        billed = self._billed_points(scope)
        self.env.cr.execute(
            _USED,
            scope
            | {
                "points": list(billed),
                "until": list(billed.values()),
                "batch": self._reference(item),
            },
        )
        return self.env.cr.fetchall()

    def _billed_points(self, scope):
        self.env.cr.execute(
            f"{_TAKEN} SELECT DISTINCT c.point_id FROM mine m JOIN actwin_channel c"
            " ON c.id = m.channel_id",
            scope,
        )
        points = self.env["actwin.point"].browse(row[0] for row in self.env.cr.fetchall())
        until = {point.id: point._billed_until() for point in points}
        return {point: moment for point, moment in until.items() if moment}

    def _listed(self, used):
        words = {"bill": self.env._("Billed"), "version": self.env._("Changed since")}
        return {
            "used": [
                {"number": number, "name": key, "by": words[why]}
                for _line, number, key, why in used[:50]
            ],
            "used_count": len(used),
        }


def _outcome(values, found):
    """(values with what became of each figure, state of the line)"""
    figures = [[*figure, found[tuple(figure[:2])]] for figure in values["figures"]]
    became = {figure[3] for figure in figures}
    state = "done" if NEW in became else "updated" if OTHER in became else "present"
    return values | {"figures": figures}, state
