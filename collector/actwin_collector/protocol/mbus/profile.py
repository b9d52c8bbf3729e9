# SPDX-License-Identifier: MIT
"""Compact profiles of EN 13757-3: many values of one quantity in one length-prefixed record."""

from __future__ import annotations

from dataclasses import replace

from ...model import Record
from .values import fixed_length, make_decoder
from .vif import NUMBER, Vif

# By the two highest bits of the spacing control byte: how each value relates to its neighbour.
_MODES = ("", "_increase", "_decrease", "_difference")


def expand_profile(record: Record, vif: Vif, data: bytes) -> list[Record]:
    """Return the values of a profile record in the order sent.

    ``data`` follow the record's length byte: a spacing control byte (mode, unit, type of each
    value), a spacing value, then the values. Value n gets the profile's storage number + 1 + n.
    Data that do not fit give none.
    """
    if len(data) < 2:
        return []
    size = fixed_length(data[0] & 0x0F)
    if size <= 0:
        return []
    decode = make_decoder(data[0] & 0x0F, replace(vif, kind=NUMBER))
    values = [data[at : at + size] for at in range(2, len(data) - size + 1, size)]
    return [
        replace(
            record,
            quantity=f"{record.quantity}_value{_MODES[data[0] >> 6]}",
            value=decode(raw),
            ts=None,
            storage=record.storage + 1 + number,
            raw=raw.hex().upper(),
        )
        for number, raw in enumerate(values)
    ]

