# SPDX-License-Identifier: MIT
"""The command that says what is wrong with a device, a line or the collector."""

from __future__ import annotations

from ..channel.base import Link
from ..diagnose.case import Case
from ..diagnose.device import examine
from ..diagnose.finding import Finding
from ..known_settings import device_mistakes
from ..listening.settings import STREAMS
from ..model import CollectorError, DeviceSpec, LineSpec
from .bench import Bench
from .command import MAX_ROWS, Command, Result
from .reading import read_now

# So long the line's other devices wait at most.
_EXAMINE_SECONDS = 30.0


async def check(command: Command, bench: Bench) -> Result:
    """Check the device, else the line, else everything; findings name what is right as well."""
    if command.device:
        findings = await _device(command, bench)
    elif command.line:
        findings = [await _line(bench.line(command.line), bench)]
        findings += _devices(bench, command.line)
    else:
        findings = _collector(bench)
        findings += [await _line(line, bench) for line in bench.site().lines.values()]
        findings += _devices(bench)
    return Result(data={"findings": findings[:MAX_ROWS]})


def _finding(place: str, text: str = "", ok: bool = False) -> dict:
    return {"place": place, "text": text, "ok": ok}


def _collector(bench: Bench) -> list[dict]:
    site = bench.site()
    right = _finding(
        f"configuration {site.version}:",
        f"{len(site.lines)} lines, {len(site.devices)} devices",
        ok=True,
    )
    return [right] + [_finding(f"{place}:", text) for place, text in bench.problems().items()]


async def _line(line: LineSpec, bench: Bench) -> dict:
    if line.key in bench.scheduler.listeners:
        problem = bench.scheduler.lines[line.key].problem
        return _finding(f"line {line.key}:", problem or "listens", ok=not problem)

    async def errand(link: Link) -> None:
        await link.open()

    try:
        await bench.scheduler.borrow(line, errand)
    except CollectorError as error:
        return _finding(f"line {line.key}:", f"{error.message} [{error.code}]")
    return _finding(f"line {line.key}:", "opens", ok=True)


def _devices(bench: Bench, line: str = "") -> list[dict]:
    found = []
    for device in bench.site().devices.values():
        if line and device.line != line:
            continue
        found += _settings(device)
        state = bench.scheduler.states.get(device.key)
        if device.key in bench.scheduler.broken:
            found.append(_finding(f"device {device.key}:", bench.scheduler.broken[device.key]))
        elif state is not None and state.health.failures:
            found.append(_finding(f"device {device.key}:", state.health.last_error))
    return found


def _settings(device: DeviceSpec) -> list[dict]:
    return [_finding(f"device {device.key}:", text) for text in device_mistakes(device)]


async def _device(command: Command, bench: Bench) -> list[dict]:
    state = bench.state(command.device)
    line = bench.line(state.spec.line)
    if line.kind not in STREAMS or not state.polled:
        return await _read(command, bench)

    async def errand(link: Link) -> list[Finding]:
        # The examination opens the line itself, in other forms too; nobody else talks meanwhile.
        await link.close()
        return await examine(Case(state.spec, line, _EXAMINE_SECONDS))

    findings = [_finding(f"device {command.device}:", text) for text in device_mistakes(state.spec)]
    found = await bench.scheduler.borrow(line, errand, state.spec.key)
    findings += [_explained(each) for each in found]
    return findings or [_finding(f"device {command.device}:", "answers as it should", ok=True)]


def _explained(found: Finding) -> dict:
    key = " = ".join(filter(None, (found.key, found.value)))
    told = _finding(f"{found.where}:", f"{found.seen} [{found.code}]")
    return told | {"means": found.means, "change": found.change, "key": key}


async def _read(command: Command, bench: Bench) -> list[dict]:
    place = f"device {command.device}:"
    try:
        result = await read_now(command, bench)
    except CollectorError as error:
        return [_finding(place, f"{error.message} [{error.code}]")]
    if not result.ok:
        return [_finding(place, f"{result.text} [{result.code}]")]
    return [_finding(place, "answers", ok=True)]
