"""What the energy pages show, as plain values made of one point and its visible days."""

from odoo.tools import formatLang

from ..core.month import change_percent, parse_month, shift
from . import words

ICONS = {
    "electricity": "fa-bolt",
    "water": "fa-tint",
    "gas": "fa-fire",
    "heat": "fa-thermometer-half",
    "cooling": "fa-snowflake-o",
}


class PointFigures:
    """One point through the eyes of the user whose ``occupancies`` opened it."""

    def __init__(self, occupancies, month=None):
        self.env = occupancies.env
        self.point = occupancies.point_id.ensure_one()
        self.spans = occupancies._portal_spans()
        self.today = occupancies[-1]._portal_today()
        self.current = self.spans[-1][1] == self.today
        self.earliest = self.spans[0][0].replace(day=1)
        self.latest = self.spans[-1][1].replace(day=1)
        wanted = parse_month(month, self.latest)
        self.first = min(max(wanted, self.earliest), self.latest)
        self.month = self.point._portal_month(self.first, self.spans)
        self.previous = self.point._portal_month(shift(self.first, -1), self.spans)
        self.unit = self.point._portal_unit()

    @property
    def icon(self):
        return ICONS[self.point.commodity]

    @property
    def tenancy(self):
        """Days this point was the user's, in words."""
        start = words.format_date(self.env, self.spans[0][0])
        if self.current:
            return self.env._("since %s", start)
        end = words.format_date(self.env, self.spans[-1][1])
        return self.env._("%(start)s – %(end)s", start=start, end=end)

    @property
    def month_name(self):
        return words.month_name(self.env, self.first)

    @property
    def total(self):
        return words.quantity(self.env, self.month.total)

    @property
    def change(self):
        percent = change_percent(self.month, self.previous, self.today)
        return words.change(self.env, percent, self.month.whole(self.today))

    @property
    def last_reading(self):
        """None for a former tenant: the register is somebody else's now."""
        if not self.current:
            return None
        moments = self.point.channel_ids.filtered("active").mapped("last_ts")
        latest = max(filter(None, moments), default=None)
        return words.last_reading(self.env, latest, self.point.site_id.tz)

    @property
    def peak_text(self):
        peak = self.month.peak
        return peak and self.env._(
            "Most on %(day)s: %(value)s %(unit)s",
            day=words.day_name(self.env, peak.day),
            value=words.quantity(self.env, peak.value),
            unit=self.unit,
        )

    @property
    def estimated_text(self):
        days = self.month.estimated_days
        return days and self.env._(
            "Days with estimated values, because the meter could not be read: %s", days
        )

    @property
    def empty_text(self):
        """Why a month has no chart, as one or two sentences."""
        sentences = [self.env._("No measurement in %s.", self.month_name)]
        reading = self.last_reading
        if reading and reading["age"]:
            last = self.env._("The meter sent its last reading on %s.", reading["text"])
            sentences.append(last)
        elif reading:
            sentences.append(self.env._("The meter has not sent any reading yet."))
        return sentences

    @property
    def mean(self):
        return words.quantity(self.env, self.month.mean(self.today))

    @property
    def bands(self):
        """[{'name', 'value', 'share'}] of the month, empty without band registers."""
        totals = self.month.band_totals
        whole = sum(value for value in totals.values() if value is not None)
        if not whole:
            return []
        return [
            {
                "key": band,
                "name": band.upper(),
                "value": words.quantity(self.env, value),
                "percent": words.percent(self.env, 100 * (value or 0) / whole),
                "width": f"{float(100 * (value or 0) / whole):.1f}",
            }
            for band, value in totals.items()
        ]

    @property
    def rows(self):
        """Table of the days, newest last, numbers in the user's writing."""
        return [
            {
                "day": words.format_date(self.env, each.day, date_format="EEE d MMM"),
                "value": words.quantity(self.env, each.value, 2),
                "bands": [words.quantity(self.env, each.bands[b], 2) for b in self.month.bands],
                "estimated": each.estimated,
                "running": each.day == self.today,
            }
            for each in self.month.days
        ]

    @property
    def pages(self):
        """Addresses of the months around, None where the tenancy ends."""
        before, after = shift(self.first, -1), shift(self.first, 1)
        return {
            "previous": f"{before:%Y-%m}" if before >= self.earliest else None,
            "next": f"{after:%Y-%m}" if after <= self.latest else None,
        }

    @property
    def months(self):
        """[('YYYY-MM', name, chosen)] of the tenancy, newest first."""
        first, months = self.latest, []
        while first >= self.earliest:
            months.append(
                (f"{first:%Y-%m}", words.month_name(self.env, first), first == self.first)
            )
            first = shift(first, -1)
        return months

    def series(self):
        """Numbers of the chart; None stays a gap, never a zero.

        {'unit', 'days': ['YYYY-MM-DD'], 'estimated': [bool], 'total': [float|None],
        'bands': {'t1': [...]}, 'previous': [...]}; previous is aligned by day of the month.
        """
        before = {each.day.day: each.value for each in self.previous.days}
        number = _number
        return {
            "unit": self.unit,
            "days": [each.day.isoformat() for each in self.month.days],
            "estimated": [each.estimated for each in self.month.days],
            "total": [number(each.value) for each in self.month.days],
            "bands": {
                band: [number(each.bands[band]) for each in self.month.days]
                for band in self.month.bands
            },
            "previous": [number(before.get(each.day.day)) for each in self.month.days],
        }


def _number(value):
    return None if value is None else float(value)


def money(env, amount, currency):
    return formatLang(env, amount, currency_obj=currency)
