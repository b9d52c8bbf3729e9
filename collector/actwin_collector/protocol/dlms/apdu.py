# SPDX-License-Identifier: MIT
"""DLMS application messages: their tags, and what each of the clear ones carries."""

from __future__ import annotations

from dataclasses import dataclass

from ...model import FrameError
from .axdr import Reader

AARQ, AARE, RELEASE, RELEASED = 0x60, 0x61, 0x62, 0x63
GET, SET, EVENT, ACTION = 0xC0, 0xC1, 0xC2, 0xC3
GOT, WAS_SET, ACTED = 0xC4, 0xC5, 0xC7
NOTIFICATION, REPORT = 0x0F, 0x18
EXCEPTION, SERVICE_ERROR = 0xD8, 0x0E
BLOCK, GENERAL_GLO, GENERAL_DED, GENERAL, SIGNED = 0xE0, 0xDB, 0xDC, 0xDD, 0xDF
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
# the same with the key of one association
DED = {
    0xD0: (GET, False),
    0xD1: (SET, False),
    0xD2: (EVENT, True),
    0xD3: (ACTION, False),
    0xD4: (GOT, True),
    0xD5: (WAS_SET, True),
    0xD7: (ACTED, True),
}


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


def parse_get_list(apdu: bytes) -> list[Attribute]:
    """Return what a get request with a list asks for, nothing for another one."""
    reader = Reader(apdu, 1)
    if reader.byte() != 3:
        return []
    reader.byte()
    count = reader.length()
    found = []
    while len(found) < count and reader.rest:
        found.append(Attribute(reader.number(2), reader.take(6), reader.byte()))
        if reader.byte():
            reader.byte()
            reader.value()
    return found


@dataclass(frozen=True, slots=True)
class Refusal:
    """In place of a value: a data-access-result."""

    number: int


def parse_answers(apdu: bytes) -> list[object | Refusal]:
    """Return the values of a get response with a list; raises FrameError."""
    reader = Reader(apdu, 3)
    count = reader.length()
    if count > reader.rest:
        raise FrameError(f"{count} values in {reader.rest} bytes", "truncated")
    found = [Refusal(reader.byte()) if reader.byte() else reader.value() for _ in range(count)]
    reader.end()
    return found
