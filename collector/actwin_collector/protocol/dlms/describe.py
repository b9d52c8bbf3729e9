# SPDX-License-Identifier: MIT
"""Messages that carry no reading, as records for people: what was asked, agreed or refused."""

from __future__ import annotations

import contextlib

from ...model import CollectorError, FrameError, Record
from . import apdu as wire
from .acse import parse_association
from .axdr import Reader
from .cosem import name_text, plain_value, raw_value
from .errors import ACCESS_RESULTS

_MECHANISMS = dict(enumerate(("none", "low", "high", "md5", "sha1", "gmac", "sha256", "ecdsa")))
_INITIATE, _INITIATED = 0x01, 0x08
_CONFORMANCE = b"\x5f\x1f\x04"
_KINDS = {
    wire.AARQ: "association_request",
    wire.AARE: "association_response",
    wire.RELEASE: "release_request",
    wire.RELEASED: "release_response",
    _INITIATE: "initiate_request",
    _INITIATED: "initiate_response",
    wire.GET: "get_request",
    wire.SET: "set_request",
    wire.WAS_SET: "set_response",
    wire.ACTION: "action_request",
    wire.ACTED: "action_response",
}
SILENT = frozenset(_KINDS)


def describe(message: bytes) -> list[Record]:
    """Return records of a message, with what can be told of it; raises FrameError."""
    kind = _KINDS[message[0]]
    if message[0] in (_INITIATE, _INITIATED) and _CONFORMANCE not in message:
        raise FrameError(f"message {message[:1].hex()} without what it should agree on")
    with contextlib.suppress(CollectorError):
        if message[0] in (wire.AARQ, wire.AARE):
            return [_association(kind, message)]
        if message[0] in (_INITIATE, _INITIATED):
            return [_initiate(kind, message)]
        if message[0] in (wire.GET, wire.SET, wire.ACTION):
            return _requests(kind, message)
        if message[0] in (wire.WAS_SET, wire.ACTED) and message[1:2] == b"\x01":
            return [_result(kind, message)]
    return [Record(kind, None, raw=raw_value(message))]


def _association(kind: str, message: bytes) -> Record:
    parts = parse_association(message)
    told = {
        "mechanism": _MECHANISMS.get(parts.mechanism, str(parts.mechanism)),
        "ciphered": parts.ciphered,
    }
    if parts.title:
        told["system_title"] = parts.title.hex().upper()
    return Record(kind, told["mechanism"], raw=told)


def _initiate(kind: str, message: bytes) -> Record:
    """Return the agreed services and sizes; a dedicated key stays untold."""
    at = message.index(_CONFORMANCE) + len(_CONFORMANCE) + 1
    bits, size = message[at : at + 3], message[at + 3 : at + 5]
    told = {"conformance": bits.hex().upper(), "max_pdu": int.from_bytes(size, "big")}
    return Record(kind, bits.hex().upper(), raw=told)


def _requests(kind: str, message: bytes) -> list[Record]:
    reader = Reader(message, 1)
    form, _ = reader.byte(), reader.byte()
    count = reader.length() if form == 3 else 1
    if form not in (1, 3):
        return [Record(kind, None, raw=raw_value(message))]
    found = []
    for _ in range(min(count, reader.rest)):
        attribute = wire.Attribute(reader.number(2), reader.take(6), reader.byte())
        value = None
        if message[0] == wire.GET:
            value = [reader.byte(), reader.value()] if reader.byte() else None
        elif form == 1 and (message[0] == wire.SET or reader.byte()):
            selected = message[0] == wire.SET and reader.byte()
            value = [reader.byte(), reader.value(), reader.value()] if selected else reader.value()
        told = {"class": attribute.class_id, "attribute": attribute.number}
        if value is not None:
            told["data"] = raw_value(value)
        name = name_text(attribute.name)
        shown = None if message[0] == wire.GET else plain_value(value)
        found.append(Record(kind, shown, obis=name, raw=told))
    return found or [Record(kind, None, raw=raw_value(message))]


def _result(kind: str, message: bytes) -> Record:
    reader = Reader(message, 3)
    number = reader.byte()
    told: dict[str, object] = {"result": number}
    if message[0] == wire.ACTED and reader.rest and reader.byte():
        told["data" if not reader.byte() else "refused"] = raw_value(message[reader.at :])
    text = "ok" if not number else ACCESS_RESULTS.get(number, ("", str(number)))[1]
    return Record(kind, text, raw=told)
