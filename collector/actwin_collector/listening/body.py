# SPDX-License-Identifier: MIT
"""What MQTT messages and HTTP bodies wrap their bytes in."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping

from ..model import ProtocolError

_MOST_MESSAGES = 1000


def unwrap(settings: Mapping, body: bytes) -> list[bytes]:
    """Return the messages in a body as the driver takes them; raises ProtocolError."""
    form = settings["body"]
    if form == "raw":
        return [body]
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise ProtocolError("the body is no text", "bad_body") from None
    if form == "hex":
        return [_from_hex(line) for line in text.splitlines() if line.strip()]
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise ProtocolError("the body is no JSON", "bad_body") from None
    entries = found if isinstance(found, list) else [found]
    return [_from_json(entry, settings) for entry in entries[:_MOST_MESSAGES]]


def _from_json(entry: object, settings: Mapping) -> bytes:
    for key in settings["field"].split("."):
        if not isinstance(entry, dict) or key not in entry:
            raise ProtocolError(f"the body has no {settings['field']!r}", "bad_body")
        entry = entry[key]
    if not isinstance(entry, str):
        raise ProtocolError(f"{settings['field']!r} is no text", "bad_body")
    if settings["encoding"] == "hex":
        return _from_hex(entry)
    try:
        return base64.b64decode(entry, validate=True)
    except (binascii.Error, ValueError):
        raise ProtocolError(f"{settings['field']!r} is no base64", "bad_body") from None


def _from_hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text.strip())
    except ValueError:
        raise ProtocolError("bytes must be hex text", "bad_body") from None
