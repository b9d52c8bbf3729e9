# SPDX-License-Identifier: MIT
"""Stored messages to records: pushes, single answers, and whole recorded dialogues."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import tzinfo

from ...model import (
    ConfigError,
    FrameError,
    MeterIdentity,
    ProtocolError,
    Record,
    Telegram,
)
from . import apdu as wire
from .acse import parse_association
from .axdr import decode
from .cosem import (
    PROFILE,
    SCALED,
    medium_of,
    nameless,
    raw_value,
    record_of,
    scaled,
)
from .errors import ACCESS_RESULTS, diagnostic_error, exception_error, service_error
from .frames import messages_of
from .gcm import TITLE_BYTES, Keys, parse_key
from .profile import Column, columns_of, guessed, is_row, rows_of
from .push import is_doubtful, records_of

_SILENT = frozenset(
    {0x01, 0x08, wire.RELEASE, wire.RELEASED, wire.SET, wire.WAS_SET, wire.ACTION, wire.ACTED}
)
# What stays clear in a ciphered dialogue.
_CLEAR = frozenset({wire.EXCEPTION, wire.SERVICE_ERROR, wire.RELEASE, wire.RELEASED})
DOUBTFUL = "doubtful"
Key = tuple[int, bytes, int]


class Transcript:
    """Messages of one meter in order; ``records`` once all were fed."""

    def __init__(
        self,
        security: wire.Security,
        zone: tzinfo | None = None,
        columns: Sequence[Column] = (),
    ) -> None:
        self.security = security
        self.doubtful = False
        self._zone = zone
        self._pushed_columns = tuple(columns)
        self._asked: wire.Attribute | None = None
        self._blocks: list[bytes] = []
        self._values: list[tuple[wire.Attribute | None, object]] = []
        self._pushed: list[Record] = []
        self._columns: tuple[Column, ...] = ()

    def feed(self, message: bytes) -> None:
        """Take one message; raises CollectorError."""
        if not message:
            raise FrameError("a frame with no message in it", "truncated")
        if message[0] in (wire.AARQ, wire.AARE):
            self._associate(message)
            return
        plain = wire.open_message(message, self.security)
        if plain is message and self.security.verified and message[0] not in _CLEAR:
            raise ProtocolError("a clear message in a ciphered dialogue", "unprotected")
        self._plain(plain)

    def records(self) -> tuple[Record, ...]:
        """Return everything that was said; raises FrameError when an answer stops half way."""
        if self._blocks:
            raise FrameError("the last block of an answer is missing", "truncated")
        known = {_key(asked): value for asked, value in self._values if asked}
        found = [record for pair in self._values for record in self._answered(*pair, known)]
        return (*found, *self._pushed)

    def _associate(self, message: bytes) -> None:
        association = parse_association(message)
        title = association.title
        if title and len(title) != TITLE_BYTES:
            raise FrameError(f"a system title of {len(title)} bytes")
        if message[0] == wire.AARQ:
            self.security.client_title = title or self.security.client_title
        else:
            self.security.meter_title = title or self.security.meter_title
            if association.result:
                raise diagnostic_error(association.diagnostic or 0, bool(title))
        if association.user:
            self._plain(wire.open_message(association.user, self.security))

    def _plain(self, message: bytes) -> None:
        tag = message[0] if message else -1
        if tag == wire.NOTIFICATION:
            note = wire.parse_notification(message)
            self.doubtful |= is_doubtful(note)
            self._pushed += records_of(note, self._zone, self._pushed_columns)
        elif tag == wire.EVENT:
            attribute, value = wire.parse_event(message)
            self._pushed.append(record_of(attribute.name, value, raw=raw_value(value)))
        elif tag == wire.GET:
            self._asked = wire.parse_get(message) or self._asked
        elif tag == wire.GOT:
            self._answer(wire.parse_answer(message))
        elif tag == wire.EXCEPTION:
            raise exception_error(message)
        elif tag == wire.SERVICE_ERROR:
            raise service_error(message)
        elif tag not in _SILENT:
            raise FrameError(f"there is no message {tag:#04x}" if tag >= 0 else "an empty message")

    def _answer(self, answer: wire.Answer) -> None:
        if answer.error is not None:
            self._refused(answer.error)
            return
        if answer.block:
            if answer.block != len(self._blocks) + 1:
                raise FrameError(f"block {answer.block} out of order", "bad_block")
            self._blocks.append(answer.data)
            if not answer.last:
                return
            data, self._blocks = b"".join(self._blocks), []
        else:
            data = answer.data
        self._values.append((self._asked, decode(data)))
        self._asked = None

    def _refused(self, result: int) -> None:
        text = ACCESS_RESULTS.get(result, ("", f"data access result {result}"))[1]
        name = self._asked.name if self._asked else bytes(6)
        self._pushed.append(record_of(name, None, raw=text))
        self._asked = None
        self._blocks = []

    def _answered(
        self, asked: wire.Attribute | None, value: object, known: Mapping[Key, object]
    ) -> Iterable[Record]:
        if asked is None:
            return self._nameless(value)
        if asked.class_id == PROFILE and asked.number == 2:
            return self._profile(asked, value, known)
        if asked.class_id == PROFILE or SCALED.get(asked.class_id) == asked.number:
            return []
        unit = ""
        scale = known.get((asked.class_id, asked.name, SCALED.get(asked.class_id, -1)))
        plain = value
        if _is_pair(scale):
            number, unit = scaled(value, *scale)
            plain = value if number is None else number
        return [record_of(asked.name, plain, unit, raw=raw_value(value))]

    def _nameless(self, value: object) -> list[Record]:
        """What came without its request: rows where it looks like a profile, else as it is."""
        if isinstance(value, list) and value and all(map(is_row, value)):
            columns = self._columns if len(self._columns) == len(value[0]) else ()
            return list(rows_of(value, columns or guessed(bytes(6), value), {}, self._zone))
        with contextlib.suppress(FrameError):
            self._columns = columns_of(value)
        return [nameless(value)]

    def _profile(self, asked: wire.Attribute, value: object, known: Mapping) -> list[Record]:
        objects = known.get((PROFILE, asked.name, 3))
        columns = columns_of(objects) if objects is not None else None
        scales = {}
        for column in columns or ():
            pair = known.get((column.class_id, column.name, SCALED.get(column.class_id, -1)))
            if _is_pair(pair):
                scales[column] = tuple(pair)
        if columns is None:
            columns = guessed(asked.name, value)
        return list(rows_of(value, columns, scales, self._zone))


def decode_telegram(telegram: Mapping) -> Telegram:
    """Decode the DLMS form of the ``decode`` command; raises CollectorError.

    Keys: ``encryption_key`` (or ``key``), ``authentication_key``, ``client_system_title``,
    ``meter_system_title`` (or ``server_system_title``). ``meter.extra["authentication"]`` tells
    verified tags from unverified ones (no authentication key was given) and from clear text.
    """
    security = wire.Security(
        Keys(
            parse_key(telegram.get("encryption_key") or telegram.get("key"), "encryption_key"),
            parse_key(telegram.get("authentication_key"), "authentication_key"),
        ),
        client_title=parse_title(telegram.get("client_system_title")),
        meter_title=parse_title(
            telegram.get("meter_system_title") or telegram.get("server_system_title")
        ),
    )
    return transcribe(messages_of(telegram), security)


def transcribe(
    messages: Iterable[bytes],
    security: wire.Security,
    zone: tzinfo | None = None,
    columns: Sequence[Column] = (),
) -> Telegram:
    """Return what the messages of one meter say; raises CollectorError.

    ``columns``: those of a load profile that is pushed without telling them.
    """
    transcript = Transcript(security, zone, columns)
    try:
        for message in messages:
            transcript.feed(message)
        records = transcript.records()
    except FrameError as error:
        if security.verified is False:
            # Without a tag the only sign of a wrong key is that nothing sensible comes out.
            text = f"the key does not fit, or the bytes were changed: {error.message}"
            raise ProtocolError(text, "bad_authentication") from None
        raise
    return Telegram(_identity(records, security, transcript.doubtful), records)


def parse_title(text: object) -> bytes:
    """Return the 8 bytes of a system title, b"" for none; raises ConfigError."""
    if not text:
        return b""
    try:
        title = bytes.fromhex(text) if isinstance(text, str) else b""
    except ValueError:
        title = b""
    if len(title) != TITLE_BYTES:
        raise ConfigError("a system title must be 16 hex digits", "bad_title")
    return title


def _identity(
    records: tuple[Record, ...], security: wire.Security, doubtful: bool
) -> MeterIdentity:
    title = security.meter_title
    texts = {record.quantity: record.value for record in reversed(records)}
    serial = next(
        (texts[q] for q in ("serial", "device_name") if isinstance(texts.get(q), str)), ""
    )
    words = {True: "verified", False: "unverified", None: "none"}
    extra = {"authentication": words[security.verified]}
    if doubtful:
        extra["clock"] = DOUBTFUL
    if title:
        extra["system_title"] = title.hex().upper()
    return MeterIdentity(
        id=str(serial) or title.hex().upper(),
        manufacturer=maker_of(title) or maker_of(str(serial).encode()),
        medium=medium_of(records),
        extra=extra,
    )


def maker_of(title: bytes) -> str:
    """Return the three letters a system title or device name begins with, "" when it has none."""
    letters = title[:3]
    return letters.decode("ascii").upper() if len(letters) == 3 and letters.isalpha() else ""


def _key(asked: wire.Attribute) -> Key:
    return asked.class_id, asked.name, asked.number


def _is_pair(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(isinstance(n, int) for n in value)
