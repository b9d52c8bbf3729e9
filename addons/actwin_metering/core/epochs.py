"""Moments as the store's parameters: epoch seconds and UTC datetimes without zone."""

from datetime import UTC, datetime


def epoch_of(moment):
    """Epoch seconds of a UTC datetime without zone."""
    return int(moment.replace(tzinfo=UTC).timestamp())


def moment_of(epoch):
    """UTC datetime without zone of epoch seconds."""
    return datetime.fromtimestamp(epoch, UTC).replace(tzinfo=None)
