"""Hours in which people are left alone."""

from datetime import UTC, datetime, time, timedelta


def _clock(hours):
    """Time of day of a figure of hours, as Odoo's float_time gives it."""
    minutes = round(hours * 60) % (24 * 60)
    return time(minutes // 60, minutes % 60)


def quiet_until(moment, zone, start, end):
    """End of the quiet hours that ``moment`` lies in, or None when it does not.

    ``moment`` and the answer are UTC without zone. ``start`` and ``end`` are hours of the local
    day; equal ones mean no quiet hours at all, an end before the start means over midnight.
    """
    begins, ends = _clock(start), _clock(end)
    if begins == ends:
        return None
    local = moment.replace(tzinfo=UTC).astimezone(zone)
    now = local.time().replace(tzinfo=None)
    over_midnight = begins > ends
    inside = now >= begins or now < ends if over_midnight else begins <= now < ends
    if not inside:
        return None
    day = local.date() + timedelta(days=1 if over_midnight and now >= begins else 0)
    until = datetime.combine(day, ends, tzinfo=zone).astimezone(UTC).replace(tzinfo=None)
    # When clocks go back the end may come twice; the hour that is over is not waited for.
    return until if until > moment else None
