# SPDX-License-Identifier: MIT
"""One poll of one device: attempts on the line, then values in the channels' units."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypeVar

from .channel.base import Link
from .clock import Clock
from .model import (
    STATUS_OK,
    STATUS_SUSPECT,
    CollectorError,
    ConfigError,
    DeviceSpec,
    LineSpec,
    LinkError,
    NoAnswer,
    ParameterSpec,
    ProtocolError,
    ReadResult,
    Sample,
)
from .protocol.base import Driver
from .tally import Polled
from .units import EXACT, convert

_log = logging.getLogger(__name__)

T = TypeVar("T")

# Odoo stores twelve decimals and rejects values with more.
_FINEST = Decimal("1E-12")

# Registers in these base units only count up: a mean over a slot would be no index.
CUMULATIVE = frozenset({"Wh", "varh", "VAh", "J", "m3", "kg", "HCA"})


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a poll ended; ``line_down``: the line itself could not be opened."""

    started: float
    ended: float
    attempts: int
    result: ReadResult | None = None
    error: CollectorError | None = None
    line_down: bool = False


class _LineDown(Exception):
    """Wraps the LinkError of an open that failed."""


async def poll(
    link: Link, driver: Driver, device: DeviceSpec, attempts: int, limit: float, clock: Clock
) -> Outcome:
    """Read a device with at most ``attempts`` dialogues of ``limit`` seconds each; never raises."""
    started = clock.wall()
    error: CollectorError = NoAnswer()
    for attempt in range(1, attempts + 1):
        try:
            result = await _talk(
                link, device, limit, lambda: driver.read(link, device, timeout_of(link, device))
            )
            return Outcome(started, clock.wall(), attempt, result)
        except _LineDown as down:
            cause = down.__cause__
            return Outcome(started, clock.wall(), attempt, error=cause, line_down=True)
        except ConfigError as mistake:
            return Outcome(started, clock.wall(), attempt, error=mistake)
        except CollectorError as failure:
            error = failure
            if isinstance(failure, LinkError):
                await link.close()
    return Outcome(started, clock.wall(), attempts, error=error)


async def dialogue(
    link: Link, device: DeviceSpec, limit: float, talk: Callable[[], Awaitable[T]]
) -> T:
    """Return what ``talk`` returns on the open line within ``limit`` seconds; CollectorError."""
    try:
        return await _talk(link, device, limit, talk)
    except _LineDown as down:
        raise down.__cause__ from None


async def _talk(
    link: Link, device: DeviceSpec, limit: float, talk: Callable[[], Awaitable[T]]
) -> T:
    try:
        async with asyncio.timeout(limit):
            await _make_ready(link)
            return await talk()
    except TimeoutError:
        await link.close()
        raise NoAnswer(f"the dialogue took longer than {limit:g} s", "dialogue_timeout") from None
    except (CollectorError, _LineDown):
        raise
    except Exception as error:
        # A driver may come from another package; its bug must not stop the line.
        _log.exception("driver %s failed on %s", device.driver, device.key)
        raise ProtocolError(f"{type(error).__name__}: {error}", "driver_bug") from error


async def _make_ready(link: Link) -> None:
    if link.is_open:
        try:
            await link.discard_input()
            return
        except LinkError:
            # Gateways close idle connections; that is no failure of the device.
            await link.close()
    try:
        await link.open()
    except LinkError as error:
        raise _LineDown from error


@dataclass(frozen=True, slots=True)
class DriftLimits:
    """Seconds a meter's clock may be off before it is worth a warning, and a suspect status."""

    warn: float = 60.0
    fail: float = 300.0


def drift_of(result: ReadResult, outcome_ended: float) -> float | None:
    """Return the meter's clock minus ours in seconds, None when the meter told no time."""
    stamps = [s.meter_ts for s in result.samples.values() if s.meter_ts is not None]
    if not stamps:
        return None
    stamp: datetime = stamps[0]
    stamp = stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)
    return stamp.timestamp() - outcome_ended


def to_channels(
    device: DeviceSpec,
    samples: Mapping[str, Sample],
    suspect: bool,
    on_error: Callable[[CollectorError], None],
    by_profile: bool = False,
) -> dict[str, Polled]:
    """Return the polled values by channel; what one parameter cannot give costs only that one.

    ``by_profile``: the samples are named as the load profile's columns are.
    """
    polled: dict[str, Polled] = {}
    for parameter in device.parameters:
        name = (parameter.profile if by_profile else "") or parameter.register
        sample = samples.get(name)
        if sample is None:
            on_error(ProtocolError(f"{name} was not answered", "missing_register"))
            continue
        try:
            polled[parameter.channel] = _polled(parameter, sample, suspect)
        except ConfigError as error:
            on_error(error)
    return polled


def _polled(parameter: ParameterSpec, sample: Sample, suspect: bool) -> Polled:
    value = convert(sample.value, sample.unit, parameter.unit or sample.unit)
    value = EXACT.multiply(value, parameter.scale)
    if value.as_tuple().exponent < _FINEST.as_tuple().exponent:
        value = value.quantize(_FINEST, context=EXACT)
    status = STATUS_SUSPECT if suspect and sample.status == STATUS_OK else sample.status
    return Polled(value, status, cumulative=sample.unit in CUMULATIVE)


def attempts_for(line: LineSpec, device: DeviceSpec, probing: bool) -> int:
    """Return how often one poll may try: a device believed dead gets one chance."""
    retries = line.retries if device.retries < 0 else device.retries
    return 1 if probing else 1 + retries


def timeout_of(link: Link, device: DeviceSpec) -> float:
    """Return the silence that counts as no answer of this device."""
    return device.timeout_s or link.line.timeout_s
