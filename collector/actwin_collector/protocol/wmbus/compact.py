# SPDX-License-Identifier: MIT
"""Compact frames (CI 79): values only; their DIF/VIF headers come from an earlier full frame.

A compact frame names the layout of its records by a signature, the CRC of all DIF/VIF headers,
and carries the CRC of the full frame it stands for, so a wrong layout cannot give a reading. Some
meters repeat the CRC of the full frame they sent last although values have changed since; where
the link layer has proved the bytes, layouts known from the start are believed without it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from functools import cache
from itertools import product

from ...model import CollectorError, FrameError
from ..mbus.records import split_headers, split_records
from .frame import crc16

Layout = tuple[tuple[bytes, int], ...]

_LIMIT = 1024
_FILLER = b"\x2f"
# Kamstrup meters send full frames rarely, so their layouts are known from the start; the VIFs of
# energy (e), volume (v) and flow (f) differ by meter size.
_KAMSTRUP = (
    "02FF20 04{v} 44{v}",
    "02FF20 04{v} 523B",
    "02FF20 04{v} 44{v} 615B 6167",
    "02FF20 04{v} 44{v} 615B 5167",
    "02FF20 04{v} 44{v} A1015B 8101E7FF0F",
    "02FF20 04{v} 92013B A1015B 8101E7FF0F",
    "02FF20 04{v} 44{v} 426C 523B 615B 6167 5167 8101E7FF0F 06FF1B",
    "04FF23 44{v} 523B 06FF1B 426C 6167 5167 023B 04{v} 8101E7FF0F",
    "04FF23 04{v} 44{v} 426C 023B 92013B A2013B 06FF1B A1015B 91015B A10167",
    "03{e} 43{e} 03{v} 426C 022D 01FF21",
    "04{e} 04FF07 04FF08 04{v} 04{f} 0259 025D 04FF22",
    "04{e} 04FF07 04FF08 04{v} 04{f} 0259 025D 04FF22 026C 44{e} 44{v} 426C",
    "04{e} 04FF07 04FF08 04{v} 844014 84804014 04{f} 0259 025D 142D 8410{e} 8420{e} 04FF22 026C"
    " 44{e} 44{v} C44014 C4804014 426C",
    "02F9FF15 04{e} 04EEFF07 04EEFF08 04{v} 844014 84804014 02FD17 026C 426C 44{e} 44{v} C44014"
    " C4804014 04{f} 0259 025D",
)
_ENERGIES = ("05", "06", "07", "0D", "0E", "0F")
_VOLUMES = ("12", "13", "14", "15")
_FLOWS = ("3A", "3B", "3C")

_heard: dict[int, Layout] = {}
_looked_at: set[tuple[bytes, int]] = set()


def learn(data: bytes, meter: bytes) -> None:
    """Remember the layout of a full frame's records; frames with a maker's block have none.

    A ``meter`` keeps its layout: frames of a length that was seen of it are not looked at again.
    """
    frame = (meter, len(data))
    if frame in _looked_at:
        return
    if len(_looked_at) >= _LIMIT:
        _looked_at.clear()
    _looked_at.add(frame)
    layout = _layout(data)
    if layout is None:
        return
    if len(_heard) >= _LIMIT:
        _heard.clear()
    _heard[_signature(layout)] = layout


def heard() -> dict[int, bytes]:
    """Return the headers of the layouts learned from full frames, by signature."""
    return {
        signature: b"".join(header for header, _length in layout)
        for signature, layout in _heard.items()
    }


def restore(layouts: Mapping[int, bytes]) -> None:
    """Take layouts that were learned before a restart; damaged ones are left out."""
    for headers in layouts.values():
        with contextlib.suppress(CollectorError, IndexError):
            layout = split_headers(headers)
            _heard.setdefault(_signature(layout), layout)


def expand(data: bytes, proved: bool = False) -> bytes | None:
    """Return the full record bytes of a compact frame (after its CI).

    ``proved``: a check value of the link layer has said that the bytes are sound. None means that
    no full frame of this layout was heard yet. Raises CollectorError.
    """
    if len(data) < 5:
        raise FrameError("the compact frame ends inside its header", "truncated")
    signature = int.from_bytes(data[:2], "little")
    # What was heard cannot push aside what is known: anybody may send a layout of any signature.
    layouts = [known[signature] for known in (_built_in(), _heard) if signature in known]
    if not layouts:
        return None
    for layout in layouts:
        full = _filled(layout, data[4:])
        if full is not None and crc16(full) == int.from_bytes(data[2:4], "little"):
            return full
    known = _built_in().get(signature)
    full = _filled(known, data[4:]) if known and proved else None
    if full is not None:
        return full
    raise FrameError("the full frame's CRC does not fit the compact frame", "bad_checksum")


@cache
def _built_in() -> dict[int, Layout]:
    texts = {
        form.format(e=energy, v=volume, f=flow)
        for form, energy, volume, flow in product(_KAMSTRUP, _ENERGIES, _VOLUMES, _FLOWS)
    }
    layouts = (split_headers(bytes.fromhex(text)) for text in sorted(texts))
    return {_signature(layout): layout for layout in layouts}


def _layout(data: bytes) -> Layout | None:
    try:
        rows, maker, _more = split_records(data)
    except CollectorError:
        return None
    fields = [field for field, _value, _raw in rows]
    if maker is not None or any(field.length < 0 for field in fields):
        return None
    return tuple((field.header, field.length) for field in fields)


def _signature(layout: Layout) -> int:
    return crc16(b"".join(header for header, _length in layout))


def _filled(layout: Layout, values: bytes) -> bytes | None:
    """Return the full frame; None when the values have another length than the layout.

    Fillers may follow, where the values were under encryption.
    """
    size = sum(length for _header, length in layout)
    if values[size:].strip(_FILLER) or len(values) < size:
        return None
    full, position = b"", 0
    for header, length in layout:
        full += header + values[position : position + length]
        position += length
    return full
