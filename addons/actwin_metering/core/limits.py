"""Bounds of what a delivery may hold."""

from datetime import UTC, datetime

MAX_ROWS = 50_000
"""Rows, events and dialogues taken in one delivery; a collector sends about 5,000."""

OLDEST = int(datetime(2000, 1, 1, tzinfo=UTC).timestamp())
"""Epoch seconds; a meter whose clock was reset to its factory date falls below."""

FUTURE_TOLERANCE = 15 * 60
"""Seconds a reading may be ahead of the server: clocks differ a little."""

INTEGER_DIGITS = 15
DECIMALS = 12
MAX_TEXT = 200
