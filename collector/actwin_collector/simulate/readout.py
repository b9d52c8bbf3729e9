# SPDX-License-Identifier: MIT
"""The readout of a Turkish three-phase combi meter, shaped like that of a Makel C520."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from .load import ZONE_SECONDS
from .meters import CURRENTS, VOLTAGES, SimulatedMeter, month_starts

FLAG = "MSY"
IDENTIFICATION = "/MSY5<1>C520.KMY.2251"
HISTORY_MONTHS = 12
_NO_STAMP = "00-00-00,00:00"
_NO_SPAN = f"{_NO_STAMP},{_NO_STAMP}"
_ACTIVE = ("1.8.0", "1.8.1", "1.8.2", "1.8.3", "1.8.4")
_TARIFF_TIMES = "06001700220099999999999999999999"
_TARIFFS = "31230000"
# Bits 37 and 38: both batteries good.
_STATUS = f"{0b11 << 37:016X}"


def readout(meter: SimulatedMeter, at: int) -> str:
    """Return the data block's text at an instant: one data set a line, closed by ``!``."""
    lines = [*_head(meter, at), *_energy(meter, at), *_demand(meter, at)]
    return "\r\n".join([*lines, *_instants(meter, at), *_events(), f"F.F.0({_STATUS})", "!", ""])


def _head(meter: SimulatedMeter, at: int) -> Iterator[str]:
    now = local(at)
    yield f"0.0.0({meter.spec.serial})"
    yield "0.8.0(15*min)"
    yield f"0.9.1({now:%H:%M:%S})"
    yield f"0.9.2({now:%Y-%m-%d})"
    yield f"0.9.5({now.isoweekday()})"
    first = local(meter.curve.start)
    yield f"0.1.0({(now.year - first.year) * 12 + now.month - first.month:02})"
    for number, start in enumerate(month_starts(at, HISTORY_MONTHS - 1), 1):
        yield f"0.1.2*{number}({stamp(start)})"


def _energy(meter: SimulatedMeter, at: int) -> Iterator[str]:
    ends = enumerate(month_starts(at, HISTORY_MONTHS - 1), 1)
    resets = [("", at), *((f"*{number}", end) for number, end in ends)]
    for suffix, when in resets:
        for code in _ACTIVE:
            yield f"{code}{suffix}({kilo(meter, code, when)}*kWh)"
    for code in ("5.8.0", "8.8.0"):
        for suffix, when in resets:
            yield f"{code}{suffix}({kilo(meter, code, when)}*kVArh)"


def _demand(meter: SimulatedMeter, at: int) -> Iterator[str]:
    starts = month_starts(at, HISTORY_MONTHS)
    ends = [at, *starts[:-1]]
    for number, (first, end) in enumerate(zip(starts, ends, strict=True)):
        power, when = meter.peak(first, end)
        suffix = f"*{number}" if number else ""
        when_text = stamp(when) if when else _NO_STAMP
        yield f"1.6.0{suffix}({power // 1000:03}.{power % 1000:03}*kW)({when_text})"


def _instants(meter: SimulatedMeter, at: int) -> Iterator[str]:
    for code in (*CURRENTS, *VOLTAGES):
        value, unit = meter.value(code, at)
        yield f"{code}({value:06.2f}*{unit})"


def _events() -> Iterator[str]:
    yield "96.6.1(1)"
    yield "96.1.3(18-11-27)"
    yield "96.2.5(18-11-27)"
    yield "96.2.2(18-11-27,10:32)"
    for day in range(3):
        yield f"96.5{day}({_TARIFF_TIMES})"
    for day in range(3):
        yield f"96.6{day}({_TARIFFS})"
    yield f"96.70({_NO_STAMP})"
    for suffix in ("", "*1", "*2"):
        yield f"96.71{suffix}({_NO_STAMP})(00)"
    for kind in range(4):
        yield f"96.7.{kind}(00)"
        yield from (f"96.77.{kind}*{number}({_NO_SPAN})" for number in (1, 2))
    for kind in (4, 5):
        yield f"96.77.{kind}(00)"
        yield from (f"96.77.{kind}*{number}({_NO_SPAN})" for number in (1, 2))


def kilo(meter: SimulatedMeter, code: str, at: int) -> str:
    """Return a register in thousands with three decimals, six digits before the point at least."""
    whole = int(meter.value(code, at)[0])
    return f"{whole // 1000:06}.{whole % 1000:03}"


def stamp(at: int) -> str:
    """Return an instant as ``yy-mm-dd,hh:mm`` local time."""
    return f"{local(at):%y-%m-%d,%H:%M}"


def local(at: int) -> datetime:
    """Return the meter's local time of an instant."""
    return datetime.fromtimestamp(at, UTC) + timedelta(seconds=ZONE_SECONDS)
