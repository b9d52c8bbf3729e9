"""When a delivery that did not work out is tried again."""

from datetime import timedelta

WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240))
"""Five hours and a half in all: longer than a gateway's bad evening, short enough to matter."""


def next_try(attempts):
    """How long to wait after ``attempts`` failures; None once it is given up."""
    return WAITS[attempts - 1] if 1 <= attempts <= len(WAITS) else None
