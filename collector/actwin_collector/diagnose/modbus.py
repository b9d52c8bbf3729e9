# SPDX-License-Identifier: MIT
"""Mistakes of Modbus lines: unit, framing, function, address, word order, ratio."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import ClassVar

from ..model import CollectorError, LineSpec, ReadResult
from ..protocol.modbus import adu
from .base import Diagnoser
from .case import Attempt, Case, SerialForm
from .finding import WARNING, Finding
from .modbus_values import judge, where_it_is

_MOST_NAMED = 5
_FIRST_UNITS = (*range(1, 21), 255, 247, 0, 100, 126)
_SHORTEST = 0.3
# Asked after one was found, to say whether it is alone.
_MORE_UNITS = 5
_GATEWAY = ("gateway_target_no_answer", "gateway_path_unavailable")


class ModbusDiagnoser(Diagnoser):
    """See the module."""

    name: ClassVar[str] = "modbus"
    forms: ClassVar[Sequence[SerialForm]] = tuple(
        SerialForm(baudrate, 8, parity, stopbits)
        for baudrate in (9600, 19200, 38400, 115200, 4800, 2400)
        for parity, stopbits in (("N", 1), ("E", 1), ("N", 2), ("O", 1))
    )

    async def greet(self, case: Case, line: LineSpec) -> str:
        """Ask the device's unit, or the commonest ones, for one register."""
        framing = _framing(case, line)
        units = [_unit(case)]
        if case.device.driver != self.name:
            units += [unit for unit in (1, 255, 0, 247) if unit not in units]
        for unit in units:
            if await _answers(case, line, framing, unit):
                return f"a Modbus device, unit {unit}"
        return ""

    async def judge(self, case: Case, result: ReadResult) -> list[Finding]:
        """Compare values with what such values can be; try the other orders on the same words."""
        return await judge(case)

    async def refused(self, case: Case, attempt: Attempt) -> list[Finding]:
        """Tell a silent meter behind a gateway from a register it does not have."""
        code = attempt.error.code
        if code in ("illegal_function", "illegal_data_address", "illegal_data_value"):
            return [await where_it_is(case) or _no_register(case, attempt)]
        if code in _GATEWAY:
            found = await self.search(case)
            return found or [_gateway_silent(case, attempt)]
        return []

    async def search(self, case: Case) -> list[Finding]:
        """Try the other framing at this unit, then the other units."""
        if case.line.kind in ("tcp", "rtu_tcp"):
            framing = adu.RTU if _framing(case, case.line) == adu.TCP else adu.TCP
            if await _answers(case, case.quick(), framing, _unit(case)):
                return [_wrong_framing(case, framing)]
        others = await _answering_units(case)
        return [_wrong_unit(case, others)] if others else []


def _framing(case: Case, line: LineSpec) -> str:
    if case.device.driver == "modbus" and case.device.settings.get("framing"):
        return str(case.device.settings["framing"])
    return adu.TCP if line.kind == "tcp" else adu.RTU


def _unit(case: Case) -> int:
    text = case.device.address or "1"
    return int(text) if text.isdecimal() and int(text[:9]) <= 255 else 1


async def _answers(case: Case, line: LineSpec, framing: str, unit: int) -> bool:
    """Whether a unit says anything of its own, be it a refusal."""
    question = adu.build_request(framing, unit, 3, 0, 1, adu.next_transaction())
    heard = (await case.ask(line, question)).removeprefix(question)
    try:
        return bool(heard) and adu.parse_answer(framing, heard)[0] == unit
    except adu.Refused:
        return True
    except CollectorError:
        return False


async def _answering_units(case: Case) -> list[int]:
    """Return the other units that answer, the likeliest asked first, as far as time allows."""
    line = replace(case.quick(), timeout_s=min(case.line.timeout_s, _SHORTEST))
    framing = _framing(case, line)
    found: list[int] = []
    more = 256
    for unit in _likely_units(_unit(case)):
        more -= 1
        if case.left() < _SHORTEST or len(found) >= _MOST_NAMED or more < 0:
            break
        if await _answers(case, line, framing, unit):
            found.append(unit)
            more = min(more, _MORE_UNITS)
    return found


def _likely_units(configured: int) -> Iterator[int]:
    near = [configured + step for step in (1, -1, 2, -2, 3, -3)]
    order = dict.fromkeys([*near, *_FIRST_UNITS, *range(21, 247)])
    return (unit for unit in order if 0 <= unit <= 255 and unit != configured)


def _wrong_unit(case: Case, others: list[int]) -> Finding:
    named = ", ".join(map(str, others))
    single = str(others[0]) if len(others) == 1 else ""
    return Finding(
        case.where, "wrong_unit", f"unit {_unit(case)} is silent, but {named} answers",
        "The line and its settings are right; the unit id is not that of the meter.",
        "Compare the unit id (Modbus address) with the meter's menu.", "address", single,
    )


def _wrong_framing(case: Case, framing: str) -> Finding:
    kind, speaks = ("rtu_tcp", "RTU frames") if framing == adu.RTU else ("tcp", "Modbus TCP")
    return Finding(
        case.on_line, "wrong_framing",
        f"silent as {case.line.kind}, but unit {_unit(case)} answers to {speaks}",
        f"The device at {case.line.host}:{case.line.port} speaks {speaks} over TCP.",
        f"Set the kind of the line to {kind}.", "kind", kind,
    )


def _gateway_silent(case: Case, attempt: Attempt) -> Finding:
    return Finding(
        case.where, attempt.error.code, attempt.error.message,
        "The gateway is reached and says that the meter behind it is silent: another unit id, "
        "speed or parity on its serial side, A and B swapped, or no power.",
        "Check unit id and the gateway's serial settings.", "address",
    )


def _no_register(case: Case, attempt: Attempt) -> Finding:
    return Finding(
        case.where, attempt.error.code, attempt.error.message,
        "The unit answers, but does not have what the map asks for: another model or map.",
        f"Try other maps: actwin-collector read {case.device.key} --map NAME", "settings.map",
        severity=WARNING if not case.device.parameters else "mistake",
    )
