# SPDX-License-Identifier: MIT
"""Who answers on a line: the protocol's own search, else one address after the other."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from .channel.base import Link
from .model import (
    CollectorError,
    ConfigError,
    DeviceSpec,
    LinkError,
    MeterIdentity,
    NoAnswer,
    ParameterSpec,
)
from .protocol.base import Driver, Found

ALL_ADDRESSES = "1-247"
# What to ask for where nobody said: whoever refuses it is there all the same.
_PROBES = {
    "modbus": {
        "map": {"name": "", "register": [{"name": "any", "address": 0, "type": "uint16"}]},
    },
}
# Runs work on the line's link, in its turn.
Lend = Callable[[Callable[[Link], Awaitable]], Awaitable]


def parse_addresses(text: str) -> Iterator[str]:
    """Give the addresses of ``1-20,99``; what is no range of numbers is an address itself."""
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if dash and first.isdecimal() and last.isdecimal():
            yield from (str(number) for number in range(int(first), int(last) + 1))
        elif part.strip():
            yield part.strip()


async def search(
    lend: Lend, driver: Driver, pattern: DeviceSpec, addresses: str, timeout: float
) -> AsyncIterator[tuple[str, str]]:
    """Give (address, what it tells of itself) of each that answers; raises CollectorError.

    ``pattern``: a device with the settings to ask with; where those do not suffice to read, who
    answers tells nothing of itself. Without ``addresses`` the protocol's own search is used where
    it has one.
    """
    probed = _askable(pattern)
    met = None if addresses else await lend(partial(_own_search, driver=driver, timeout=timeout))
    if met is not None:
        for each in met:
            yield each.address, describe(each.meter)
        return
    for address in parse_addresses(addresses or ALL_ADDRESSES):
        device = replace(probed, address=address)
        told = await lend(partial(_ask, driver=driver, device=device, timeout=timeout))
        if told is not None:
            yield address, told if probed is pattern else ""


def _askable(pattern: DeviceSpec) -> DeviceSpec:
    probe = _PROBES.get(pattern.driver)
    if probe is None or pattern.parameters or "map" in pattern.settings:
        return pattern
    return replace(
        pattern,
        settings={**pattern.settings, **probe},
        parameters=(ParameterSpec("any", "any"),),
    )


async def _own_search(link: Link, driver: Driver, timeout: float) -> Sequence[Found] | None:
    await link.open()
    return await driver.scan(link, timeout)


async def _ask(link: Link, driver: Driver, device: DeviceSpec, timeout: float) -> str | None:
    """Return what is told at an address, None when nobody is there."""
    await link.open()
    await link.discard_input()
    try:
        return describe((await driver.read(link, device, timeout)).meter)
    except (NoAnswer, LinkError):
        return None
    except ConfigError:
        raise
    except CollectorError as error:
        # A wrong register map or a collision: somebody is there all the same.
        return f"{error.code}: {error.message}"


def describe(meter: MeterIdentity) -> str:
    """Return what a meter says about itself in one line."""
    return " ".join(filter(None, (meter.manufacturer, meter.version, meter.id, meter.medium)))
