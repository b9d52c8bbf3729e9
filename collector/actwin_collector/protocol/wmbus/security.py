# SPDX-License-Identifier: MIT
"""Decryption and authentication of OMS telegrams: modes 5 and 7, and ELL counter mode.

Nothing decrypted is handed on unless its check value, MAC or CRC is right.
"""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC

from ...model import ConfigError, FrameError, ProtocolError
from ..hexadecimal import hex_bytes

PLAIN_START = b"\x2f\x2f"
_BLOCK = 16
_DES_KEY = 8


@dataclass(frozen=True, slots=True)
class Authentication:
    """What an AFL header says: the MAC it carries and the fields that went into it."""

    fields: bytes
    counter: bytes
    mac: bytes


def parse_key(text: str | None) -> bytes | None:
    """Return the bytes of a key as hex text (16; 8 for DES), None for none; raises ConfigError."""
    if not text:
        return None
    try:
        key = hex_bytes(text)
    except FrameError:
        key = b""
    if len(key) not in (_BLOCK, _DES_KEY):
        # The text itself is a secret: never repeat it.
        raise ConfigError("the key must be 32 hex digits", "bad_key")
    return key


def need_key(key: bytes | None, what: str) -> bytes:
    """Return the key; raises ProtocolError with code ``key_missing`` when there is none."""
    if key is None:
        text = f"the telegram is encrypted ({what}) and no key is known"
        raise ProtocolError(text, "key_missing")
    return key


def decrypt_mode5(key: bytes, address: bytes, access: int, data: bytes) -> bytes:
    """AES-128-CBC with the meter's address in the initial vector; ``address`` is M, id, V, T."""
    return _opened(cbc_plain(key, address + bytes((access,)) * 8, data))


def decrypt_mode7(key: bytes, number: bytes, sealed: Authentication, data: bytes) -> bytes:
    """AES-128-CBC with a key derived from the message counter; verify the MAC first."""
    return _opened(cbc_plain(derived_key(key, 0x00, number, sealed.counter), bytes(_BLOCK), data))


def verify_mac(key: bytes, number: bytes, sealed: Authentication, message: bytes) -> None:
    """Refuse a message whose AFL MAC is not that of its bytes under the meter's key."""
    mac = _cmac(derived_key(key, 0x01, number, sealed.counter), sealed.fields + message)
    if mac[: len(sealed.mac)] != sealed.mac:
        raise ProtocolError("the MAC is wrong: another key, or changed bytes", "bad_mac")


def counter_mode(key: bytes, initial: bytes, data: bytes) -> bytes:
    """AES-128-CTR as the extended link layer uses it; the caller checks the CRC."""
    stream = Cipher(algorithms.AES(_aes(key)), modes.CTR(initial)).decryptor()
    return stream.update(data) + stream.finalize()


def derived_key(key: bytes, purpose: int, number: bytes, counter: bytes) -> bytes:
    """The key of one message (OMS key derivation function A), 0 to encrypt, 1 to authenticate."""
    return _cmac(_aes(key), bytes((purpose,)) + counter + number + b"\x07" * 7)


def _cmac(key: bytes, message: bytes) -> bytes:
    cmac = CMAC(algorithms.AES(key))
    cmac.update(message)
    return cmac.finalize()


def cbc_plain(key: bytes, initial: bytes, data: bytes) -> bytes:
    """AES-128-CBC without a look at what comes out."""
    cipher = Cipher(algorithms.AES(_aes(key)), modes.CBC(initial)).decryptor()
    return cipher.update(data) + cipher.finalize()


def decrypt_des(key: bytes, initial: bytes, data: bytes) -> bytes:
    """Single DES in CBC (modes 2 and 3), as meters from before 2010 have it."""
    if len(key) != _DES_KEY:
        text = "DES encryption is opened with a key of 16 hex digits only"
        raise ProtocolError(text, "unsupported_security")
    # Three times the same key is single DES.
    cipher = Cipher(TripleDES(key * 3), modes.CBC(initial)).decryptor()
    return _opened(cipher.update(data) + cipher.finalize())


def _aes(key: bytes) -> bytes:
    if len(key) != _BLOCK:
        raise ProtocolError("this telegram needs an AES key of 32 hex digits", "wrong_key")
    return key


def _opened(plain: bytes) -> bytes:
    if not plain.startswith(PLAIN_START):
        raise ProtocolError("the key does not open this telegram", "wrong_key")
    return plain
