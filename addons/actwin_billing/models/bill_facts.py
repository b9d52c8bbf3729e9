from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from odoo import api, models

from ..const import ACTIVE, BANDS, REGISTERS
from ..core.model import DEMAND
from ..core.money import ZERO, rounded, shares, text
from ..core.reactive import REGISTERS as REACTIVE

LATE = timedelta(hours=1)  # a boundary reading older than this is worth a warning


class Period:
    """The days a bill covers, in local time and in UTC, with the instants prices change."""

    def __init__(self, date_from, date_to, zone):
        self.date_from, self.date_to, self.zone = date_from, date_to, ZoneInfo(zone)
        self.start = self.utc(datetime.combine(date_from, time.min, self.zone))
        self.end = self.utc(datetime.combine(date_to + timedelta(days=1), time.min, self.zone))

    @staticmethod
    def utc(local):
        return local.astimezone(UTC).replace(tzinfo=None)

    def local(self, stamp):
        """ISO text with offset, in the site's zone, of a naive UTC datetime."""
        return stamp.replace(tzinfo=UTC).astimezone(self.zone).isoformat()

    def cuts(self, versions):
        """Boundaries of the intervals with one tariff version each: [start, …, end]."""
        stamps = {version.valid_from for version in versions}
        stamps |= {version.valid_to for version in versions if version.valid_to}
        inside = sorted(stamp for stamp in stamps if self.start < stamp < self.end)
        return [self.start, *inside, self.end]


