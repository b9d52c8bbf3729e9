"""Plans in cron's five fields: checked, and their coming instants; no Odoo in here.

``minute hour day month weekday``: numbers, ``*``, lists ``1,15``, ranges ``1-5``, steps ``*/15``;
months and weekdays also by their English short names. Weekdays are 0 to 7, Sunday is both ends.
Where day and weekday are both given, either one suffices,
as cron does it. ``month_end`` is midnight after the last day of a month.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

MONTH_END = "month_end"
FIELDS = (
    ("minute", 0, 59),
    ("hour", 0, 23),
    ("day", 1, 31),
    ("month", 1, 12),
    ("weekday", 0, 7),
)
_NAMES = {
    "month": ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
    "weekday": ["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
}
_SEARCH_DAYS = 366 * 8  # over a leap day: the 29th of February comes within that
_MAX_TEXT = 200


class CronError(ValueError):
    """A text that is no plan; ``code`` says why, ``part`` which part of it."""

    def __init__(self, code, part=""):
        super().__init__(f"{code}: {part}")
        self.code = code
        self.part = part


@dataclass(frozen=True)
class Plan:
    """The values each field allows; ``None`` where it allows all."""

    text: str
    minute: frozenset
    hour: frozenset | None
    day: frozenset | None
    month: frozenset | None
    weekday: frozenset | None

    def next_after(self, moment):
        """First instant after ``moment`` (naive, local), or None when there is none in years."""
        day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        for _ in range(_SEARCH_DAYS):
            if self._on(day):
                for hour in sorted(self.hour or range(24)):
                    for minute in sorted(self.minute):
                        instant = day.replace(hour=hour, minute=minute)
                        if instant > moment:
                            return instant
            day += timedelta(days=1)
        return None

    def _on(self, day):
        if self.month is not None and day.month not in self.month:
            return False
        of_month = self.day is None or day.day in self.day
        of_week = self.weekday is None or (day.weekday() + 1) % 7 in self.weekday
        if self.day is not None and self.weekday is not None:
            return of_month or of_week
        return of_month and of_week


def parse(text):
    """Plan of a text; raises CronError that names the part."""
    text = " ".join(str(text).split())
    if text == MONTH_END:
        return Plan(text, *map(frozenset, ((0,), (0,), (1,))), None, None)
    parts = text.lower().split(" ")
    if len(text) > _MAX_TEXT or len(parts) != len(FIELDS):
        raise CronError("five_fields", text[:_MAX_TEXT])
    minute, *others = (_values(part, *field) for part, field in zip(parts, FIELDS, strict=True))
    *others, weekday = others
    if weekday is not None:
        weekday = frozenset(value % 7 for value in weekday)
    plan = Plan(text, minute or frozenset(range(60)), *others, weekday)
    if plan.next_after(datetime(2024, 1, 1)) is None:
        raise CronError("never", text)
    return plan


def next_runs(plans, start, count):
    """The first ``count`` instants after ``start`` of several plans together."""
    found, moment = [], start
    while plans and len(found) < count:
        coming = [instant for plan in plans if (instant := plan.next_after(moment))]
        if not coming:
            break
        moment = min(coming)
        found.append(moment)
    return found


def _values(part, name, low, high):
    if part == "*":
        return None
    values = set()
    for item in part.split(","):
        values |= _item(item, name, low, high)
    return frozenset(values)


def _item(item, name, low, high):
    span, slash, step = item.partition("/")
    first, dash, last = (_number(word, name, low) for word in span.partition("-"))
    if span == "*":
        first, last = low, high
    elif not _is_number(first) or (dash and not _is_number(last)):
        raise CronError(name, item)
    else:
        first, last = int(first), int(last if dash else high if slash else first)
    if slash and (not _is_number(step) or int(step) < 1):
        raise CronError(name, item)
    if not low <= first <= last <= high:
        raise CronError(name, item)
    return set(range(first, last + 1, int(step) if slash else 1))


def _number(word, name, low):
    """The number a name stands for, as text; any other word as it is."""
    names = _NAMES.get(name, ())
    return str(names.index(word) + low) if word in names else word


def _is_number(text):
    return text.isascii() and text.isdecimal() and len(text) <= 2
