"""How many of the waiting messages one person gets on one channel now."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Plan:
    """``single`` go out by themselves, ``bundle`` says whether the rest goes out as one message;
    otherwise the rest waits until ``wait_until``.
    """

    single: int
    bundle: bool
    wait_until: datetime | None


def plan(waiting, sent, limit, window, now):
    """Plan for ``waiting`` messages when ``sent`` holds the moments of those that went out.

    No window of the length ``window`` ever sees more than ``limit`` messages. The last free place
    goes to a message that tells how many more there are, so that a storm is known at once.
    ``limit`` 0 means no limit.
    """
    if not waiting:
        return Plan(0, False, None)
    if not limit:
        return Plan(waiting, False, None)
    recent = sorted(moment for moment in sent if moment > now - window)
    free = limit - len(recent)
    if free <= 0:
        # the place is free again once the oldest of the last ``limit`` leaves the window
        return Plan(0, False, recent[-limit] + window)
    if waiting <= free:
        return Plan(waiting, False, None)
    return Plan(free - 1, True, None)
