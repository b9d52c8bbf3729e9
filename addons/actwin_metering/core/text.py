"""Whatever a foreign program sends, as text that can be stored and shown."""

from datetime import UTC, datetime

from .limits import MAX_TEXT, OLDEST


def as_text(value, limit=MAX_TEXT):
    """Printable text of any object, cut to ``limit`` characters; never raises."""
    if isinstance(value, str):
        text = value[: limit + 1]
    else:
        try:
            text = repr(value)
        except (ValueError, RecursionError):  # a number of 10,000 digits, a list inside itself
            text = f"<{type(value).__name__}>"
    text = "".join(char if char.isprintable() else "�" for char in text[: limit + 1])
    return text if len(text) <= limit else text[: limit - 1] + "…"


def is_key(value):
    """Whether ``value`` can be a key: printable text of 1 to 200 characters."""
    return isinstance(value, str) and 0 < len(value) <= MAX_TEXT and value.isprintable()


def as_moment(value):
    """UTC datetime without zone of epoch seconds or ISO 8601 text; None when it is neither."""
    try:
        if isinstance(value, str):
            moment = datetime.fromisoformat(value)
            if moment.tzinfo:
                moment = moment.astimezone(UTC)
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            moment = datetime.fromtimestamp(value, UTC)
        else:
            return None
    except (ValueError, OverflowError, OSError):
        return None
    moment = moment.replace(tzinfo=None)
    return moment if moment.year >= datetime.fromtimestamp(OLDEST, UTC).year else None
