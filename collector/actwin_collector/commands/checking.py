# SPDX-License-Identifier: MIT
"""The command that says what is wrong with a device, a line or the collector."""

from __future__ import annotations

from ..channel.base import Link
from ..known_settings import device_mistakes
from ..model import CollectorError, DeviceSpec, LineSpec
from .bench import Bench
from .command import MAX_ROWS, Command, Result
from .reading import read_now


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
    findings = [await _line(bench.line(state.spec.line), bench), *_settings(state.spec)]
    try:
        result = await read_now(command, bench)
    except CollectorError as error:
        return [*findings, _finding(f"device {command.device}:", f"{error.message} [{error.code}]")]
    if not result.ok:
        text = f"{result.text} [{result.code}]"
        return [*findings, _finding(f"device {command.device}:", text)]
    meter = str(result.data.get("meter") or "")
    findings.append(_finding(f"device {command.device}:", f"answers {meter}".rstrip(), ok=True))
    mistakes = result.data.get("mistakes")
    texts = mistakes if isinstance(mistakes, list) else []
    return findings + [_finding(f"device {command.device}:", str(text)) for text in texts]
