# SPDX-License-Identifier: MIT
"""The readout of a Turkish three-phase combi meter, shaped like that of a Makel C520."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from .load import ZONE_SECONDS, draw_int
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


def readout(meter: SimulatedMeter, at: int, shown: int | None = None) -> str:
    """Return the data block's text at an instant: one data set a line, closed by ``!``.

    ``shown`` is what the meter's clock takes the instant for, where somebody set it.
    """
    lines = [*_head(meter, at, shown), *_energy(meter, at), *_demand(meter, at)]
    lines += [*_instants(meter, at), *_made(), *_warnings(meter, at), *_outages(meter, at)]
    return _closed([*lines, f"F.F.0({_STATUS})"])


def packet(meter: SimulatedMeter, select: str, at: int, shown: int | None = None) -> str:
    """Return what a mode character chooses; empty for one the meter does not know."""
    head = [*_head(meter, at, shown)]
    energy = [*_energy(meter, at)]
    chosen = {
        "0": lambda: None,
        "5": lambda: [*_instants(meter, at)],
        "6": lambda: [line for line in energy if "*" not in line.partition("(")[0]],
        "7": lambda: [line for line in energy if "*" in line.partition("(")[0]],
        "8": lambda: [*_warnings(meter, at), f"F.F.0({_STATUS})"],
        "9": lambda: [*_outages(meter, at)],
    }
    if select not in chosen:
        return ""
    lines = chosen[select]()
    return readout(meter, at, shown) if lines is None else _closed([*head, *lines])


def outages(meter: SimulatedMeter, at: int) -> list[tuple[int, int]]:
    """Return (start, end) of the outages of all phases up to an instant, the latest first.

    The zone has one in the night of the 12th of each month; its length depends on the meter.
    """
    found = []
    for start in month_starts(at, 2):
        begins = start + 11 * 86_400 + 3 * 3600 + 600
        ends = begins + 60 * draw_int(4, 90, meter.spec.serial, start)
        if meter.curve.start < begins and ends <= at:
            found.append((begins, ends))
    return found


def _closed(lines: list[str]) -> str:
    return "\r\n".join([*lines, "!", ""])


def _head(meter: SimulatedMeter, at: int, shown: int | None) -> Iterator[str]:
    now = local(at if shown is None else shown)
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


def _made() -> Iterator[str]:
    yield "96.6.1(1)"
    yield "96.1.3(18-11-27)"
    yield "96.2.5(18-11-27)"
    yield "96.2.2(18-11-27,10:32)"
    for day in range(3):
        yield f"96.5{day}({_TARIFF_TIMES})"
    for day in range(3):
        yield f"96.6{day}({_TARIFFS})"


def _warnings(meter: SimulatedMeter, at: int) -> Iterator[str]:
    """The terminal cover was opened when the meter was put in."""
    placed = meter.curve.start + 10 * 3600
    seen = at >= placed
    yield f"96.70({_NO_STAMP})"
    yield f"96.71({_NO_STAMP})(00)"
    yield f"96.71*1({stamp(placed)})(01)" if seen else f"96.71*1({_NO_STAMP})(00)"
    yield f"96.71*2({_NO_STAMP})(00)"


def _outages(meter: SimulatedMeter, at: int) -> Iterator[str]:
    found = outages(meter, at)
    spans = [f"{stamp(start)},{stamp(end)}" for start, end in found[:2]]
    for kind in range(4):
        listed = spans if kind == 0 else []
        yield f"96.7.{kind}({len(listed):02})"
        for number, span in enumerate([*listed, _NO_SPAN, _NO_SPAN][:2], 1):
            yield f"96.77.{kind}*{number}({span})"
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
