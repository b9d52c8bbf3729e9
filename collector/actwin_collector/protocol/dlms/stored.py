# SPDX-License-Identifier: MIT
"""The DLMS form of the ``decode`` command: stored telegrams of any kind, with their keys."""

from __future__ import annotations

from collections.abc import Mapping

from ...model import FrameError, Telegram
from .axdr import decode
from .frames import messages_of
from .gcm import Keys, parse_key, parse_title
from .protection import Security
from .transcript import Transcript, identity_of, transcribe

# Types of values that are no tags of messages.
_BARE = frozenset({2, 6, 9, 10, 12, 16, 17, 18, 19, 20, 21})
_ARRAY = 1


def decode_telegram(telegram: Mapping) -> Telegram:
    """Decode the DLMS form of the ``decode`` command; raises CollectorError.

    Keys: ``encryption_key`` (or ``key``), ``authentication_key``, ``broadcast_key`` of many meters,
    ``dedicated_key`` of a session whose beginning is not there, ``master_key`` for keys that are
    sent wrapped; titles:
    ``client_system_title``, ``meter_system_title`` (or ``server_system_title``).
    ``meter.extra["authentication"]`` tells verified tags from unverified ones (no authentication
    key was given) and from clear text.
    """
    security = Security(
        Keys(
            parse_key(telegram.get("encryption_key") or telegram.get("key"), "encryption_key"),
            parse_key(telegram.get("authentication_key"), "authentication_key"),
            parse_key(telegram.get("broadcast_key"), "broadcast_key"),
            parse_key(telegram.get("master_key"), "master_key"),
        ),
        client_title=parse_title(telegram.get("client_system_title")),
        meter_title=parse_title(
            telegram.get("meter_system_title") or telegram.get("server_system_title")
        ),
        dedicated=parse_key(telegram.get("dedicated_key"), "dedicated_key"),
    )
    messages = messages_of(telegram)
    value = _bare_value(messages) if "frames" not in telegram else None
    if value is None:
        return transcribe(messages, security)
    transcript = Transcript(security)
    transcript.bare(value)
    records = transcript.records()
    return Telegram(identity_of(records, security, False), records)


def _bare_value(messages: list[bytes]) -> object:
    """Return the value that bytes without any message around them are, None for a message."""
    data = messages[0]
    array = data[0] == _ARRAY and b"\x5f\x1f\x04" not in data and len(data) > 2
    if len(messages) > 1 or not (array or data[0] in _BARE):
        return None
    try:
        return decode(data)
    except FrameError:
        return None
