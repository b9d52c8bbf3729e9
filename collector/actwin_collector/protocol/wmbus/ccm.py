# SPDX-License-Identifier: MIT
"""Security mode 10 (OMS security profile D): AES-CCM with a key derived from a message counter.

After the configuration word come two bytes that tell tag length and key derivation, a key version
where a bit says so, the message counter, the sealed data, and its tag. The tag covers the header up
to the counter as well.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESCCM

from ...model import FrameError, ProtocolError
from .security import derived_key

MODE = 10
_WHOLE = 0xFF
_KEY_VERSION = 0x40
_COUNTER = 4


def open_ccm(key: bytes, address: bytes, header: bytes, body: bytes) -> tuple[bytes, int]:
    """Return (plain data, message counter); raises CollectorError.

    ``address`` is maker, id, version and medium; ``header`` the transport header from its CI field
    up to the configuration word, ``body`` what follows.
    """
    extension = int.from_bytes(body[:2], "little")
    size = 3 if extension & _KEY_VERSION else 2
    counter, sealed = body[size : size + _COUNTER], body[size + _COUNTER :]
    tag = 4 + 4 * (extension >> 8 & 3)
    if len(sealed) < tag:
        raise FrameError("the telegram ends inside its authentication tag", "truncated")
    if header[-2] != _WHOLE and header[-2] != len(sealed) - tag:
        raise ProtocolError("a telegram sealed only in part", "unsupported_security")
    secret = _secret(key, extension >> 4 & 3, counter, address[2:6])
    nonce = address + b"\x00" + counter[::-1]
    try:
        plain = AESCCM(secret, tag_length=tag).decrypt(nonce, sealed, header + body[:size])
    except InvalidTag:
        raise ProtocolError("the tag is wrong: another key, or changed bytes", "bad_mac") from None
    return plain, int.from_bytes(counter, "little")


def _secret(key: bytes, derivation: int, counter: bytes, number: bytes) -> bytes:
    if derivation == 0:
        return key
    if derivation == 1:
        return derived_key(key, 0x00, number, counter)
    raise ProtocolError(f"key derivation {derivation} is not supported", "unsupported_security")
