# SPDX-License-Identifier: MIT
"""The application layer of a simulated meter: associations and the services get, set, action."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from ...model import CollectorError
from ...protocol.dlms import apdu as wire
from ...protocol.dlms import encode
from ...protocol.dlms.acse import Association, parse_association
from ...protocol.dlms.axdr import Reader, encode_length
from .acse import GMAC, LOW, NONE, accepted, parse_initiate, refused
from .cosem import (
    ASSOCIATION_NAME,
    DENIED,
    OK,
    PUBLIC_NAMES,
    UNDEFINED,
    UNMATCHED,
    WRONG_CLASS,
    CosemObject,
)
from .objects import ObjectModel
from .security import MeterSecurity, Refused

PUBLIC, MANAGEMENT = 16, 1
_NOT_ASSOCIATED = bytes((wire.EXCEPTION, 1, 1))
_UNSUPPORTED = bytes((wire.EXCEPTION, 2, 2))
_BLOCK_OVERHEAD = 40
_SHORTEST = 3
_WRONG_PASSWORD, _NO_MECHANISM = 13, 11


@dataclass(slots=True)
class _Session:
    """What was agreed with the client of this association."""

    client: int
    mechanism: int = NONE
    title: bytes = b""
    ciphered: bool = False
    open: bool = False
    theirs: bytes = b""
    ours: bytes = b""
    most: int = 0xFFFF
    blocks: list[bytes] = field(default_factory=list)


class MeterServer:
    """Answers the messages of one connection; ``None`` is silence."""

    def __init__(self, model: ObjectModel, security: MeterSecurity) -> None:
        self._model = model
        self._security = security
        self._session: _Session | None = None

    def answer(self, client: int, message: bytes) -> bytes | None:
        """Return the answer to a message of a client address."""
        if self._model.identity.silent:
            return None
        try:
            return self._answer(client, message)
        except Refused as refusal:
            return refusal.answer
        except CollectorError:
            return _UNSUPPORTED

    def _answer(self, client: int, message: bytes) -> bytes:
        if message[:1] == bytes((wire.AARQ,)):
            return self._associate(client, message)
        session = self._session
        if session is None or session.client != client or not message:
            return _NOT_ASSOCIATED
        if message[0] == wire.RELEASE:
            self._session = None
            return bytes((wire.RELEASED, 3, 0x80, 1, 0))
        plain = message
        if session.ciphered:
            if message[0] not in (*wire.GLO, wire.GENERAL_GLO):
                return _NOT_ASSOCIATED
            plain = self._security.open(message, session.title)
        if len(plain) < _SHORTEST:
            return _UNSUPPORTED
        answer = self._served(session, plain)
        if not session.ciphered:
            return answer
        return self._security.seal(answer, general=message[0] == wire.GENERAL_GLO)

    def _associate(self, client: int, message: bytes) -> bytes:
        asked = parse_association(message)
        session = _Session(client, asked.mechanism, asked.title, asked.ciphered)
        fault = self._refusal(session, asked)
        if fault:
            return refused(fault, asked.ciphered)
        user = asked.user
        if session.ciphered:
            user = self._security.open(user, session.title)
        session.most = parse_initiate(user)
        session.theirs = asked.secret
        session.ours = secrets.token_bytes(16) if session.mechanism == GMAC else b""
        session.open = session.mechanism != GMAC
        self._session = session
        return accepted(self._model.identity, self._security, session, session.ours)

    def _refusal(self, session: _Session, asked: Association) -> int:
        """Return why an association is refused as a diagnostic number, 0 when it is not."""
        identity = self._model.identity
        if session.mechanism == LOW:
            if not identity.password:
                return _NO_MECHANISM
            right = secrets.compare_digest(asked.secret, identity.password)
            return 0 if right else _WRONG_PASSWORD
        if session.mechanism == GMAC:
            return 0 if identity.keys.encryption and session.ciphered else _NO_MECHANISM
        return 0 if session.mechanism == NONE and not session.ciphered else _NO_MECHANISM

    def _served(self, session: _Session, message: bytes) -> bytes:
        service = message[0]
        if service == wire.ACTION:
            return self._action(session, message)
        if not session.open:
            return _NOT_ASSOCIATED
        if service == wire.GET:
            return self._get(session, message)
        if service == wire.SET:
            return self._set(session, message)
        return _UNSUPPORTED

    def _get(self, session: _Session, message: bytes) -> bytes:
        kind, invoke = message[1], message[2]
        if kind == 2:
            return self._block(session, invoke, int.from_bytes(message[3:7], "big") + 1)
        reader = Reader(message, 3)
        if kind == 3:
            count = reader.length()
            results = b"".join(self._result(session, reader) for _ in range(count))
            body = encode_length(count) + results
        else:
            body = self._result(session, reader)
        reader.end()
        if len(body) + _BLOCK_OVERHEAD <= session.most:
            return bytes((wire.GOT, kind, invoke)) + body
        size = session.most - _BLOCK_OVERHEAD
        # Of a single value the blocks carry the value alone, of a list the choices too.
        data = body[1:] if kind == 1 else body
        session.blocks = [data[at : at + size] for at in range(0, len(data), size)]
        return self._block(session, invoke, 1)

    def _block(self, session: _Session, invoke: int, number: int) -> bytes:
        if not 1 <= number <= len(session.blocks):
            return bytes((wire.GOT, 2, invoke, 1)) + number.to_bytes(4, "big") + b"\x01\x0f"
        part = session.blocks[number - 1]
        head = bytes((wire.GOT, 2, invoke, number == len(session.blocks)))
        return head + number.to_bytes(4, "big") + b"\x00" + encode_length(len(part)) + part

    def _result(self, session: _Session, reader: Reader) -> bytes:
        attribute = _attribute(reader)
        selector = (reader.byte(), reader.value()) if reader.byte() else None
        found, result = self._find(session, attribute)
        if result == OK and attribute.number == 1:
            return b"\x00" + encode.octets(attribute.name)
        if result == OK and attribute.number not in found.readers:
            result = UNDEFINED
        if result:
            return bytes((1, result))
        try:
            if selector and attribute.number in found.selected:
                return b"\x00" + found.selected[attribute.number](*selector)
        except CollectorError:
            return bytes((1, UNMATCHED))
        return b"\x00" + found.readers[attribute.number]()

    def _set(self, session: _Session, message: bytes) -> bytes:
        reader = Reader(message, 3)
        attribute = _attribute(reader)
        if message[1] != 1 or reader.byte():
            return _UNSUPPORTED
        value = reader.value()
        found, result = self._find(session, attribute)
        if result == OK:
            write = found.writers.get(attribute.number)
            result = write(value) if write and session.client == MANAGEMENT else DENIED
        return bytes((wire.WAS_SET, 1, message[2], result))

    def _action(self, session: _Session, message: bytes) -> bytes:
        reader = Reader(message, 3)
        method = _attribute(reader)
        value = reader.value() if reader.byte() else None
        head = bytes((wire.ACTED, 1, message[2]))
        if method.name == ASSOCIATION_NAME and method.number == 1:
            return head + self._prove(session, value)
        if not session.open:
            return _NOT_ASSOCIATED
        found, result = self._find(session, method)
        if result == OK:
            act = found.methods.get(method.number)
            result = act(value) if act and session.client == MANAGEMENT else DENIED
        return head + bytes((result, 0))

    def _prove(self, session: _Session, proof: object) -> bytes:
        """Return the meter's proof; a client that gave a wrong one is out."""
        good = isinstance(proof, bytes) and session.mechanism == GMAC
        if not good or not self._security.accepts(proof, session.ours, session.title):
            session.open = False
            return bytes((DENIED, 0))
        session.open = True
        return b"\x00\x01\x00" + encode.octets(self._security.proof(session.theirs))

    def _find(self, session: _Session, wanted: wire.Attribute) -> tuple[CosemObject | None, int]:
        found = self._model.objects.get(wanted.name)
        if found is None:
            return None, UNDEFINED
        if found.class_id != wanted.class_id:
            return None, WRONG_CLASS
        identity = self._model.identity
        guarded = identity.password or identity.keys.encryption
        if guarded and session.mechanism == NONE and found.name not in PUBLIC_NAMES:
            return None, DENIED
        return found, OK


def _attribute(reader: Reader) -> wire.Attribute:
    return wire.Attribute(reader.number(2), reader.take(6), reader.byte())
