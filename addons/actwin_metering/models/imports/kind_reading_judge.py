from odoo import models

from ...core.epochs import epoch_of
from ...core.vee.judge import Reading
from ...core.vee.plausible import doubts, impossible
from ...tools.decimals import plain
from ..readings.reading_bring import NEW, OTHER, SAME


class ActwinImportKindReading(models.AbstractModel):
    """What speaks against figures before they are taken: repeats, what stands, plausibility."""

    _inherit = "actwin.import.kind.reading"

    def _without_repeats(self, figures):
        first, kept = {}, []
        for one in figures:
            if one.key in first:
                one.row.fault(one.name, "repeated", row=first[one.key])
            else:
                first[one.key] = one.row.number
                kept.append(one)
        return kept

    def _compare(self, item, figures):
        """What stands already at the key of each figure, and whether its time is billed."""
        standing = self.env["actwin.reading"]._standing([one.key for one in figures])
        billed = {
            point: point._billed_until() for point in {one.channel.point_id for one in figures}
        }
        by_row = {}
        for one in figures:
            stands = standing.get(one.key)
            one.stands = stands.against(one.value) if stands else NEW
            if one.stands == OTHER and item.policy == "skip":
                one.row.fault(one.name, "conflict", value=plain(stands.value))
            until = billed[one.channel.point_id]
            if one.stands != SAME and until and one.epoch <= epoch_of(until):
                one.row.doubt(one.name, "billed")
            by_row.setdefault(one.row.number, []).append(one)
        for mine in by_row.values():
            if all(one.stands == SAME for one in mine):
                mine[0].row.present = mine[0].channel.id

    def _judge(self, figures):
        """Doubts about what a register would have counted; neighbours in the table count too."""
        asked = [one for one in figures if one.stands != SAME]
        asked.sort(key=lambda one: one.key)
        around = self.env["actwin.channel"]._surroundings([one.key for one in asked])
        before = {}
        for one, (kind, installation, metered, near) in zip(asked, around, strict=True):
            if metered and not installation:
                one.row.fault(one.name, "no_meter")
                continue
            reading = Reading(one.epoch, one.value)
            if kind == "index":
                series = (one.channel.id, installation)
                # what cannot be right never becomes the measure of the next one
                if self._judge_index(one, reading, near.after_own(before.get(series))):
                    before[series] = reading
            elif kind == "interval" and one.value < 0:
                one.row.doubt(one.name, "negative")

    def _judge_index(self, one, reading, near):
        """Whether nothing speaks against the figure."""
        refused = impossible(one.value, near)
        if refused:
            one.row.fault(one.name, refused[0], **refused[1])
            return False
        found = doubts(reading, near)
        for code, figures in found:
            shown = {name: plain(value) for name, value in figures.items()}
            one.row.doubt(one.name, code, **shown)
        return not found
