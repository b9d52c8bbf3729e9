# SPDX-License-Identifier: MIT
"""AES-GCM as DLMS security suite 0 uses it: every tag is verified, none is ever skipped silently.

Source: DLMS UA 1000-2 (Green Book) 9.2.3.3; tags are the first 12 bytes of the GCM tag.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap

from ...model import ConfigError, FrameError, ProtocolError
from ..hexadecimal import hex_bytes

TAG_BYTES = 12
TITLE_BYTES = 8
KEY_BYTES = 16
AUTHENTICATED = 0x10
ENCRYPTED = 0x20
PROTECTED = AUTHENTICATED | ENCRYPTED
BROADCAST = 0x40


@dataclass(frozen=True, slots=True)
class Keys:
    """Global unicast encryption key and authentication key; empty when not known.

    ``broadcast`` is the encryption key that many meters share, ``master`` opens keys that come
    wrapped in a message; both are for pushes only.
    """

    encryption: bytes = field(default=b"", repr=False)
    authentication: bytes = field(default=b"", repr=False)
    broadcast: bytes = field(default=b"", repr=False)
    master: bytes = field(default=b"", repr=False)

    @property
    def unicast(self) -> Keys:
        """The keys of one meter alone, which nobody else can speak in its name with."""
        return Keys(self.encryption, self.authentication)

    @property
    def fingerprint(self) -> str:
        """Tells keys apart in a file without telling the key."""
        return hashlib.sha256(b"actwin dlms counter" + self.encryption).hexdigest()[:16]


def fingerprint(key: bytes) -> bytes:
    """Return four bytes that tell keys apart without telling the key."""
    return hashlib.sha256(b"actwin dlms key" + key).digest()[:4]


def parse_key(text: object, name: str) -> bytes:
    """Return the 16 bytes of a key as hex text, b"" for none; raises ConfigError."""
    if not text:
        return b""
    try:
        key = hex_bytes(text)
    except FrameError:
        key = b""
    if len(key) != KEY_BYTES:
        raise ConfigError(f"{name} must be 32 hex digits", "bad_key")
    return key


def parse_title(text: object) -> bytes:
    """Return the 8 bytes of a system title, b"" for none; raises ConfigError."""
    if not text:
        return b""
    try:
        title = hex_bytes(text)
    except FrameError:
        title = b""
    if len(title) != TITLE_BYTES:
        raise ConfigError("a system title must be 16 hex digits", "bad_title")
    return title


def nonce(title: bytes, counter: int) -> bytes:
    """Return system title and invocation counter, the nonce of one message."""
    return title + counter.to_bytes(4, "big")


def seal(control: int, title: bytes, counter: int, keys: Keys, plain: bytes) -> bytes:
    """Return the protected form of ``plain``: body, then a tag when the control byte asks."""
    header = bytes((control,)) + keys.authentication
    iv = nonce(title, counter)
    if not control & AUTHENTICATED:
        return _counter_mode(keys.encryption, iv, plain)
    if not control & ENCRYPTED:
        return plain + _gcm(keys.encryption, iv, header + plain, b"")[1]
    body, tag = _gcm(keys.encryption, iv, header, plain)
    return body + tag


def unseal(
    control: int, title: bytes, counter: int, keys: Keys, sealed: bytes, more: bytes = b""
) -> bytes:
    """Return the content of a protected message.

    ``more`` is further authenticated data (general ciphering). Without an authentication key the
    tag of an encrypted message is not looked at: the caller decides whether that is allowed.
    Raises ProtocolError ``bad_authentication`` when the tag is wrong.
    """
    iv = nonce(title, counter)
    if not control & AUTHENTICATED:
        return _counter_mode(keys.encryption, iv, sealed)
    if len(sealed) < TAG_BYTES:
        raise ProtocolError("a protected message without room for its tag", "truncated")
    body, tag = sealed[:-TAG_BYTES], sealed[-TAG_BYTES:]
    if not keys.authentication and control & ENCRYPTED:
        return _counter_mode(keys.encryption, iv, body)
    header = bytes((control,)) + keys.authentication + more
    if control & ENCRYPTED:
        return _opened(keys.encryption, iv, header, body, tag)
    _opened(keys.encryption, iv, header + body, b"", tag)
    return body


def unwrap(master: bytes, wrapped: bytes) -> bytes:
    """Return the key that was sent wrapped (AES key wrap); raises ProtocolError."""
    if not master:
        raise ProtocolError("the key in this message needs the master key", "key_missing")
    try:
        key = aes_key_unwrap(master, wrapped)
    except (InvalidUnwrap, ValueError):
        raise ProtocolError("the master key does not open the key", "bad_authentication") from None
    if len(key) != KEY_BYTES:
        raise ProtocolError(f"a wrapped key of {len(key)} bytes", "unsupported")
    return key


class GcmStream:
    """Stands in for the stream class of the DLMS library, which never checks a received tag.

    Same constructor and methods. The library passes ``tag`` None to protect and the received tag
    to open; only ``security`` tells that a message carries no tag at all.
    """

    def __init__(self, security, encrypt, key, aad, iv, tag) -> None:
        self._key, self._iv, self._header = bytes(key), bytes(iv), bytes(aad or b"")
        self._expected = None if tag is None else bytes(tag)
        self._authenticated = bool(int(security) & AUTHENTICATED)
        self._data = bytearray()
        self.tag = b""

    def write(self, data) -> None:
        """Take more bytes."""
        self._data += bytes(data)

    def flushFinalBlock(self) -> bytearray:  # noqa: N802 - the library's name
        """Return the result; raises ProtocolError when a received tag is wrong."""
        data = bytes(self._data)
        if not self._authenticated:
            return bytearray(_counter_mode(self._key, self._iv, data))
        if self._expected is not None:
            return bytearray(_opened(self._key, self._iv, self._header, data, self._expected))
        body, self.tag = _gcm(self._key, self._iv, self._header, data)
        return bytearray(body)

    @classmethod
    def tagsEquals(cls, one, other) -> bool:  # noqa: N802 - the library's name
        """Compare two tags in constant time."""
        return hmac.compare_digest(bytes(one), bytes(other))


def _gcm(key: bytes, iv: bytes, header: bytes, plain: bytes) -> tuple[bytes, bytes]:
    cipher = Cipher(algorithms.AES(key), modes.GCM(iv)).encryptor()
    cipher.authenticate_additional_data(header)
    body = cipher.update(plain) + cipher.finalize()
    return body, cipher.tag[:TAG_BYTES]


def _opened(key: bytes, iv: bytes, header: bytes, body: bytes, tag: bytes) -> bytes:
    mode = modes.GCM(iv, tag, min_tag_length=TAG_BYTES)
    cipher = Cipher(algorithms.AES(key), mode).decryptor()
    cipher.authenticate_additional_data(header)
    try:
        return cipher.update(body) + cipher.finalize()
    except InvalidTag:
        raise ProtocolError(
            "the authentication tag is wrong: another key, or changed bytes", "bad_authentication"
        ) from None


def _counter_mode(key: bytes, iv: bytes, data: bytes) -> bytes:
    cipher = Cipher(algorithms.AES(key), modes.CTR(iv + b"\x00\x00\x00\x02")).encryptor()
    return cipher.update(data) + cipher.finalize()
