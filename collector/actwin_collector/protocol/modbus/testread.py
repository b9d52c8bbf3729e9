# SPDX-License-Identifier: MIT
"""``read DEVICE --map``: every register of a map, one by one, in every word and byte order.

A map is right when each value is that of the device's display; where another order gives the
display's value, that is the order to set.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from ...channel.base import Link
from ...model import CollectorError, DeviceSpec, LineSpec, LinkError, NoAnswer, ParameterSpec
from ...slots import canonical
from ..base import Driver
from ..registry import get_driver, make_link
from .numbers import ORDERS
from .registermap import Register, map_of

ALL_ORDERS = tuple((word, byte) for word in ORDERS for byte in ORDERS)
ORDER_NAMES = {("big", "big"): "ABCD", ("big", "little"): "BADC", ("little", "big"): "CDAB"}
ORDER_NAMES[("little", "little")] = "DCBA"


@dataclass(frozen=True, slots=True)
class Tried:
    """One register as read: its words, or why there are none."""

    register: Register
    words: tuple[int, ...] = ()
    error: str = ""

    def value(self, order: tuple[str, str]) -> Decimal | str | None:
        """Return the value in a word and byte order; None when it is no number."""
        word, byte = order
        return replace(self.register, word_order=word, byte_order=byte).decode(self.words)


async def try_registers(
    link: Link, driver: Driver, device: DeviceSpec, timeout: float, names: list[str]
) -> list[Tried]:
    """Read registers one at a time; raises LinkError, and NoAnswer when none answers at all."""
    register_map = map_of(device.settings.get("map"))
    found: list[Tried] = []
    for name in names:
        register = register_map.find(name)
        single = replace(device, parameters=(ParameterSpec(register.name, "test"),))
        try:
            result = await driver.read(link, single, timeout)
            digits = next(
                record.raw["words"]
                for record in result.records
                if record.raw["address"] == register.address
            )
            words = tuple(int(digits[at : at + 4], 16) for at in range(0, len(digits), 4))
            found.append(Tried(register, words))
        except LinkError:
            raise
        except CollectorError as error:
            if isinstance(error, NoAnswer) and not any(each.words for each in found):
                raise
            found.append(Tried(register, error=error.code))
    return found


def read_map(device: DeviceSpec, line: LineSpec, name: str) -> list[Tried]:
    """Read all of a map (``name`` empty: the device's own); raises CollectorError."""
    if name:
        device = replace(device, settings={**device.settings, "map": name})
    names = [register.name for register in map_of(device.settings.get("map")).registers]

    async def work() -> list[Tried]:
        link = make_link(line)
        try:
            await link.open()
            return await try_registers(
                link, get_driver("modbus"), device, line.timeout_s, names
            )
        finally:
            await link.close()

    return asyncio.run(work())


def row(tried: Tried) -> Mapping[str, object]:
    """Return a register for ``--json``."""
    register = tried.register
    return {
        "register": register.name,
        "function": register.function,
        "address": register.address,
        "type": register.type,
        "unit": register.unit,
        "words": [f"{word:04x}" for word in tried.words],
        "orders": {ORDER_NAMES[order]: text(tried, order) for order in orders_of(tried)},
        "set": ORDER_NAMES[register.word_order, register.byte_order],
        "error": tried.error,
    }


def orders_of(tried: Tried) -> tuple[tuple[str, str], ...]:
    """Return the orders that make a difference: a single register has two."""
    if not tried.words:
        return ()
    return ALL_ORDERS if len(tried.words) > 1 else ALL_ORDERS[:2]


def text(tried: Tried, order: tuple[str, str]) -> str:
    """Return the value in an order, short enough for a table."""
    value = tried.value(order)
    if value is None:
        return "–"
    if isinstance(value, str):
        return repr(value)
    plain = canonical(value)
    return plain if len(plain) <= 18 else f"{value:.6E}"


def print_table(found: list[Tried]) -> None:
    """Print all registers; the order that is set has a star."""
    print(f"{'address':>9} {'type':<8} {'register':<28} {'words':<20} values by word order")
    for tried in found:
        register = tried.register
        chosen = (register.word_order, register.byte_order)
        if len(tried.words) == 1:
            chosen = ("big", register.byte_order)
        shown = "  ".join(
            f"{'*' if order == chosen else ''}{ORDER_NAMES[order]} {text(tried, order)}"
            for order in orders_of(tried)
        )
        words = " ".join(f"{word:04x}" for word in tried.words)
        print(
            f"{register.function:>3}:{register.address:<5} {register.type:<8} "
            f"{register.name:<28} {words:<20} {shown or tried.error} {register.unit}".rstrip()
        )
