# SPDX-License-Identifier: MIT
"""DLMS application messages: protection, general blocks, what each one carries."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...model import FrameError, ProtocolError
from .axdr import Reader
from .gcm import AUTHENTICATED, ENCRYPTED, PROTECTED, TITLE_BYTES, Keys, unseal

AARQ, AARE, RELEASE, RELEASED = 0x60, 0x61, 0x62, 0x63
GET, SET, EVENT, ACTION = 0xC0, 0xC1, 0xC2, 0xC3
GOT, WAS_SET, ACTED = 0xC4, 0xC5, 0xC7
NOTIFICATION, REPORT = 0x0F, 0x18
EXCEPTION, SERVICE_ERROR = 0xD8, 0x0E
BLOCK, GENERAL_GLO, GENERAL_DED, GENERAL = 0xE0, 0xDB, 0xDC, 0xDD
PUSHES = frozenset({NOTIFICATION, EVENT, REPORT, 0xCA})
PROTECTED_TAGS = frozenset({GENERAL_GLO, GENERAL_DED, GENERAL, 0xCA})
PUSHED_TAGS = PUSHES | PROTECTED_TAGS

# protected form with the global key → the plain form inside it, and whether the meter sent it
GLO = {
    0x21: (0x01, False),
    0x28: (0x08, True),
    0xC8: (GET, False),
    0xC9: (SET, False),
    0xCA: (EVENT, True),
    0xCB: (ACTION, False),
    0xCC: (GOT, True),
    0xCD: (WAS_SET, True),
    0xCF: (ACTED, True),
}
SUITES = (0, 1)


@dataclass(slots=True)
class Security:
    """What a message must be protected with, and what has been seen so far.

    ``require``: refuse everything that is not authenticated and encrypted with ``suite`` (0 or 1:
    with symmetric keys they differ only in that number, which the tag covers). ``counters`` holds
    the last invocation counter by system title; a message with one not above it is refused.
    """

    keys: Keys = field(default_factory=Keys)
    client_title: bytes = b""
    meter_title: bytes = b""
    require: bool = False
    suite: int = 0
    counters: dict[bytes, int] = field(default_factory=dict)
    verified: bool | None = None

    def accept(self, title: bytes, counter: int) -> None:
        """Take note of a counter; raises ProtocolError ``replayed``."""
        last = self.counters.get(title, -1)
        if counter <= last:
            text = f"invocation counter {counter} of {title.hex().upper()} is not above {last}"
            raise ProtocolError(text, "replayed")
        self.counters[title] = counter


def open_message(apdu: bytes, security: Security) -> bytes:
    """Return the plain message inside; a plain one is returned as it is.

    Raises ProtocolError: ``bad_authentication``, ``replayed``, ``key_missing``, ``unprotected``,
    FrameError for what is not a message.
    """
    if not apdu:
        raise FrameError("an empty message", "empty")
    tag = apdu[0]
    if tag in GLO:
        return _open_glo(apdu, security)
    if tag in (GENERAL_GLO, GENERAL_DED):
        reader = Reader(apdu, 1)
        title = reader.octets() or security.meter_title
        plain = _open_body(reader, title, security)
        if not security.meter_title and title != security.client_title:
            security.meter_title = title
        return plain
    if tag == GENERAL:
        return _open_general(apdu, security)
    return apdu


def sender_of(apdu: bytes) -> bytes:
    """Return the system title a protected message names as its sender, b"" for none."""
    if apdu[0] in (GENERAL_GLO, GENERAL_DED):
        return Reader(apdu, 1).octets()
    if apdu[0] == GENERAL:
        reader = Reader(apdu, 1)
        reader.octets()
        return reader.octets()
    return b""


def _open_glo(apdu: bytes, security: Security) -> bytes:
    inner, from_meter = GLO[apdu[0]]
    title = security.meter_title if from_meter else security.client_title
    plain = _open_body(Reader(apdu, 1), title, security)
    if not plain or plain[0] != inner:
        raise _unreadable(security, f"message {apdu[0]:#04x} does not hold a {inner:#04x}")
    return plain


def _open_general(apdu: bytes, security: Security) -> bytes:
    reader = Reader(apdu, 1)
    _transaction, title = reader.octets(), reader.octets()
    _recipient, _time, _other = reader.octets(), reader.octets(), reader.octets()
    more = apdu[1 : reader.at]
    if reader.byte():
        skip_key_info(reader)
    return _open_body(reader, title, security, more)


def skip_key_info(reader: Reader) -> None:
    """Pass over how a key is named; raises ProtocolError for keys that are not supported."""
    kind = reader.byte()
    if kind != 0:
        raise ProtocolError(f"key information {kind} is not supported", "unsupported")
    if reader.byte() != 0:
        raise ProtocolError("only the global unicast key is supported", "unsupported")


def _open_body(reader: Reader, title: bytes, security: Security, more: bytes = b"") -> bytes:
    body = Reader(reader.octets())
    reader.end()
    control = body.byte()
    if control & ~PROTECTED not in SUITES or not control & PROTECTED:
        raise ProtocolError(f"security control {control:#04x} is not supported", "unsupported")
    # One flipped bit turns the tag off: whoever gives an authentication key wants it checked.
    untagged = security.keys.authentication and not control & AUTHENTICATED
    if untagged or (security.require and control != PROTECTED | security.suite):
        raise ProtocolError("a message with less protection than agreed", "unprotected")
    counter = body.number(4)
    if len(title) != TITLE_BYTES:
        raise ProtocolError("the sender's system title is not known", "title_missing")
    plain = _unsealed(control, title, counter, body, security, more)
    security.accept(title, counter)
    return plain


def _unsealed(control, title, counter, body: Reader, security: Security, more: bytes) -> bytes:
    keys = security.keys
    if not keys.encryption:
        raise ProtocolError("this message needs the encryption key", "key_missing")
    checked = bool(control & AUTHENTICATED)
    if checked and not keys.authentication:
        if security.require or not control & ENCRYPTED:
            raise ProtocolError("this message needs the authentication key", "key_missing")
        checked = False
    plain = unseal(control, title, counter, keys, body.take(body.rest), more)
    security.verified = checked and security.verified is not False
    return plain


def _unreadable(security: Security, text: str) -> ProtocolError:
    # Without a tag the only sign of a wrong key is that nothing sensible comes out.
    code = "bad_frame" if security.verified else "bad_authentication"
    return ProtocolError(text, code)


@dataclass(frozen=True, slots=True)
class Notification:
    """A push: the meter's time where it sent one, and its body. ``kaifa``: its peculiar header."""

    stamp: bytes | None
    body: object
    kaifa: bool = False


