"""The zone the goals are measured on: where its figures lie, and deliveries for it."""

import zlib
from array import array
from base64 import b64encode
from datetime import datetime, timedelta
from uuid import uuid4

SITE = "BENCH"
LATER_SITE = "BENCH2"
COLLECTOR = "BENCH-C1"
REGISTERS = (
    ("1.8.1", "active_import", "t1"),
    ("1.8.2", "active_import", "t2"),
    ("1.8.3", "active_import", "t3"),
    ("5.8.0", "reactive_inductive", False),
)
MULTIPLIER = 20
"""Of every meter: current transformers 100/5."""

POINTS = 350
TENANTS = 50
"""Points with a whole month of readings and a subscription; the others have one day."""

LONG_RUN = 1_000
"""Subscriptions of the second site, whose registers have readings at the month's ends only."""

STEP = timedelta(minutes=15)
MONTH = (datetime(2025, 2, 28, 21), datetime(2025, 3, 31, 21))
"""A closed local month (UTC+3) in UTC, and one full day of every channel."""
DAY = (datetime(2025, 4, 9, 21), datetime(2025, 4, 10, 21))
DAY_LOCAL = "2025-04-10"
INVOICE_DATE = "2025-04-05"

_EPOCH = datetime(1970, 1, 1)


def epoch(moment):
    """Epoch seconds of a UTC datetime without zone."""
    return int((moment - _EPOCH).total_seconds())


def before(moment):
    """A moment from which on the reading of ``moment`` itself counts."""
    return moment - timedelta(seconds=1)


def slots(start, end):
    """Epoch seconds of the quarter hours from ``start`` to ``end``, both included."""
    return range(epoch(start), epoch(end) + 1, int(STEP.total_seconds()))


def index(channel, ts):
    """The register's index, kWh with three decimals; it never falls."""
    return f"{channel % 997 + (ts - 1_700_000_000) // 900 * 2.625:.3f}"


class Instants:
    """Quarter hours no delivery has used yet, from ``first`` on; one month a group of goals."""

    def __init__(self, first):
        self._next = epoch(first)

    def take(self, number):
        """The next ``number`` of them, as epoch seconds."""
        found = [self._next + 900 * step for step in range(number)]
        self._next += 900 * number
        return found


def rows(channels, instants):
    """[(channel, epoch, index text)…] in order of time, as polling makes them."""
    return [(channel, ts, index(n, ts)) for ts in instants for n, channel in enumerate(channels)]


def header():
    """Head of a new delivery."""
    return {
        "batch_id": str(uuid4()),
        "collector": COLLECTOR,
        "sent_at": "2025-06-01T00:00:00Z",
        "events": [],
        "comm": [],
    }


def packed(found):
    """(header, payload) of rows for ``ingest_packed``."""
    keys = {}
    columns = array("I", (keys.setdefault(key, len(keys)) for key, _ts, _value in found))
    stamps = array("q", (ts for _key, ts, _value in found))
    values = "\n".join(value for _key, _ts, value in found).encode()
    data = columns.tobytes() + stamps.tobytes() + bytes(len(found)) + values
    head = header() | {"n": len(found), "channels": list(keys)}
    return head, b64encode(zlib.compress(data)).decode()


def plain(found):
    """The same delivery as column lists, for ``ingest``."""
    return header() | {
        "points": {
            "channel": [key for key, _ts, _value in found],
            "ts": [ts for _key, ts, _value in found],
            "value": [value for _key, _ts, value in found],
            "status": [0] * len(found),
        }
    }


def mappings(found):
    """The same delivery as (header, list of mappings)."""
    return header(), [
        {"channel": key, "ts": ts, "value": value, "status": 0} for key, ts, value in found
    ]


def literals(found, ids):
    """Parameters of the store's own statement for the same rows."""
    return {
        "channel": "{" + ",".join(str(ids[key]) for key, _ts, _value in found) + "}",
        "ts": "{" + ",".join(str(ts) for _key, ts, _value in found) + "}",
        "value": "{" + ",".join(value for _key, _ts, value in found) + "}",
        "quality": "{" + ",".join("0" for _row in found) + "}",
        "source": 1,
        "tz": "Europe/Istanbul",
    }


def channels(env, tenants_only=False):
    """The zone's channels, of all points or of those with a whole month."""
    points = env["actwin.point"].search([("site_id.code", "=", SITE)], order="id")
    return (points[:TENANTS] if tenants_only else points).channel_ids.sorted("id")
