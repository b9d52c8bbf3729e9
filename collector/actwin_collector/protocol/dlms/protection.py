# SPDX-License-Identifier: MIT
"""Opens protected messages: which key, which title, and that no counter comes twice."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...model import FrameError, ProtocolError
from . import apdu as wire
from .axdr import Reader
from .gcm import (
    AUTHENTICATED,
    BROADCAST,
    ENCRYPTED,
    PROTECTED,
    TITLE_BYTES,
    Keys,
    fingerprint,
    unseal,
    unwrap,
)

SUITES = (0, 1)


@dataclass(slots=True)
class Security:
    """What a message must be protected with, and what has been seen so far.

    ``require``: refuse everything that is not authenticated and encrypted with ``suite`` (0 or 1:
    with symmetric keys they differ only in that number, which the tag covers; None: either).
    ``counters`` holds the last invocation counter by system title; a message with one not above it
    is refused.
    ``dedicated``: the key of this association, which counts by itself.
    """

    keys: Keys = field(default_factory=Keys)
    client_title: bytes = b""
    meter_title: bytes = b""
    require: bool = False
    suite: int | None = 0
    counters: dict[bytes, int] = field(default_factory=dict)
    verified: bool | None = None
    dedicated: bytes = field(default=b"", repr=False)

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
    if tag in wire.GLO or tag in wire.DED:
        return _open_glo(apdu, security)
    if tag in (wire.GENERAL_GLO, wire.GENERAL_DED):
        reader = Reader(apdu, 1)
        title = reader.octets() or security.meter_title
        dedicated = security.dedicated if tag == wire.GENERAL_DED else b""
        plain = _open_body(reader, title, security, key=dedicated)
        if not security.meter_title and title != security.client_title:
            security.meter_title = title
        return plain
    if tag == wire.GENERAL:
        return _open_general(apdu, security)
    if tag == wire.SIGNED:
        return _signed(apdu, security)
    return apdu


def sender_of(apdu: bytes) -> bytes:
    """Return the system title a protected message names as its sender, b"" for none."""
    if apdu[0] in (wire.GENERAL_GLO, wire.GENERAL_DED):
        return Reader(apdu, 1).octets()
    if apdu[0] == wire.GENERAL:
        reader = Reader(apdu, 1)
        reader.octets()
        return reader.octets()
    return b""


def _open_glo(apdu: bytes, security: Security) -> bytes:
    inner, from_meter = wire.GLO.get(apdu[0]) or wire.DED[apdu[0]]
    title = security.meter_title if from_meter else security.client_title
    key = b"" if apdu[0] in wire.GLO else security.dedicated
    if apdu[0] in wire.DED and not key:
        raise ProtocolError("this message needs the association's dedicated key", "key_missing")
    plain = _open_body(Reader(apdu, 1), title, security, key=key)
    if not plain or plain[0] != inner:
        raise _unreadable(security, f"message {apdu[0]:#04x} does not hold a {inner:#04x}")
    return plain


def _signed(apdu: bytes, security: Security) -> bytes:
    """Take what was signed; the signature needs the meter's certificate and proves nothing here."""
    if security.require or security.keys.authentication:
        raise ProtocolError("a signature stands for the authentication agreed", "unprotected")
    reader = Reader(apdu, 1)
    for _transaction_title_recipient_time_other in range(5):
        reader.octets()
    content = reader.octets()
    reader.octets()
    reader.end()
    if content[:1] in (b"", bytes((wire.SIGNED,))):
        raise FrameError("a signed message without content")
    plain = open_message(content, security)
    security.verified = False
    return plain


def _open_general(apdu: bytes, security: Security) -> bytes:
    reader = Reader(apdu, 1)
    _transaction, title = reader.octets(), reader.octets()
    _recipient, _time, _other = reader.octets(), reader.octets(), reader.octets()
    more = apdu[1 : reader.at]
    key = key_info(reader, security.keys.master) if reader.byte() else b""
    return _open_body(reader, title, security, more, key)


def key_info(reader: Reader, master: bytes = b"", skip: bool = False) -> bytes:
    """Return the key that a message brings along wrapped, b"" for the global one.

    Raises ProtocolError for keys that are not supported. ``skip``: only pass over it.
    """
    kind, number = reader.byte(), reader.byte()
    if kind == 1:
        wrapped = reader.octets()
        return b"" if skip else unwrap(master, wrapped)
    if kind != 0:
        raise ProtocolError(f"key information {kind} is not supported", "unsupported")
    if number != 0:
        raise ProtocolError("only the global unicast key is supported", "unsupported")
    return b""


def _open_body(
    reader: Reader, title: bytes, security: Security, more: bytes = b"", key: bytes = b""
) -> bytes:
    body = Reader(reader.octets())
    reader.end()
    control = body.byte()
    if control & BROADCAST and security.keys.broadcast and not key:
        key = security.keys.broadcast
    elif control & ~PROTECTED not in SUITES or not control & PROTECTED:
        raise ProtocolError(f"security control {control:#04x} is not supported", "unsupported")
    # One flipped bit turns the tag off: whoever gives an authentication key wants it checked.
    untagged = security.keys.authentication and not control & AUTHENTICATED
    if untagged or (security.require and not _agreed(control & ~BROADCAST, security.suite)):
        raise ProtocolError("a message with less protection than agreed", "unprotected")
    counter = body.number(4)
    if len(title) != TITLE_BYTES:
        raise ProtocolError("the sender's system title is not known", "title_missing")
    keys = Keys(key, security.keys.authentication) if key else security.keys
    plain = _unsealed(control, title, counter, body, security, more, keys)
    # A key of its own counts by itself.
    security.accept(title + fingerprint(key) if key else title, counter)
    return plain


def _agreed(control: int, suite: int | None) -> bool:
    suites = SUITES if suite is None else (suite,)
    return control in [PROTECTED | each for each in suites]


def _unsealed(control, title, counter, body, security: Security, more, keys: Keys) -> bytes:
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
