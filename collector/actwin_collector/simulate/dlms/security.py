# SPDX-License-Identifier: MIT
"""The meter's side of a ciphered association: opens requests, seals answers, counts both."""

from __future__ import annotations

from ...model import CollectorError, ProtocolError
from ...protocol.dlms import apdu as wire
from ...protocol.dlms.axdr import Reader, encode_length
from ...protocol.dlms.gcm import AUTHENTICATED, PROTECTED, seal, unseal
from .objects import ObjectModel

# plain form → the protected one with the global key
_SEALED = {plain: tag for tag, (plain, _) in wire.GLO.items()}
DECIPHERING, COUNTER = 5, 6


class Refused(Exception):
    """A request that is answered with an exception response."""

    def __init__(self, service: int, counter: int | None = None) -> None:
        super().__init__(service)
        self.answer = bytes((wire.EXCEPTION, 1, service))
        if counter is not None:
            self.answer += counter.to_bytes(4, "big")


class MeterSecurity:
    """Protection of one meter: one invocation counter of its own, one for whoever asks it."""

    def __init__(self, model: ObjectModel) -> None:
        self._model = model
        self._sent = 0

    @property
    def control(self) -> int:
        """The security control byte of what this meter protects."""
        return PROTECTED | self._model.identity.suite

    def next_counter(self) -> int:
        """Return a counter that was not used before."""
        self._sent += 1
        return self._sent

    def open(self, message: bytes, title: bytes) -> bytes:
        """Return a client's plain message; raises Refused."""
        keys = self._model.identity.keys
        reader = Reader(message, 1)
        try:
            if message[0] in (wire.GENERAL_GLO, wire.GENERAL_DED):
                title = reader.octets()
            body = Reader(reader.octets())
            control, counter = body.byte(), body.number(4)
            if control != self.control:
                raise Refused(DECIPHERING)
            self._check(counter)
            plain = unseal(control, title, counter, keys, body.take(body.rest))
        except CollectorError:
            raise Refused(DECIPHERING) from None
        self._model.received_counter = counter
        return plain

    def seal(self, plain: bytes, general: bool = False) -> bytes:
        """Return an answer or a push, protected."""
        identity = self._model.identity
        counter = self.next_counter()
        body = bytes((self.control,)) + counter.to_bytes(4, "big")
        body += seal(self.control, identity.title, counter, identity.keys, plain)
        if general or plain[0] not in _SEALED:
            title = identity.title
            head = bytes((wire.GENERAL_GLO, len(title))) + title
        else:
            head = bytes((_SEALED[plain[0]],))
        return head + encode_length(len(body)) + body

    def proof(self, challenge: bytes) -> bytes:
        """Return the GMAC over the client's challenge."""
        identity = self._model.identity
        counter = self.next_counter()
        control = AUTHENTICATED | identity.suite
        sealed = seal(control, identity.title, counter, identity.keys, challenge)
        return bytes((control,)) + counter.to_bytes(4, "big") + sealed[len(challenge) :]

    def accepts(self, proof: bytes, challenge: bytes, title: bytes) -> bool:
        """Whether the client proved that it knows the keys."""
        if len(proof) != 17:
            return False
        counter = int.from_bytes(proof[1:5], "big")
        keys = self._model.identity.keys
        try:
            unseal(proof[0] | AUTHENTICATED, title, counter, keys, challenge + proof[5:])
        except ProtocolError:
            return False
        return True

    def _check(self, counter: int) -> None:
        last = self._model.received_counter
        if counter <= last:
            raise Refused(COUNTER, last)
