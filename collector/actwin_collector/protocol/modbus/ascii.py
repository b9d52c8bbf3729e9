# SPDX-License-Identifier: MIT
"""Modbus ASCII frames: a colon, the bytes as hex digits, a sum that makes them zero, a line end."""

from __future__ import annotations

import re

from pymodbus.framer import FramerRTU

from ...model import ChecksumError
from ..hexadecimal import hex_bytes

_LINE = re.compile(r":[0-9A-Fa-f]+\s*")


def frame_bytes(text: object) -> bytes:
    """Return a frame written as hex; an ASCII one as the RTU frame with the same content.

    Raises FrameError, ChecksumError.
    """
    data = b""
    if not (isinstance(text, str) and _LINE.fullmatch(text)):
        data = hex_bytes(text)
        # A colon may be the number of an RTU unit as well, but digits do not follow it.
        text = data.decode("latin-1")
        if not _LINE.fullmatch(text):
            return data
    content = hex_bytes(text.strip()[1:])
    if sum(content) & 0xFF:
        raise ChecksumError("the check sum of the ASCII frame is wrong")
    return content[:-1] + FramerRTU.compute_CRC(content[:-1]).to_bytes(2, "big")
