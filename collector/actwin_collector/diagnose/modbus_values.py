# SPDX-License-Identifier: MIT
"""What values betray of a register map: word order, address, function, transformer ratio."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..model import CollectorError, ConfigError, DeviceSpec
from ..protocol.modbus.registermap import Register, map_of
from ..protocol.modbus.testread import ALL_ORDERS, ORDER_NAMES, Tried, text, try_registers
from ..protocol.registry import get_driver
from .case import Case
from .finding import Finding
from .plausible import score
from .ratio import ratio_finding

_MOST_CHECKED = 8
_CHECKED_UNITS = ("V", "Hz", "A", "W")


async def judge(case: Case) -> list[Finding]:
    """Return what is wrong with the values a device gives through its map."""
    checked = await _check_registers(case, case.device)
    chosen = [
        (each.value((each.register.word_order, each.register.byte_order)), each.register.unit)
        for each in checked
    ]
    good, bad = score(chosen)
    if not bad:
        return [found] if good and (found := ratio_finding(case, checked)) else []
    order, strength = _better_order(checked)
    moved, better = await _elsewhere(case, checked, strength)
    if order is None or better > strength:
        return [moved or _implausible(case, checked)]
    return [_wrong_order(case, checked, order, moved)]


async def _check_registers(case: Case, device: DeviceSpec) -> list[Tried]:
    """Return the registers of the map whose values betray a mistake, as read now."""
    try:
        found = map_of(device.settings.get("map"))
    except ConfigError:
        return []
    wanted = {parameter.register for parameter in device.parameters}
    telling = [r for unit in _CHECKED_UNITS for r in found.registers if r.unit == unit]
    asked = [r for r in found.registers if wanted & set(r.names)]
    names = list(dict.fromkeys(r.name for r in (*asked[:_MOST_CHECKED], *telling)))
    return await _read(case, device, names[: 2 * _MOST_CHECKED])


async def _read(case: Case, device: DeviceSpec, names: list[str]) -> list[Tried]:
    link = case.make_link(case.quick())
    try:
        await link.open()
        tried = await try_registers(
            link, get_driver("modbus"), device, link.line.timeout_s, names
        )
    except CollectorError:
        return []
    finally:
        await link.close()
    return [each for each in tried if each.words]


def _better_order(checked: list[Tried]) -> tuple[tuple[str, str] | None, int]:
    """Return the order in which nothing speaks against the values, and how much speaks for it."""
    found, strength = None, 0
    for order in ALL_ORDERS:
        good, bad = score((each.value(order), each.register.unit) for each in checked)
        if good > strength and not bad:
            found, strength = order, good
    return found, strength


def _wrong_order(
    case: Case, checked: list[Tried], order: tuple[str, str], other: Finding | None
) -> Finding:
    word, byte = order
    # A value's halves beside those of the next one can look like a value: the display decides.
    doubt = f" Or else: {other.seen}. {other.change}" if other else ""
    return Finding(
        case.where, "wrong_word_order", _values(checked),
        f"The words are read in the wrong order; as {ORDER_NAMES[order]} the values make sense.",
        f"In the register map set word_order = {word}, byte_order = {byte} "
        f"(maps export, edit, maps import).{doubt}",
        "settings.map", f'word_order = "{word}", byte_order = "{byte}"',
    )


def _implausible(case: Case, checked: list[Tried]) -> Finding:
    return Finding(
        case.where, "implausible", _values(checked),
        "In no word order do the values make sense: another map, other scales, or addresses "
        "counted from 1.",
        f"Compare with the display: actwin-collector read {case.device.key} --map", "settings.map",
    )


def _values(checked: list[Tried]) -> str:
    each = _most_telling(checked)
    orders = ", ".join(f"{ORDER_NAMES[order]} {text(each, order)}" for order in ALL_ORDERS)
    return f"{each.register.name} is {orders} {each.register.unit}"


def _most_telling(checked: list[Tried]) -> Tried:
    for each in checked:
        order = (each.register.word_order, each.register.byte_order)
        if score([(each.value(order), each.register.unit)])[1]:
            return each
    return checked[0]


async def _elsewhere(
    case: Case, checked: list[Tried], strength: int
) -> tuple[Finding | None, int]:
    """Return where the values make as much sense as here or more, and how much."""
    registers = [each.register for each in checked]
    found, best = None, max(strength, 1)
    for function, step in _variants(registers[0].function):
        if case.left() < 1:
            break
        tried = await _shifted(case, registers, function, step)
        good = _better_order(tried)[1]
        if good > best or (good == best and found is None):
            best, found = good, _moved(case, registers[0], function, step, tried)
    return found, best


def _variants(function: int) -> list[tuple[int, int]]:
    other = 7 - function if function in (3, 4) else function
    return [(function, -1), (function, 1), (other, 0), (other, -1), (other, 1)]


async def _shifted(
    case: Case, registers: Sequence[Register], function: int, step: int
) -> list[Tried]:
    rows = [
        {
            "name": each.name, "address": each.address + step, "type": each.type,
            "unit": each.unit, "scale": each.scale, "offset": each.offset,
            "function": function, "word_order": each.word_order, "byte_order": each.byte_order,
        }
        for each in registers
        if 0 <= each.address + step <= 65535 - each.size
    ]
    device = replace(
        case.device, settings={**case.device.settings, "map": {"register": rows}}, parameters=()
    )
    return await _read(case, device, [row["name"] for row in rows])


async def where_it_is(case: Case) -> Finding | None:
    """Return where the first register that is refused would be given."""
    try:
        found = map_of(case.device.settings.get("map"))
        wanted = [found.find(p.register) for p in case.device.parameters] or found.registers[:1]
    except ConfigError:
        return None
    for function, step in _variants(wanted[0].function):
        if case.left() < 1:
            return None
        tried = await _shifted(case, wanted[:_MOST_CHECKED], function, step)
        if tried and not score((e.value(ALL_ORDERS[0]), e.register.unit) for e in tried)[1]:
            return _moved(case, wanted[0], function, step, tried)
    return None


def _moved(
    case: Case, register: Register, function: int, step: int, tried: list[Tried]
) -> Finding:
    example = tried[0]
    shown = f"{text(example, ALL_ORDERS[0])} {example.register.unit}".strip()
    if step:
        code, what = "address_off_by_one", f"at {register.address + step} (one beside)"
        change = f"Shift the addresses of the map by {step:+d}: lists often count from 1."
    else:
        code, what = "wrong_function", f"by function {function}"
        change = f"Set function = {function} in the register map."
    if step and function != register.function:
        what += f", function {function}"
    return Finding(
        case.where, code,
        f"{register.name} at {register.function}:{register.address} is refused or makes no sense; "
        f"{what} it is {shown}",
        "The map's addresses or function are not those of this device.", change, "settings.map",
    )
