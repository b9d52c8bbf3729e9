"""The days a bill covers, by the clock of the site and in UTC."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo


class Period:
    """Days from ``date_from`` to ``date_to``, both included; ``start`` and ``end`` are UTC."""

    def __init__(self, date_from, date_to, zone):
        self.date_from, self.date_to, self.zone = date_from, date_to, ZoneInfo(zone)
        self.start = self.midnight(date_from)
        self.end = self.midnight(date_to + timedelta(days=1))

    def midnight(self, day):
        """UTC, without zone, of the beginning of a day."""
        local = datetime.combine(day, time.min, self.zone)
        return local.astimezone(UTC).replace(tzinfo=None)

    def day(self, stamp):
        """Day of the site's calendar that a naive UTC datetime falls on."""
        return self._at_site(stamp).date()

    def local(self, stamp):
        """ISO text with offset, in the site's zone, of a naive UTC datetime."""
        return self._at_site(stamp).isoformat()

    def is_whole_hour(self, stamp):
        return not (self._at_site(stamp).minute or stamp.second)

    def cuts(self, pieces):
        """Boundaries of the intervals with one set of prices each: [start, …, end]."""
        inside = {at for piece in pieces for at in (piece.start, piece.end)}
        return [self.start, *sorted(at for at in inside if self.start < at < self.end), self.end]

    def _at_site(self, stamp):
        return stamp.replace(tzinfo=UTC).astimezone(self.zone)
