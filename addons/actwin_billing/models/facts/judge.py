from datetime import timedelta
from decimal import Decimal

from odoo import models

from ...const import BANDS
from ...core.money import ZERO, rounded, text

LATE = timedelta(hours=1)  # a boundary reading older than this is worth a warning


class ActwinBillFacts(models.AbstractModel):
    """What the readings themselves say of a bill: what they are, and whether it may use them."""

    _inherit = "actwin.bill.facts"

    def _validate(self, plans):
        """Have every reading validated that a bill may use, and note what keeps it back."""
        channels = self.env["actwin.channel"].union(
            *(channel for plan in plans for channel in plan["channels"].values())
        )
        # sudo: whoever bills need not be an operator; only marks of these channels are worked off
        self.env["actwin.rollup"].sudo()._process_dirty(channel_ids=channels.ids)
        exceptions = self.env["actwin.validation.exception"].sudo()
        found = exceptions._open_between(
            channels._measured(),
            min((plan["period"].start for plan in plans), default=None),
            max((plan["period"].end for plan in plans), default=None),
        ).grouped("channel_id")
        for plan in plans:
            period = plan["period"]
            plan["exceptions"] = {
                name: exceptions.union(
                    *(found.get(item, exceptions) for item in channel._measured())
                ).filtered(
                    lambda item, period=period: (
                        item.ts <= period.end and item.ts_end > period.start))
                for name, channel in plan["channels"].items()
            }

    def _read_names(self, plan):
        """Names of the registers at the point that the tariff reads."""
        for name in plan["channels"]:
            register, _dot, band = name.partition(".")
            bands = plan["needs"].registers.get(register)
            if bands is not None and (
                not band or band in bands or register not in plan["channels"]
            ):
                yield name

    def _judge(self, plan, whole, shapes):
        """What the readings themselves say: missing, suspect, faulty, estimated, replaced."""
        problems, estimated, replaced, rollovers = [*plan["prices"].problems], ZERO, False, 0
        for name in self._read_names(plan):
            channel = plan["channels"][name]
            info = whole.get(channel.id) or {}
            exceptions = plan["exceptions"][name]
            problems += self._exceptions(name, channel, exceptions._holding_back())
            info = info | {"suspect": info.get("suspect", 0) - len(exceptions._held())}
            problems += self._channel_problems(name, channel, info, plan["period"])
            estimated = max(estimated, Decimal(info.get("estimated") or 0))
            replaced |= len(info.get("segments") or []) > 1
            rollovers += info.get("rollovers") or 0
        problems += [*self._profile_problems(plan, shapes), *self._calendar_problems(plan)]
        problems += self._band_problems(plan, whole, shapes)
        return {"problems": problems, "estimated": estimated, "replaced": replaced,
                "rollovers": rollovers}

    def _channel_problems(self, name, channel, info, period):
        data = {"register": name, "channel": channel.key}
        if info.get("consumption") is None:
            yield "V12", self.env._("No reading at the period's boundary: %s", channel.key), data
            return
        if channel.kind == "interval":
            yield from self._gaps(channel, info, period, data)
        for code, key, message in (
            ("R01", "suspect", self.env._("Suspect readings in the period: %s", channel.key)),
            ("V06", "faults", self.env._("The register fell without roll-over or replacement: %s",
                                channel.key)),
        ):
            if info.get(key):
                yield code, message, {**data, "count": info[key]}
        if info.get("last_ts") and period.end - info["last_ts"] > LATE:
            yield "V14", self.env._("The last reading is from %(stamp)s: %(channel)s",
                           stamp=period.local(info["last_ts"]), channel=channel.key), data

    def _exceptions(self, name, channel, exceptions):
        """What the validation found and nobody has decided on yet, once a rule."""
        for code, items in exceptions.grouped("code").items():
            yield code, self.env._(
                "%(what)s (%(channel)s, %(day)s)",
                what=items[0].message, channel=channel.key, day=min(items.mapped("day")),
            ), {"register": name, "channel": channel.key, "exceptions": items.ids}

    def _gaps(self, channel, info, period, data):
        """Interval data adds up only when no interval is missing."""
        missing = self._expected(channel, period) - (info.get("count") or 0)
        if missing > 0:
            yield "V12", self.env._(
                "%(missing)s intervals are missing: %(channel)s",
                missing=missing, channel=channel.key), {**data, "missing": missing}

    def _profile_problems(self, plan, shapes):
        """A load profile with holes gives neither bands nor hourly prices."""
        for register, values in shapes.items():
            channel, missing = plan["channels"][register], values.count(None)
            if missing:
                yield "V12", self.env._(
                    "%(missing)s of %(count)s intervals of %(minutes)s minutes have no reading,"
                    " and the tariff needs them: %(channel)s", missing=missing,
                    count=len(values), minutes=plan["minutes"], channel=channel.key,
                ), {"register": register, "channel": channel.key, "missing": missing}

    def _calendar_problems(self, plan):
        """Bands that the meter does not count need a calendar."""
        if not plan["derived"]:
            return
        for piece in plan["prices"].pieces:
            if piece.components._need_bands() and not piece.version.calendar_id:
                yield "K16", self.env._(
                    "%s prices bands, the meter counts none and the version has no time-of-use"
                    " calendar.", piece.version.display_name), {}

    def _band_problems(self, plan, whole, shapes):
        """V03: the sum of the bands (registers, or load profile) against the total register."""
        for register, bands in plan["needs"].registers.items():
            total = (whole.get(plan["channels"][register].id) or {}).get("consumption") \
                if register in plan["channels"] else None
            if not bands or total is None:
                continue
            if register in plan["derived"]:
                parts = shapes[register]
            else:
                parts = [
                    (whole.get(plan["channels"][name].id) or {}).get("consumption")
                    for name in (f"{register}.{band}" for band in BANDS)
                    if name in plan["channels"]
                ]
            if None in parts:
                continue
            yield from self._sum_problem(register, sum(parts, ZERO), total)

    def _sum_problem(self, register, found, total):
        if abs(found - total) > max(abs(total) * Decimal("0.005"), Decimal(1)):
            found, total = rounded(found, 3), rounded(total, 3)
            yield "V03", self.env._(
                "The bands add up to %(found)s, the register says %(total)s",
                found=text(found), total=text(total),
            ), {"register": register, "found": text(found), "total": text(total)}