def parse_notification(apdu: bytes) -> Notification:
    """Return a data notification; raises FrameError."""
    reader = Reader(apdu, 1)
    reader.number(4)
    # Kaifa writes the type of an octet string before the length of the time.
    kaifa = reader.data[reader.at : reader.at + 2] == b"\x09\x0c"
    if kaifa:
        reader.byte()
    stamp = reader.octets()
    if len(stamp) not in (0, 12):
        raise FrameError(f"a time of {len(stamp)} bytes")
    body = reader.value()
    reader.end()
    return Notification(stamp or None, body, kaifa)


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of one object."""

    class_id: int
    name: bytes
    number: int

    @property
    def text(self) -> str:
        """For people."""
        return f"{self.class_id}:{'.'.join(map(str, self.name))}:{self.number}"


def parse_event(apdu: bytes) -> tuple[Attribute, object]:
    """Return the attribute and value of an event notification; raises FrameError."""
    reader = Reader(apdu, 1)
    if reader.byte():
        reader.octets()
    attribute = Attribute(reader.number(2), reader.take(6), reader.byte())
    value = reader.value()
    reader.end()
    return attribute, value


@dataclass(frozen=True, slots=True)
class Answer:
    """A get response: a value's bytes, a block of them, or the reason why there are none."""

    invoke: int
    data: bytes = b""
    error: int | None = None
    block: int = 0
    last: bool = True


def parse_answer(apdu: bytes) -> Answer:
    """Return a get response; raises FrameError."""
    reader = Reader(apdu, 1)
    kind, invoke = reader.byte(), reader.byte() & 0x0F
    if kind == 1:
        if reader.byte():
            answer = Answer(invoke, error=reader.byte())
            reader.end()
            return answer
        return Answer(invoke, reader.take(reader.rest))
    if kind != 2:
        raise FrameError(f"there is no get response {kind} to this request")
    last, number = bool(reader.byte()), reader.number(4)
    if reader.byte():
        return Answer(invoke, error=reader.byte(), block=number, last=last)
    data = reader.octets()
    reader.end()
    return Answer(invoke, data, block=number, last=last)


def parse_get(apdu: bytes) -> Attribute | None:
    """Return what a get request asks for, None for one that asks for the next block."""
    reader = Reader(apdu, 1)
    if reader.byte() != 1:
        return None
    reader.byte()
    return Attribute(reader.number(2), reader.take(6), reader.byte())
