# SPDX-License-Identifier: MIT
"""Stored messages to records: pushes, single answers, and whole recorded dialogues."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import tzinfo

from ...model import (
    FrameError,
    MeterIdentity,
    ProtocolError,
    Record,
    Telegram,
)
from . import apdu as wire
from .acse import parse_association
from .axdr import Reader, decode
from .cosem import (
    PROFILE,
    SCALED,
    medium_of,
    nameless,
    raw_value,
    record_of,
    scaled,
)
from .describe import SILENT, describe
from .errors import ACCESS_RESULTS, diagnostic_error, exception_error, service_error
from .gcm import TITLE_BYTES
from .profile import Column, columns_of, guessed, is_row, rows_of
from .protection import Security, open_message
from .push import is_doubtful, records_of
from .sealed_text import START, read_text, with_seal

# What stays clear in a ciphered dialogue.
_CLEAR = frozenset({wire.EXCEPTION, wire.SERVICE_ERROR, wire.RELEASE, wire.RELEASED})
AUTHENTICATION, UNVERIFIED = "authentication", "unverified"
DOUBTFUL = "doubtful"
Key = tuple[int, bytes, int]


class Transcript:
    """Messages of one meter in order; ``records`` once all were fed."""

    def __init__(
        self,
        security: Security,
        zone: tzinfo | None = None,
        columns: Sequence[Column] = (),
        pushes_only: bool = False,
    ) -> None:
        self.security = security
        self._pushes_only = pushes_only
        self.doubtful = False
        self._zone = zone
        self._pushed_columns = tuple(columns)
        self._asked: wire.Attribute | None = None
        self._blocks: list[bytes] = []
        self._values: list[tuple[wire.Attribute | None, object]] = []
        self._pushed: list[Record] = []
        self._said: list[Record] = []
        self._asked_list: list[wire.Attribute] = []
        self._columns: tuple[Column, ...] = ()
        self.text: Telegram | None = None

    def feed(self, message: bytes) -> None:
        """Take one message; raises CollectorError."""
        if not message:
            raise FrameError("a frame with no message in it", "truncated")
        if message[0] in (wire.AARQ, wire.AARE) and not self._pushes_only:
            self._associate(message)
            return
        plain = open_message(message, self.security)
        if plain is message and self.security.verified and message[0] not in _CLEAR:
            raise ProtocolError("a clear message in a ciphered dialogue", "unprotected")
        if plain is not message and plain[:1] == START:
            self.text = read_text(plain, self.security.verified is True)
            return
        self._plain(plain)

    def records(self) -> tuple[Record, ...]:
        """Return everything that was said; raises FrameError when an answer stops half way."""
        if self._blocks:
            raise FrameError("the last block of an answer is missing", "truncated")
        known = {_key(asked): value for asked, value in self._values if asked}
        found = [record for pair in self._values for record in self._answered(*pair, known)]
        # Requests and agreements are told only where nothing else was said.
        return (*found, *self._pushed) or tuple(self._said)

    def bare(self, value: object) -> None:
        """Take a value that came without a message around it."""
        self._values.append((None, value))

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
        self._said += describe(message)
        if association.user:
            initiate = open_message(association.user, self.security)
            if initiate[:2] == b"\x01\x01":
                self.security.dedicated = Reader(initiate, 2).octets()
            self._plain(initiate)

    def _plain(self, message: bytes) -> None:
        tag = message[0] if message else -1
        if self._pushes_only and tag not in (wire.NOTIFICATION, wire.EVENT):
            text = f"message {message[:1].hex()} is no push"
            # Without a tag it may as well be the key that does not fit.
            unproved = self.security.verified is False
            raise FrameError(text) if unproved else ProtocolError(text, "not_a_push")
        if tag == wire.NOTIFICATION:
            note = wire.parse_notification(message)
            self.doubtful |= is_doubtful(note)
            self._pushed += records_of(note, self._zone, self._pushed_columns)
        elif tag == wire.EVENT:
            attribute, value = wire.parse_event(message)
            self._pushed.append(record_of(attribute.name, value, raw=raw_value(value)))
        elif tag == wire.GET:
            self._asked = wire.parse_get(message) or self._asked
            self._asked_list = wire.parse_get_list(message) or self._asked_list
            self._said += describe(message)
        elif tag == wire.GOT and message[1:2] == b"\x03":
            self._answers(wire.parse_answers(message))
        elif tag == wire.GOT:
            self._answer(wire.parse_answer(message))
        elif tag == wire.EXCEPTION:
            raise exception_error(message)
        elif tag == wire.SERVICE_ERROR:
            raise service_error(message)
        elif tag in SILENT:
            self._said += describe(message)
        else:
            raise FrameError(f"there is no message {tag:#04x}" if tag >= 0 else "an empty message")

    def _answers(self, results: list[object | wire.Refusal]) -> None:
        """Take the values of several attributes in the order in which they were asked for."""
        asked: list[wire.Attribute | None] = list(self._asked_list)
        asked = asked if len(asked) == len(results) else [None] * len(results)
        for attribute, result in zip(asked, results, strict=True):
            if isinstance(result, wire.Refusal):
                self._asked = attribute
                self._refused(result.number)
            else:
                self._values.append((attribute, result))
        self._asked_list = []

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


def transcribe(
    messages: Iterable[bytes],
    security: Security,
    zone: tzinfo | None = None,
    columns: Sequence[Column] = (),
    pushes_only: bool = False,
) -> Telegram:
    """Return what the messages of one meter say; raises CollectorError.

    ``columns``: those of a load profile that is pushed without telling them. ``pushes_only``:
    refuse everything else, as an answer to somebody.
    """
    transcript = Transcript(security, zone, columns, pushes_only)
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
    found = Telegram(identity_of(records, security, transcript.doubtful), records)
    return with_seal(transcript.text, found.meter) if transcript.text else found


def identity_of(records: tuple[Record, ...], security: Security, doubtful: bool) -> MeterIdentity:
    """Return what the records and the protection tell of the meter."""
    title = security.meter_title
    texts = {record.quantity: record.value for record in reversed(records)}
    serial = next(
        (texts[q] for q in ("serial", "device_name") if isinstance(texts.get(q), str)), ""
    )
    words = {True: "verified", False: UNVERIFIED, None: "none"}
    extra = {AUTHENTICATION: words[security.verified]}
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
