# SPDX-License-Identifier: MIT
"""The Modbus driver: register maps over TCP, RTU and RTU over TCP."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from ...channel.base import Link
from ...fields import Field, Problems, parse_table
from ...model import (
    ConfigError,
    DeviceSpec,
    FrameError,
    MeterIdentity,
    ReadResult,
    Record,
    Sample,
    Telegram,
)
from ..base import Driver
from . import adu
from .dialogue import Dialogue
from .planner import Gap, Request, plan, split
from .registermap import Register, RegisterMap, map_of

_SETTINGS = {
    "map": "name of a register map, or the map itself as a table",
    "framing": "tcp or rtu; by default what the line's kind says",
    "pause": "seconds to keep silent before each request (0)",
    "echo": "true for two-wire converters that return what is sent",
    "fill": "widest gap to read over, instead of the map's",
    "max_registers": "most registers a request, instead of the map's",
}
_FIELDS = {
    "framing": Field(str, "", choices=("", adu.TCP, adu.RTU)),
    "pause": Field(float, 0.0, low=0, high=10),
    "echo": Field(bool, False),
    "fill": Field(int, -1, low=-1, high=125),
    "max_registers": Field(int, 0, low=0, high=125),
}
_MAX_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class _Values:
    """Raw words by register, of one poll."""

    words: dict[str, tuple[int, ...]]

    def of(self, register: Register, registers: Mapping[str, Register]) -> Decimal | None:
        value = register.decode(self.words[register.name])
        if value is None or not register.multiplier:
            return value
        factor = self.of(registers[register.multiplier], registers)
        return None if factor is None else value * factor


class ModbusDriver(Driver):
    """Reads the registers a device's parameters name; all of the map when it has no parameters.

    Which gaps a device refuses is remembered, so that it is asked once only; forgetting it costs
    one more refused request.
    """

    name: ClassVar[str] = "modbus"
    SETTINGS: ClassVar[Mapping[str, str]] = _SETTINGS

    def __init__(self) -> None:
        self._refused: dict[str, set[Gap]] = {}

    async def read(self, link: Link, device: DeviceSpec, timeout: float) -> ReadResult:
        """Hold one dialogue; raises CollectorError."""
        options = _options(device)
        wanted = _wanted(options["map"], device)
        needed = _needed(options["map"], wanted.values())
        dialogue = Dialogue(
            link,
            options["framing"] or _framing_of(link),
            _unit(device),
            timeout,
            options["pause"],
            options["echo"],
        )
        words: dict[str, tuple[int, ...]] = {}
        for request in self._plan(device.key, needed, options):
            words |= await self._fetch(dialogue, device.key, request)
        return _result(_Values(words), wanted, needed, device, options["map"])

    @classmethod
    def decode(cls, telegram: Mapping) -> Telegram:
        """Decode ``{"telegram": hex of an answer, "map": …, "address": …, "function": …}``.

        ``map`` and ``address`` (of the first register asked for) are optional: without them each
        register is a record of its own.
        """
        data = _hex(telegram.get("telegram"))
        unit, _, function, words = adu.parse_answer(adu.detect_framing(data), data)
        if telegram.get("function", function) != function:
            raise FrameError(f"an answer to function {function}, not {telegram['function']}")
        start = telegram.get("address", 0)
        if isinstance(start, bool) or not isinstance(start, int) or not 0 <= start <= 65535:
            raise ConfigError(f"{start!r} is not a register address")
        if telegram.get("map"):
            found = map_of(telegram["map"])
            identity = MeterIdentity(str(unit), found.manufacturer, version=found.name)
            return Telegram(identity, _mapped(found, function, start, words))
        return Telegram(MeterIdentity(str(unit)), _plain(start, words))

    def _plan(self, key: str, registers: Mapping[str, Register], options: Mapping) -> tuple:
        register_map: RegisterMap = options["map"]
        limit = options["max_registers"] or register_map.max_registers
        fill = register_map.fill if options["fill"] < 0 else options["fill"]
        return plan(registers.values(), limit, fill, self._refused.get(key, ()))

    async def _fetch(
        self, dialogue: Dialogue, key: str, request: Request
    ) -> dict[str, tuple[int, ...]]:
        try:
            words = await dialogue.fetch(request)
        except adu.Refused as error:
            if error.code != "illegal_data_address" or not request.gaps:
                raise
            self._remember(key, request.gaps)
            found: dict[str, tuple[int, ...]] = {}
            for part in split(request):
                found |= _by_register(part, await dialogue.fetch(part))
            return found
        return _by_register(request, words)

    def _remember(self, key: str, gaps: Iterable[Gap]) -> None:
        if len(self._refused) >= _MAX_REMEMBERED:
            self._refused.clear()
        self._refused.setdefault(key, set()).update(gaps)


def _options(device: DeviceSpec) -> dict:
    settings = {key: value for key, value in device.settings.items() if key != "map"}
    problems = Problems()
    options = parse_table(settings, _FIELDS, f"{device.key}.settings", problems, strict=False)
    problems.finish("settings")
    return {**options, "map": map_of(device.settings.get("map"))}


def _framing_of(link: Link) -> str:
    return adu.TCP if link.line.kind == "tcp" else adu.RTU


def _unit(device: DeviceSpec) -> int:
    text = device.address or "1"
    if not text.isdecimal() or not 0 <= int(text[:9]) <= 255:
        raise ConfigError(f"{device.key}: {text!r} is not a unit id (0 to 255)")
    return int(text)


def _wanted(register_map: RegisterMap, device: DeviceSpec) -> dict[str, Register]:
    """Return parameter name → register."""
    if not device.parameters:
        return {register.name: register for register in register_map.registers}
    return {p.register: register_map.find(p.register) for p in device.parameters}


def _needed(register_map: RegisterMap, wanted: Iterable[Register]) -> dict[str, Register]:
    """Return the registers to read by name: those wanted and their multipliers."""
    needed: dict[str, Register] = {}
    waiting = list(wanted)
    while waiting:
        register = waiting.pop()
        if register.name not in needed:
            needed[register.name] = register
            if register.multiplier:
                waiting.append(register_map.find(register.multiplier))
    return needed


def _by_register(request: Request, words: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    return {
        register.name: words[register.address - request.address :][: register.size]
        for register in request.registers
    }


def _result(
    values: _Values,
    wanted: Mapping[str, Register],
    needed: Mapping[str, Register],
    device: DeviceSpec,
    register_map: RegisterMap,
) -> ReadResult:
    samples, records = {}, []
    for name, register in wanted.items():
        value = values.of(register, needed)
        records.append(_record(register, value, values.words[register.name]))
        if value is not None:
            samples[name] = Sample(value, register.unit)
    identity = MeterIdentity(device.address, register_map.manufacturer, version=register_map.name)
    raw = " ".join(f"{name}={_digits(words)}" for name, words in values.words.items())
    return ReadResult(identity, samples, tuple(records), raw)


def _mapped(
    register_map: RegisterMap, function: int, start: int, words: tuple[int, ...]
) -> tuple[Record, ...]:
    end = start + len(words)
    inside = {
        register.name: register
        for register in register_map.registers
        if register.function == function
        and start <= register.address
        and register.address + register.size <= end
    }
    whole = Request(function, start, len(words), tuple(inside.values()))
    values = _Values(_by_register(whole, words))
    found = []
    for register in inside.values():
        complete = all(name in inside for name in _needed(register_map, [register]))
        value = values.of(register, inside) if complete else None
        found.append(_record(register, value, values.words[register.name]))
    return tuple(found)


def _plain(start: int, words: tuple[int, ...]) -> tuple[Record, ...]:
    return tuple(
        Record("register", Decimal(word), raw={"address": start + at, "words": _digits((word,))})
        for at, word in enumerate(words)
    )


def _record(register: Register, value: Decimal | None, words: tuple[int, ...]) -> Record:
    raw = {"address": register.address, "words": _digits(words)}
    return Record(register.name, value, register.unit, register.obis, raw=raw)


def _digits(words: Iterable[int]) -> str:
    return "".join(f"{word:04x}" for word in words)


def _hex(text: object) -> bytes:
    try:
        return bytes.fromhex(text)
    except (TypeError, ValueError):
        raise FrameError("'telegram' must be hex text", "bad_hex") from None
