from odoo import models

_COUNTED = ("index", "interval", "virtual")


class ActwinPoint(models.Model):
    """Could the point be billed for a span now?"""

    _inherit = "actwin.point"

    def _not_ready(self, start, end, channels=None):
        """``{point: [reason…]}`` of the points a bill of a span of UTC moments would be kept back
        for: boundary readings missing, gaps, faults, what validation holds.

        :param channels: the registers the bill needs; all that count consumption by default
        """
        if channels is None:
            channels = self.channel_ids.filtered(lambda item: item.kind in _COUNTED)
        # sudo: whoever bills need not be an operator; the points are the caller's own
        exceptions = self.env["actwin.validation.exception"].sudo()
        found = exceptions._open_between(channels._measured(), start, end)
        found = found.filtered(lambda item: item.ts <= end and item.ts_end > start)
        held = found._held().grouped("channel_id")
        holding = found._holding_back().grouped("channel_id")
        figures = channels._consumption_between(start, end)
        by_point = channels.grouped("point_id")
        reasons = {}
        for point in self:
            known = by_point.get(point, channels.browse())
            texts = [] if known else [self.env._("There is no register to bill by.")]
            for channel in known:
                texts += channel._readiness_problems(figures[channel.id], start, end, held)
                texts += channel._holding_texts(holding)
            if texts:
                reasons[point] = texts
        return reasons


class ActwinChannel(models.Model):
    _inherit = "actwin.channel"

    def _readiness_problems(self, figures, start, end, held):
        """What a register's own readings lack."""
        if figures["consumption"] is None:
            return [self.env._("%s: no reading at the period's boundary", self.key)]
        problems = []
        if self.kind == "interval":
            expected = int((end - start).total_seconds() / 60 / (self.interval_minutes or 15))
            if expected > figures["count"]:
                problems.append(
                    self.env._(
                        "%(register)s: %(count)s intervals are missing",
                        register=self.key, count=expected - figures["count"],
                    )
                )  # fmt: skip
        if figures["faults"]:
            problems.append(
                self.env._("%s: the register fell without roll-over or replacement", self.key)
            )
        suspects = figures["suspect"] - sum(len(held.get(item, ())) for item in self._measured())
        if suspects > 0:
            problems.append(
                self.env._(
                    "%(register)s: %(count)s readings are held back",
                    register=self.key, count=suspects,
                )
            )  # fmt: skip
        return problems

    def _holding_texts(self, holding):
        """Open exceptions behind the channel, once a rule."""
        texts = []
        for channel in self._measured():
            for items in (
                holding.get(channel, self.env["actwin.validation.exception"])
                .grouped("code")
                .values()
            ):
                texts.append(f"{channel.key}: {items[0].code} {items[0].message}")
        return texts