class ActwinBillFacts(models.AbstractModel):
    """Gathers what the calculation core needs for many subscriptions with few queries."""

    _name = "actwin.bill.facts"
    _description = "Facts of Control Invoices"

    @api.model
    def _decimal(self, value, digits):
        """Decimal of a field value that was stored with ``digits`` decimals."""
        return rounded(Decimal(repr(float(value))), digits)

    @api.model
    def _period(self, run, subscription):
        """Days of the run that the subscription covers."""
        return Period(
            max(run.date_from, subscription.date_from),
            min(run.date_to, subscription.date_to or run.date_to),
            subscription.site_id.tz or "UTC",
        )

    @api.model
    def _gather(self, run, subscriptions):
        """{subscription: facts} with facts = {period, case, readings, problems, estimated,
        replaced, rollovers}; ``case`` is the JSON object of the core, ``problems`` are
        (code, message, parameters)."""
        plans = {item: self._plan(run, item) for item in subscriptions}
        self._validate(plans)
        series = self._series(plans)
        adjustments = self._adjustments(subscriptions)
        prices = {}
        for item, plan in plans.items():
            key = (item.tariff_id, plan["period"].zone.key)
            if key not in prices:
                prices[key] = self._prices(item.tariff_id, plan["period"])
            plan["prices"] = prices[key]
            plan["adjustments"] = adjustments.get(item, self.env["actwin.adjustment"])
        return {item: self._facts(item, plan, series) for item, plan in plans.items()}

    def _validate(self, plans):
        """Have every reading validated that a bill may use, and note what keeps it back."""
        channels = self.env["actwin.channel"].union(
            *(channel for plan in plans.values() for channel in plan["channels"].values())
        )
        # sudo: whoever bills need not be an operator; only marks of these channels are worked off
        self.env["actwin.rollup"].sudo()._process_dirty(channel_ids=channels.ids)
        exceptions = self.env["actwin.validation.exception"].sudo()
        found = exceptions._open_between(
            channels._measured(),
            min((plan["period"].start for plan in plans.values()), default=None),
            max((plan["period"].end for plan in plans.values()), default=None),
        ).grouped("channel_id")
        for plan in plans.values():
            period = plan["period"]
            plan["exceptions"] = {
                name: exceptions.union(
                    *(found.get(item, exceptions) for item in channel._measured())
                ).filtered(
                    lambda item, period=period: (
                        item.ts <= period.end and item.ts_end > period.start))
                for name, channel in plan["channels"].items()
            }

    def _adjustments(self, subscriptions):
        """{subscription: amounts that wait for its next bill}."""
        return self.env["actwin.adjustment"].search([
            ("subscription_id", "in", subscriptions.ids), ("bill_id", "=", False),
        ]).grouped("subscription_id")

    def _prices(self, tariff, period):
        """Tariff and taxes for the core, once for all subscriptions that share them."""
        versions = tariff.version_ids._facts(period.local)
        return {
            "tariff": {"name": tariff.code, "versions": list(versions.values())},
            "taxes": tariff._tax_facts(),
        }

    def _plan(self, run, subscription):
        """What is needed of one subscription: its period, versions, intervals and channels."""
        period = self._period(run, subscription)
        versions = subscription.tariff_id.version_ids
        needed = self._needed(versions.component_ids)
        channels = self._channels(subscription.point_id)
        return {
            "period": period,
            "versions": versions,
            "cuts": period.cuts(versions),
            "needed": needed,
            "channels": channels,
            "derived": [
                register for register, bands in needed.items()
                if bands and register in channels
                and any(f"{register}.{band}" not in channels for band in bands)
            ],
        }

    def _needed(self, components):
        """{register: set of bands} that the components read."""
        needed = {}
        for component in components:
            if component.kind in ("energy", "distribution"):
                needed.setdefault(component.register, set())
                if component.band:
                    needed[component.register].add(component.band)
            elif component.kind in REACTIVE:
                needed.setdefault(ACTIVE, set())
                needed.setdefault(REACTIVE[component.kind], set())
            elif component.kind == "excess_demand":
                needed.setdefault(DEMAND, set())
        return needed

    def _channels(self, point):
        """{register name: channel} of a point; a cumulative register wins over interval data."""
        order = {"index": 0, "interval": 1, "virtual": 2, "instant": 3}
        found = {}
        usable = point.channel_ids.filtered(
            lambda channel: channel.active and channel.quantity in REGISTERS
        )
        for channel in usable.sorted(lambda item: (order[item.kind], item.id)):
            name = REGISTERS[channel.quantity]
            found.setdefault(f"{name}.{channel.band}" if channel.band else name, channel)
        return found

    def _series(self, plans):
        """{(start, end): (consumption by channel id, by-local-hour by channel id)}, one call an
        interval for all subscriptions that share it."""
        wanted, hourly = {}, {}
        for plan in plans.values():
            ids = {channel.id for channel in plan["channels"].values()}
            cuts = plan["cuts"]
            for pair in {(cuts[0], cuts[-1]), *zip(cuts, cuts[1:], strict=False)}:
                wanted.setdefault(pair, set()).update(ids)
                hourly.setdefault(pair, set()).update(
                    plan["channels"][register].id for register in plan["derived"]
                )
        channel_model = self.env["actwin.channel"]
        return {
            (start, end): (
                channel_model.browse(sorted(ids))._consumption_between(start, end),
                channel_model.browse(sorted(hourly[start, end]))._consumption_by_local_hour(
                    start, end
                ) if hourly[start, end] else {},
            )
            for (start, end), ids in wanted.items()
        }

    def _facts(self, subscription, plan, series):
        cuts, period = plan["cuts"], plan["period"]
        whole = series[cuts[0], cuts[-1]][0]
        segments = []
        for start, end in zip(cuts, cuts[1:], strict=False):
            segments.append({
                "start": period.local(start),
                "end": period.local(end),
                "quantities": self._quantities(plan, *series[start, end], start),
            })
        checked = self._judge(plan, whole, series[cuts[0], cuts[-1]][1])
        return {
            "period": period,
            "case": self._case(subscription, plan, segments),
            "readings": self._readings(plan, whole),
            "adjustments": plan["adjustments"],
            **checked,
        }

    def _quantities(self, plan, consumption, hours, start):
        """{register name: exact text or None} of one interval."""
        values = {
            name: self._quantity(name, consumption.get(channel.id) or {})
            for name, channel in plan["channels"].items()
        }
        kept = {}
        for register, bands in plan["needed"].items():
            if register in values:
                kept[register] = values[register]
            names = [f"{register}.{band}" for band in BANDS]
            if bands and register in plan["derived"]:
                kept |= self._derived(plan, register, values[register], hours, start)
            elif bands or register not in values:
                kept |= {name: values[name] for name in names if name in values}
        return {name: None if value is None else text(value) for name, value in kept.items()}

    def _quantity(self, name, info):
        if info.get("consumption") is None:
            return None
        if name == DEMAND:
            if info.get("last_index") is None:
                return None
            factor = info["segments"][-1]["multiplier"] if info.get("segments") else Decimal(1)
            return rounded(info["last_index"] * factor, 3)
        return rounded(info["consumption"], 3)

    def _derived(self, plan, register, total, hours, start):
        """Bands of a meter without band registers: the hourly profile, scaled to the total."""
        version = plan["versions"].filtered(lambda item: item.valid_from <= start)
        version = version.sorted("valid_from")[-1:] or plan["versions"][:1]
        sums = dict.fromkeys(("t1", "t2", "t3"), ZERO)
        for hour, value in (hours.get(plan["channels"][register].id) or {}).items():
            sums[version._band_of_hour(int(hour))] += value
        if total is None or (total and not any(sums.values())):
            return {f"{register}.{band}": None for band in sums}
        parts = shares(total, list(sums.values()), 3)
        return {f"{register}.{band}": part for band, part in zip(sums, parts, strict=True)}

    def _case(self, subscription, plan, segments):
        period, tariff = plan["period"], subscription.tariff_id
        return {
            "schema": 1,
            "currency": subscription.currency_id.name,
            "period": {"start": period.local(period.start), "end": period.local(period.end)},
            "rounding": {
                "mode": tariff.rounding_mode,
                "money": subscription.currency_id.decimal_places,
            },
            "subscriber": subscription._facts(),
            "segments": segments,
            "adjustments": [item._facts() for item in plan["adjustments"]],
            **plan["prices"],
        }

    def _readings(self, plan, whole):
        """One row for each register and meter with the indices that were used."""
        rows = []
        for name, channel in plan["channels"].items():
            info = whole.get(channel.id) or {}
            for segment in info.get("segments") or []:
                rows.append({
                    "channel": channel.key,
                    "channel_id": channel.id,
                    "register": name,
                    "obis": channel.obis or "",
                    "unit": channel.unit or "",
                    "meter_serial": segment.get("meter_serial") or "",
                    "first_index": self._text(segment.get("first_index")),
                    "last_index": self._text(segment.get("last_index")),
                    "multiplier": self._text(segment.get("multiplier")),
                    "consumption": self._text(segment.get("consumption")),
                    "first_ts": self._stamp(info.get("first_ts")),
                    "last_ts": self._stamp(info.get("last_ts")),
                    "count": info.get("count") or 0,
                    "expected": self._expected(channel, plan["period"]),
                })
        return rows

    def _expected(self, channel, period):
        """Intervals of the period."""
        minutes = (period.end - period.start).total_seconds() / 60
        return int(minutes / (channel.interval_minutes or 15))

    def _text(self, value):
        return None if value is None else text(value)

    def _stamp(self, value):
        return value.isoformat(sep=" ", timespec="seconds") if value else None

    def _read_names(self, plan):
        """Names of the registers at the point that the tariff reads."""
        for name in plan["channels"]:
            register, _dot, band = name.partition(".")
            bands = plan["needed"].get(register)
            if bands is not None and (
                not band or band in bands or register not in plan["channels"]
            ):
                yield name

    def _judge(self, plan, whole, hours):
        """What the readings themselves say: missing, suspect, faulty, estimated, replaced."""
        problems, estimated, replaced, rollovers = [], ZERO, False, 0
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
        problems += self._band_problems(plan, whole, hours)
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

    def _band_problems(self, plan, whole, hours):
        """V03: the sum of the bands (registers, or hourly profile) against the total register."""
        for register, bands in plan["needed"].items():
            total = (whole.get(plan["channels"][register].id) or {}).get("consumption") \
                if register in plan["channels"] else None
            if not bands or total is None:
                continue
            if register in plan["derived"]:
                profile = hours.get(plan["channels"][register].id) or {}
                parts = list(profile.values())
            else:
                names = [f"{register}.{band}" for band in BANDS]
                parts = [
                    (whole.get(plan["channels"][name].id) or {}).get("consumption")
                    for name in names if name in plan["channels"]
                ]
            if None in parts:
                continue
            found = sum(parts, ZERO)
            if abs(found - total) > max(abs(total) * Decimal("0.005"), Decimal(1)):
                yield "V03", self.env._(
                    "The bands add up to %(found)s, the register says %(total)s",
                    found=text(rounded(found, 3)), total=text(rounded(total, 3)),
                ), {"register": register, "found": text(found), "total": text(total)}
