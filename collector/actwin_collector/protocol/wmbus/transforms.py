# SPDX-License-Identifier: MIT
"""What some makers do to a payload before a layout can read it; named by ``transform``.

Each takes the payload and the telegram it came in, and returns the plain bytes, or None when this
telegram was not made that way or its key is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ...model import ProtocolError
from .security import cbc_plain

# The masks of B Meters' RFM-TX1, four bytes by the lowest digit of the access number.
_TX1 = bytes.fromhex(
    "7A101A0A 70132213 B90B8E99 79074A16 079ACB69 32A1390E 9C7E6099 B4C480A3"
    "0ACE1903 F005A586 1698115E 0CC97DA2 4A48E41F 772E8AE8 BD78578C 396F2805"
)
_FILLER = 0x2F
_TX1_CONFIGURATION = b"\x06\x10"


@dataclass(frozen=True, slots=True)
class Origin:
    """The telegram around a maker's payload; ``address`` is maker 2, id 4, version, medium.

    ``data`` begins with the CI field, ``link`` is the link header from the L field to the CI field.
    """

    manufacturer: str
    address: bytes
    data: bytes
    link: bytes
    key: bytes | None = None

    @property
    def version(self) -> str:
        """The version as two hex digits."""
        return f"{self.address[6]:02X}"

    @property
    def medium(self) -> str:
        """The device type as two hex digits."""
        return f"{self.address[7]:02X}"


def _apator_na1(data: bytes, origin: Origin) -> bytes | None:
    """AES-CBC as in mode 5 over 16 bytes behind access number and status."""
    if origin.key is None or len(data) < 18:
        return None
    plain = cbc_plain(origin.key, origin.address + data[:1] * 8, data[2:18])
    if plain[0] != _FILLER:
        raise ProtocolError("the key does not open this telegram", "wrong_key")
    return plain[1:]


def _bmeters_tx1(data: bytes, origin: Origin) -> bytes | None:
    """The four bytes of the index under a table row and the access number."""
    if origin.data[3:5] != _TX1_CONFIGURATION or len(data) < 6:
        return None
    access = origin.data[1]
    masks = _TX1[4 * (access & 0x0F) :]
    index = bytes(byte ^ access ^ mask for byte, mask in zip(data[2:6], masks, strict=False))
    return data[:2] + index + data[6:]


TRANSFORMS: Mapping[str, Callable[[bytes, Origin], bytes | None]] = {
    "apator_na1": _apator_na1,
    "bmeters_tx1": _bmeters_tx1,
}
