# SPDX-License-Identifier: MIT
"""What a simulated meter's objects are made of: names, result codes, one object."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ...protocol.dlms import encode
from ...protocol.dlms.cosem import parse_name

# register → (scaler, unit number); the values are whole numbers of 10^scaler of the base unit
REGISTERS = {
    **dict.fromkeys(("1.8.0", "1.8.1", "1.8.2", "1.8.3", "1.8.4", "2.8.0"), (0, 30)),
    **dict.fromkeys(("5.8.0", "8.8.0", "3.8.0", "4.8.0"), (0, 32)),
    **dict.fromkeys(("1.7.0", "36.7.0", "56.7.0", "76.7.0"), (0, 27)),
    **dict.fromkeys(("32.7.0", "52.7.0", "72.7.0"), (-2, 35)),
    **dict.fromkeys(("31.7.0", "51.7.0", "71.7.0"), (-2, 33)),
    "14.7.0": (-2, 44),
}
CLOCK_NAME = parse_name("0.0.1.0.0.255")
DEVICE_NAME = parse_name("0.0.42.0.0.255")
SERIAL_NAME = parse_name("0.0.96.1.0.255")
FIRMWARE_NAME = parse_name("1.0.0.2.0.255")
STATUS_NAME = parse_name("0.0.96.10.1.255")
EVENT_NAME = parse_name("0.0.96.11.0.255")
SWITCH_NAME = parse_name("0.0.96.3.10.255")
COUNTER_NAME = parse_name("0.0.43.1.0.255")
SECURITY_NAME = parse_name("0.0.43.0.0.255")
ASSOCIATION_NAME = parse_name("0.0.40.0.0.255")
PUSH_NAME = parse_name("0.0.25.9.0.255")
PROFILE_NAME = parse_name("1.0.99.1.0.255")
EVENTS_NAME = parse_name("0.0.99.98.0.255")
FIRMWARE = "ACTSIM 1.0"
SECURITY_SETUP = 64
# Public clients see what they need to start, and nothing that is measured.
PUBLIC_NAMES = frozenset({CLOCK_NAME, DEVICE_NAME, SERIAL_NAME, COUNTER_NAME, ASSOCIATION_NAME})
PUSHED = ("1.8.0", "2.8.0", "1.7.0", "32.7.0")

OK, DENIED, UNDEFINED, WRONG_CLASS, UNMATCHED = 0, 3, 4, 9, 12


@dataclass(slots=True)
class CosemObject:
    """One object: readers by attribute number; writers and methods return a result code.

    ``selected`` reads an attribute with a selector; it raises FrameError for one it does not know.
    """

    class_id: int
    name: bytes
    readers: Mapping[int, Callable[[], bytes]]
    version: int = 0
    writers: Mapping[int, Callable[[object], int]] = field(default_factory=dict)
    methods: Mapping[int, Callable[[object], int]] = field(default_factory=dict)
    selected: Mapping[int, Callable[[int, object], bytes]] = field(default_factory=dict)


def scale(scaler: int, unit: int) -> bytes:
    """Return a scaler and unit."""
    return encode.structure(encode.int8(scaler), encode.enum(unit))


def reference(class_id: int, name: bytes) -> bytes:
    """Return what names attribute 2 of an object in a list of captured or pushed ones."""
    return encode.structure(
        encode.uint16(class_id), encode.octets(name), encode.int8(2), encode.uint16(0)
    )


def unsigned(value: int) -> bytes:
    """Return a number in four bytes, or eight where four do not hold it."""
    return encode.uint32(value) if value < 1 << 32 else encode.uint64(value)
