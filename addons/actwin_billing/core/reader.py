"""Strict reading of JSON objects: every mistake is a CaseError with its path."""

from datetime import datetime
from decimal import Decimal, InvalidOperation

from .errors import CaseError

MAX_DIGITS = 40


class Reader:
    """One JSON object; ``done()`` refuses keys nobody asked for."""

    def __init__(self, data, path):
        if not isinstance(data, dict):
            raise CaseError(path or "case", "must be an object")
        self.data, self.path, self.seen = data, path, set()

    def at(self, key):
        return f"{self.path}.{key}" if self.path else key

    def get(self, key, default=None, required=False):
        self.seen.add(key)
        value = self.data.get(key, default)
        if required and key not in self.data:
            raise CaseError(self.at(key), "is missing")
        return value

    def decimal(self, key, default=None, required=False):
        value = self.get(key, default, required)
        return default if value is None and not required else number(value, self.at(key))

    def text(self, key, default="", required=False):
        value = self.get(key, default, required)
        if not isinstance(value, str) or (required and not value):
            raise CaseError(self.at(key), "must be a text")
        return value

    def flag(self, key):
        value = self.get(key, False)
        if not isinstance(value, bool):
            raise CaseError(self.at(key), "must be true or false")
        return value

    def choice(self, key, allowed, default=None):
        value = self.get(key, default, required=default is None)
        if not isinstance(value, str) or value not in allowed:
            raise CaseError(self.at(key), f"must be one of {', '.join(allowed)}")
        return value

    def when(self, key, required=True):
        value = self.get(key, None, required)
        return None if value is None and not required else stamp(value, self.at(key))

    def items(self, key, build, required=False):
        value = self.get(key, [], required)
        if not isinstance(value, list):
            raise CaseError(self.at(key), "must be a list")
        return tuple(build(item, f"{self.at(key)}[{index}]") for index, item in enumerate(value))

    def done(self):
        unknown = sorted(set(self.data) - self.seen)
        if unknown:
            raise CaseError(self.at(unknown[0]), "is not a known fact")


def decimals(reader, key):
    """{name: Decimal} of an object of numbers."""
    rows = reader.get(key, {})
    if not isinstance(rows, dict):
        raise CaseError(reader.at(key), "must be an object")
    return {name: number(value, f"{reader.at(key)}.{name}") for name, value in rows.items()}


def number(value, path):
    """Exact Decimal of a JSON string or integer; a float is refused because it is not exact."""
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        raise CaseError(path, "must be a decimal number in a string, such as \"12.50\"")
    try:
        result = Decimal(value)
    except InvalidOperation:
        raise CaseError(path, f"{value!r} is not a number") from None
    if not result.is_finite() or result.adjusted() > MAX_DIGITS or len(result.as_tuple()[1]) > 60:
        raise CaseError(path, "must be a finite number of reasonable size")
    return result


def stamp(value, path):
    """Aware datetime of an ISO 8601 text with offset."""
    try:
        result = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise CaseError(path, "must be an ISO 8601 time") from None
    if result.tzinfo is None:
        raise CaseError(path, "needs an offset, such as +03:00")
    return result
