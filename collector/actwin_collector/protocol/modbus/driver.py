# SPDX-License-Identifier: MIT
"""The Modbus driver: register maps over TCP, UDP, RTU and RTU over TCP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar
from weakref import WeakKeyDictionary

from ...channel.base import Link
from ...fields import Field, Problems, parse_table
from ...model import ConfigError, DeviceSpec, ReadResult, Telegram
from ..base import Driver
from ..zones import utc_offset
from . import adu
from .dialogue import Dialogue, Owed, Timing
from .exchange import decode_exchange
from .memory import DeviceMemory, Memory
from .planner import Request, plan, split
from .registermap import RegisterMap, map_of
from .results import by_register, needed_registers, result, wanted_registers

_SETTINGS = {
    "map": "name of a register map, or the map itself as a table",
    "framing": "tcp or rtu; by default what the line's kind says",
    "settle": "seconds to keep silent before the first request, for gateways slow to start (0)",
    "pause": "seconds to keep silent before each request (0)",
    "echo": "true for two-wire converters that return what is sent",
    "fill": "widest gap to read over, instead of the map's",
    "max_registers": "most registers a request, instead of the map's",
    "single": "true to ask for each value in a request of its own",
    "utc_offset": "the device clock's distance from UTC, such as +03:00",
}
_FIELDS = {
    "framing": Field(str, "", choices=("", adu.TCP, adu.RTU)),
    "settle": Field(float, 0.0, low=0, high=10),
    "pause": Field(float, 0.0, low=0, high=10),
    "echo": Field(bool, False),
    "fill": Field(int, -1, low=-1, high=125),
    "max_registers": Field(int, 0, low=0, high=125),
    "single": Field(bool, False),
}
_SPLIT_AFTER = ("illegal_data_address", "illegal_data_value")


class ModbusDriver(Driver):
    """Reads the registers a device's parameters name; all of the map when it has no parameters.

    What a device refuses to give in one request is remembered, so that it is asked once only.
    """

    name: ClassVar[str] = "modbus"
    SETTINGS: ClassVar[Mapping[str, str]] = _SETTINGS

    def __init__(self) -> None:
        self._memory = Memory()
        self._owed: Owed = WeakKeyDictionary()

    async def read(self, link: Link, device: DeviceSpec, timeout: float) -> ReadResult:
        """Hold one dialogue; raises CollectorError.

        Registers the device does not have leave the others readable: they are named in the
        meter's ``extra``. When it gives none at all, its refusal is raised.
        """
        options = _options(device)
        register_map: RegisterMap = options["map"]
        wanted = wanted_registers(register_map, device)
        needed = needed_registers(register_map, wanted.values())
        dialogue = Dialogue(
            link,
            options["framing"] or _framing_of(link),
            _unit(device),
            Timing(timeout, options["settle"], options["pause"]),
            options["echo"],
            self._owed,
        )
        memory = self._memory.of(device.key)
        words: dict[str, tuple[int, ...]] = {}
        refusal = None
        for request in _planned(needed, options, memory):
            found, refused = await _fetch(dialogue, memory, request)
            words |= found
            refusal = refusal or refused
        if refusal and not words:
            raise refusal
        zone = utc_offset(device.settings.get("utc_offset"))
        return result(words, wanted, needed, device, register_map, memory, zone)

    @classmethod
    def decode(cls, telegram: Mapping) -> Telegram:
        """Decode an answer, or a request with its answer: see ``decode_exchange``."""
        return decode_exchange(telegram)


async def _fetch(
    dialogue: Dialogue, memory: DeviceMemory, request: Request
) -> tuple[dict[str, tuple[int, ...]], adu.Refused | None]:
    """Return the words of a request's registers; a refused request is cut until it is not."""
    words: dict[str, tuple[int, ...]] = {}
    waiting, refusal = [request], None
    while waiting:
        part = waiting.pop()
        try:
            words |= by_register(part, await dialogue.fetch(part))
        except adu.Refused as error:
            if error.code not in _SPLIT_AFTER:
                raise
            parts, cuts = split(part)
            memory.refuse(cuts)
            waiting += reversed(parts)
            refusal = refusal if parts else error
    return words, refusal


def _planned(
    needed: Mapping, options: Mapping, memory: DeviceMemory
) -> tuple[Request, ...]:
    register_map: RegisterMap = options["map"]
    limit = options["max_registers"] or register_map.max_registers
    fill = register_map.fill if options["fill"] < 0 else options["fill"]
    refused = memory.refused
    return plan(needed.values(), limit, -1 if options["single"] else fill, refused)


def _options(device: DeviceSpec) -> dict:
    settings = {key: value for key, value in device.settings.items() if key != "map"}
    problems = Problems()
    options = parse_table(settings, _FIELDS, f"{device.key}.settings", problems, strict=False)
    problems.finish("settings")
    return {**options, "map": map_of(device.settings.get("map"))}


def _framing_of(link: Link) -> str:
    return adu.TCP if link.line.kind in ("tcp", "udp") else adu.RTU


def _unit(device: DeviceSpec) -> int:
    text = device.address or "1"
    if not text.isdecimal() or not 0 <= int(text[:9]) <= 255:
        raise ConfigError(f"{device.key}: {text!r} is not a unit id (0 to 255)")
    return int(text)
