"""Builders of the tests of alarm rules."""

from datetime import datetime, timedelta
from unittest.mock import patch

from ..models.alarms import watch_sql
from .common import CollectorCase

MIDNIGHT = datetime(2026, 3, 1, 21)
"""Monday, 2 March 2026, midnight in Istanbul, in UTC."""


def at(hours):
    return MIDNIGHT + timedelta(hours=hours)


class AlarmCase(CollectorCase):
    """A power register whose readings are judged as they are; no other rule interferes."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.startClassPatcher(patch.object(watch_sql, "HORIZON", timedelta(days=9_999)))
        cls.env["actwin.alarm.rule"].search([]).active = False
        cls.power = cls.create_channel(obis="1.7.0", kind="instant", quantity="power", unit="kW")

    @classmethod
    def create_rule(cls, **values):
        values = {"name": "Rule", "site_id": cls.site.id, "limit": 10, **values}
        return cls.env["actwin.alarm.rule"].create(values)

    def feed(self, values, start=0.0, minutes=15, channel=None):
        """Ingest readings (None: a hole) every ``minutes``, the first ``start`` hours after
        midnight, and roll up."""
        channel = channel or self.power
        channel.validation_group_id = False
        rows = [
            (str(at(start) + timedelta(minutes=minutes * place)), str(value))
            for place, value in enumerate(values)
            if value is not None
        ]
        answer = self.send(*rows, channel=channel)
        self.assertFalse(answer["rejected"])
        self.roll()

    def alarms(self, rule=None, **values):
        domain = [("site_id", "=", self.site.id)]
        domain += [("rule_id", "=", rule.id)] if rule else []
        domain += [(name, "=", value) for name, value in values.items()]
        return self.env["actwin.alarm"].search(domain, order="ts, id")

    def spans(self, rule=None):
        """[(hours after midnight from, to or None)] of the alarms."""

        def hours(moment):
            return (moment - MIDNIGHT).total_seconds() / 3600 if moment else None

        return [(hours(a.ts), hours(a.cleared_ts)) for a in self.alarms(rule)]
