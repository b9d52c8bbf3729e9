"""Builders of the validation tests."""

from datetime import datetime, timedelta
from decimal import Decimal

from .common import MeteringCase

START = datetime(2026, 3, 1, 21, 0)
"""2 March 2026, midnight in Istanbul, in UTC."""


class ValidationCase(MeteringCase):
    """A channel with quarter-hour readings of a register that moves one unit an interval."""

    def feed(self, values, start=START, minutes=15, channel=None, **batch):
        """Ingest values at every interval after ``start``; None leaves a hole."""
        rows = [
            (str(start + timedelta(minutes=minutes * at)), format(value, ".9f"))
            for at, value in enumerate(values)
            if value is not None
        ]
        answer = self.send(*rows, channel=channel, **batch)
        self.assertFalse(answer["rejected"])
        return answer

    def validate(self):
        """Roll up until nothing is marked any more, as the job does."""
        for _round in range(5):
            if not self.roll():
                return
        self.fail("the marks do not end")

    def exceptions(self, channel=None, **values):
        domain = [("channel_id", "=", (channel or self.channel).id)]
        return self.env["actwin.validation.exception"].search(
            domain + [(name, "=", value) for name, value in values.items()]
        )

    def qualities(self, channel=None):
        """{minutes after START: quality} of the readings that are not valid."""
        self.env.cr.execute(
            "SELECT ts, quality FROM actwin_reading WHERE channel_id = %s AND quality <> 0",
            [(channel or self.channel).id],
        )
        return {int((ts - START).total_seconds() // 60): q for ts, q in self.env.cr.fetchall()}

    def total(self, days=1, channel=None):
        """Exact consumption of the days after START."""
        channel = channel or self.channel
        end = START + timedelta(days=days)
        return channel._consumption_between(START, end)[channel.id]["consumption"]

    def estimates(self, channel=None):
        """Values of the estimated readings of a channel, oldest first."""
        self.env.cr.execute(
            "SELECT value::text FROM actwin_reading WHERE channel_id = %s AND source = 5"
            " ORDER BY ts",
            [(channel or self.channel).id],
        )
        return [Decimal(value) for (value,) in self.env.cr.fetchall()]

    def estimate(self, channel=None, **values):
        """The estimates in use of a channel."""
        domain = [("channel_id", "=", (channel or self.channel).id), ("state", "=", "taken")]
        domain += [(name, "=", value) for name, value in values.items()]
        return self.env["actwin.estimate"].search(domain, order="ts")
