# SPDX-License-Identifier: GPL-2.0-only
"""One application association by gurux-dlms; the only file, with guard.py, that knows it.

Builds what is sent. What is received is opened, checked and parsed by our own code; only the
meter's answer to the association request passes through the library as well.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable

from gurux_dlms.ConnectionState import ConnectionState
from gurux_dlms.enums import Authentication, Conformance, InterfaceType, RequestTypes
from gurux_dlms.enums import Security as Protection
from gurux_dlms.GXByteBuffer import GXByteBuffer
from gurux_dlms.GXDLMSException import GXDLMSException
from gurux_dlms.objects.enums import SecuritySuite
from gurux_dlms.secure import GXDLMSSecureClient

from ...model import CollectorError, ProtocolError
from . import apdu as wire
from . import guard
from .acse import parse_association
from .axdr import Reader, encode_length
from .errors import diagnostic_error, exception_error, service_error
from .gcm import AUTHENTICATED, PROTECTED, seal, unseal
from .protection import Security, open_message

_MECHANISMS = {
    "none": Authentication.NONE,
    "low": Authentication.LOW,
    "gmac": Authentication.HIGH_GMAC,
}
# No general block transfer: the blocks of the get service do the same with fewer surprises.
_CONFORMANCE = (
    Conformance.GET
    | Conformance.SET
    | Conformance.ACTION
    | Conformance.SELECTIVE_ACCESS
    | Conformance.BLOCK_TRANSFER_WITH_GET_OR_READ
)
MAX_PDU = 0xFFFF
_CHALLENGE_BYTES = 16


class Association:
    """Messages of one association in order; ``security`` checks what the meter sends.

    ``counter``: the next invocation counter, 0 where nothing is ciphered.
    """

    def __init__(
        self,
        mechanism: str,
        client: int,
        password: bytes,
        security: Security | None,
        counter: int = 0,
    ) -> None:
        guard.require_verification()
        self.security = security
        self._gurux = GXDLMSSecureClient(
            True, client, 1, _MECHANISMS[mechanism], password or None, InterfaceType.PDU
        )
        self._gurux.proposedConformance = _CONFORMANCE
        self._gurux.maxReceivePDUSize = MAX_PDU
        self._mechanism = mechanism
        if security:
            cipher = self._gurux.ciphering
            cipher.systemTitle = bytearray(security.client_title)
            cipher.blockCipherKey = bytearray(security.keys.encryption)
            cipher.authenticationKey = bytearray(security.keys.authentication)
            self._protect()
            cipher.invocationCounter = counter
        if mechanism == "gmac":
            # The library's own challenge comes from a generator that can be foretold.
            self._gurux.settings.useCustomChallenge = True
            self._challenge = secrets.token_bytes(_CHALLENGE_BYTES)
            self._gurux.settings.ctoSChallenge = bytearray(self._challenge)

    @property
    def counter(self) -> int:
        """The next invocation counter this association would use."""
        return self._gurux.ciphering.invocationCounter

    @counter.setter
    def counter(self, value: int) -> None:
        self._gurux.ciphering.invocationCounter = value

    def request(self) -> bytes:
        """Return the association request."""
        return self._one(self._gurux.aarqRequest)

    def accept(self, answer: bytes) -> bool:
        """Check the meter's answer; returns whether it must still prove that it knows the key."""
        _raise_refusal(answer, self.security is not None)
        if answer[:1] != bytes((wire.AARE,)):
            raise ProtocolError("the meter did not answer the association request")
        parts = parse_association(answer)
        if parts.result:
            raise diagnostic_error(parts.diagnostic or 0, self.security is not None)
        if self.security:
            self._accept_title(parts.title)
            self._check_protected(parts.user)
        _call(self._gurux.parseAareResponse, _buffer(answer))
        if self.security:
            # The library takes the answer's protection over as its own.
            self._protect()
        required = self._gurux.isAuthenticationRequired
        if required != (self._mechanism == "gmac"):
            raise ProtocolError("the meter agrees to another authentication", "unprotected")
        if required:
            self._check_challenge()
        return required

    def proof_request(self) -> bytes:
        """Return the message that proves our key to the meter."""
        return self._one(self._gurux.getApplicationAssociationRequest)

    def accept_proof(self, answer: bytes) -> None:
        """Check the meter's proof; raises ProtocolError ``bad_authentication``."""
        before = self._last_counter()
        plain = self.open(answer)
        reader = Reader(plain, 1)
        if plain[:1] != bytes((wire.ACTED,)) or reader.byte() != 1:
            raise ProtocolError("the meter did not answer with its proof")
        reader.byte()
        if reader.byte() or not reader.byte() or reader.byte():
            raise ProtocolError("the meter refuses our key", "bad_authentication")
        self._proof(reader.take(reader.rest), before)

    def get(self, attribute: wire.Attribute, selector: bytes = b"") -> bytes:
        """Return a get request."""
        self._gurux.settings.invokeId = self._gurux.settings.invokeId % 15 + 1
        name = ".".join(map(str, attribute.name))
        data = _buffer(selector) if selector else None
        return self._one(self._gurux._read, name, attribute.class_id, attribute.number, data)

    def set(self, attribute: wire.Attribute, value: bytes) -> bytes:
        """Return a set request."""
        settings = self._gurux.settings
        settings.invokeId = settings.invokeId % 15 + 1
        head = bytes((wire.SET, 1, 0xC0 | settings.invokeId))
        where = attribute.class_id.to_bytes(2, "big") + attribute.name + bytes((attribute.number,))
        return self._protected(head + where + b"\x00" + value)

    def _protected(self, plain: bytes) -> bytes:
        security = self.security
        if not security:
            return plain
        counter, self.counter = self.counter, self.counter + 1
        control = PROTECTED | security.suite
        body = bytes((control,)) + counter.to_bytes(4, "big")
        body += seal(control, security.client_title, counter, security.keys, plain)
        tag = next(tag for tag, (inner, _) in wire.GLO.items() if inner == plain[0])
        return bytes((tag,)) + encode_length(len(body)) + body

    def next_block(self, number: int) -> bytes:
        """Return the request for the block after ``number``."""
        self._gurux.settings.blockIndex = number
        return bytes(_call(self._gurux.receiverReady, RequestTypes.DATABLOCK))

    def release(self) -> bytes:
        """Return the release request; its content is not ciphered."""
        return self._one(self._gurux.releaseRequest)

    def open(self, answer: bytes) -> bytes:
        """Return the plain answer to a request; raises CollectorError."""
        _raise_refusal(answer)
        if not self.security:
            return answer
        plain = open_message(answer, self.security)
        if plain is answer:
            raise ProtocolError("a clear answer in a ciphered association", "unprotected")
        return plain

    @property
    def invoke_id(self) -> int:
        """What the answer to the last request must carry."""
        return self._gurux.settings.invokeId

    def _protect(self) -> None:
        self._gurux.ciphering.security = Protection.AUTHENTICATION_ENCRYPTION
        self._gurux.ciphering.securitySuite = SecuritySuite(self.security.suite)

    def _accept_title(self, title: bytes) -> None:
        known = self.security.meter_title
        if known and title and title != known:
            raise ProtocolError(
                f"meter {title.hex().upper()} answered, not {known.hex().upper()}", "wrong_address"
            )
        self.security.meter_title = known or title

    def _check_protected(self, user: bytes) -> None:
        # With tag, agreed protection and a counter that was not seen before.
        if open_message(user, self.security) is user:
            raise ProtocolError("the meter answers without protection", "unprotected")

    def _check_challenge(self) -> None:
        theirs = bytes(self._gurux.settings.getStoCChallenge() or b"")
        if len(theirs) < 8 or theirs == self._challenge:
            text = "the meter's challenge is too short or our own"
            raise ProtocolError(text, "bad_authentication")

    def _last_counter(self) -> int:
        return self.security.counters.get(self.security.meter_title, -1)

    def _proof(self, data: bytes, before: int) -> None:
        reader = Reader(data)
        octets = reader.value()
        if not isinstance(octets, bytes) or len(octets) != 17:
            raise ProtocolError("the meter's proof has another form", "bad_authentication")
        # Made before the message around it, so its counter may be the lower one of the two.
        counter, around = int.from_bytes(octets[1:5], "big"), self._last_counter()
        if counter <= before or counter == around:
            raise ProtocolError(f"the counter {counter} of the proof was used before", "replayed")
        self.security.counters[self.security.meter_title] = max(counter, around)
        control = octets[0]
        if control not in (AUTHENTICATED, AUTHENTICATED | self.security.suite):
            raise ProtocolError(f"a proof with security control {control:#04x}", "unsupported")
        sealed = self._challenge + octets[5:]
        unseal(control, self.security.meter_title, counter, self.security.keys, sealed)
        self._gurux.settings.connected |= ConnectionState.DLMS

    def _one(self, call: Callable, *args: object) -> bytes:
        messages = _call(call, *args)
        if not messages or len(messages) != 1:
            raise ProtocolError("the request does not fit one message")
        return bytes(messages[0])


def _raise_refusal(answer: bytes, associating: bool = False) -> None:
    if answer[:1] == bytes((wire.SERVICE_ERROR,)):
        raise service_error(answer)
    if answer[:1] == bytes((wire.EXCEPTION,)):
        error = exception_error(answer)
        if associating and error.code == "meter_refused":
            # Only the ciphered part of the request can be refused in this way.
            text = f"the meter cannot open our request, another key? {error.message}"
            raise ProtocolError(text, "bad_authentication")
        raise error


def _buffer(data: bytes) -> GXByteBuffer:
    return GXByteBuffer(data)


def _call(call: Callable, *args: object):
    """Call the library; whatever it raises becomes a CollectorError."""
    try:
        return call(*args)
    except CollectorError:
        raise
    except GXDLMSException as error:
        raise ProtocolError(str(error), "meter_refused") from None
    except Exception as error:
        raise ProtocolError(f"{type(error).__name__}: {error}", "bad_frame") from error
