# SPDX-License-Identifier: MIT
"""From the words of one dialogue to values, samples and records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timezone
from decimal import Decimal

from ...model import (
    STATUS_OK,
    STATUS_SUSPECT,
    DeviceSpec,
    MeterIdentity,
    ReadResult,
    Record,
    Sample,
)
from .memory import DeviceMemory
from .planner import Request
from .register import Register, Value
from .registermap import RegisterMap

Words = Mapping[str, tuple[int, ...]]


def wanted_registers(register_map: RegisterMap, device: DeviceSpec) -> dict[str, Register]:
    """Return parameter name → register: all of the map when the device has no parameters."""
    if not device.parameters:
        return {register.name: register for register in register_map.registers}
    return {p.register: register_map.find(p.register) for p in device.parameters}


def needed_registers(
    register_map: RegisterMap, wanted: Iterable[Register]
) -> dict[str, Register]:
    """Return the registers to read by name: those wanted, what they need, and the clock."""
    needed = {register.name: register for register in wanted}
    others = {name for register in needed.values() for name in register.needs}
    if register_map.clock:
        others.add(register_map.clock)
    return needed | {name: register_map.find(name) for name in sorted(others - set(needed))}


def by_register(request: Request, words: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    """Return the words of each of a request's registers."""
    return {
        register.name: words[register.address - request.address :][: register.size]
        for register in request.registers
    }


def values_of(registers: Iterable[Register], words: Words) -> dict[str, Value]:
    """Return the value of every register; None for those whose words, or needs, are missing."""
    known = list(registers)
    bare = {each.name: each.decode(words[each.name]) for each in known if each.name in words}
    return {each.name: each.combine(bare.get(each.name), bare) for each in known}


def result(
    words: Words,
    wanted: Mapping[str, Register],
    needed: Mapping[str, Register],
    device: DeviceSpec,
    register_map: RegisterMap,
    memory: DeviceMemory,
    zone: timezone | None,
) -> ReadResult:
    """Return what one dialogue found out about a device."""
    values = values_of(needed.values(), words)
    stamp = _moment(values.get(register_map.clock), zone)
    samples = {}
    for name, register in wanted.items():
        value = values[register.name]
        if isinstance(value, Decimal):
            status = _status(register, value, memory)
            samples[name] = Sample(value, register.unit, status, stamp)
    records = tuple(
        record_of(register, values[register.name], words[register.name])
        for register in wanted.values()
        if register.name in words
    )
    raw = " ".join(f"{name}={digits(found)}" for name, found in words.items())
    return ReadResult(_identity(device, register_map, needed, words), samples, records, raw)


def record_of(register: Register, value: Value, words: tuple[int, ...]) -> Record:
    """Return the record of one register."""
    raw = {"address": register.address, "words": digits(words)}
    return Record(register.name, value, register.unit, register.obis, raw=raw)


def digits(words: Iterable[int]) -> str:
    """Return words as hex text."""
    return "".join(f"{word:04x}" for word in words)


def _identity(
    device: DeviceSpec,
    register_map: RegisterMap,
    needed: Mapping[str, Register],
    words: Words,
) -> MeterIdentity:
    missing = ",".join(sorted(set(needed) - set(words)))
    extra = {"refused": missing} if missing else {}
    return MeterIdentity(
        device.address, register_map.manufacturer, version=register_map.name, extra=extra
    )


def _status(register: Register, value: Decimal, memory: DeviceMemory) -> int:
    fell = register.monotonic and memory.has_fallen(register.name, value)
    too_low = register.low is not None and value < register.low
    too_high = register.high is not None and value > register.high
    return STATUS_SUSPECT if fell or too_low or too_high else STATUS_OK


def _moment(text: Value, zone: timezone | None) -> datetime | None:
    if zone is None or not isinstance(text, str):
        return None
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)
