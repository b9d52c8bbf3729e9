# SPDX-License-Identifier: MIT
"""Commands that read a device: now, with every byte, or its load profile."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from ..channel.base import Link, Trace
from ..clock import Clock
from ..device import DeviceState
from ..model import CollectorError, ProfileRow, Reading
from ..poller import Outcome, attempts_for, poll, timeout_of, to_channels
from ..searching import describe
from ..slots import canonical
from ..tracing.show import Show
from .bench import Bench
from .command import MAX_ROWS, Command, Result, failed

_CHUNK = 5000


async def read_now(command: Command, bench: Bench) -> Result:
    """Poll a device once; what it answers becomes readings too."""
    state = bench.state(command.device)
    outcome = await _poll(state, bench)
    if outcome.error is not None:
        return failed(outcome.error)
    data, readings = _values(state, outcome)
    await bench.store(readings, [], [], {}, {})
    return Result(data=data)


async def trace(command: Command, bench: Bench) -> Result:
    """Poll a device once and tell every byte that went over the line."""
    state = bench.state(command.device)
    lines: list[str] = []
    show = Show(bench.masker, state.spec.driver, lines.append)
    outcome = await _poll(state, bench, show)
    error = outcome.error
    show.note("ok" if error is None else f"{error.code}: {error.message}")
    text = "\n".join(lines)
    if error is not None:
        return failed(error, text)
    return Result(text=text, data=_values(state, outcome)[0])


async def _poll(state: DeviceState, bench: Bench, show: Trace | None = None) -> Outcome:
    if not state.polled:
        raise CollectorError("the device sends by itself and cannot be asked", "not_polled")
    line = bench.line(state.spec.line)
    attempts = attempts_for(line, state.spec, probing=False)

    async def errand(link: Link) -> Outcome:
        before, link.trace = link.trace, show or link.trace
        limit = bench.settings.dialogue_seconds
        try:
            return await poll(link, state.driver, state.spec, attempts, limit, Clock())
        finally:
            link.trace = before

    outcome = await bench.scheduler.borrow(line, errand, state.spec.key)
    if outcome.error is None:
        state.health.success(outcome.ended)
    else:
        state.health.note(outcome.error, outcome.ended)
    return outcome


def _values(state: DeviceState, outcome: Outcome) -> tuple[dict, list[Reading]]:
    """Return what a screen shows of an answer, and what of it is stored."""
    spec, mistakes = state.spec, []
    polled = to_channels(
        spec, outcome.result.samples, False, lambda error: mistakes.append(error.message)
    )
    # On the minute a planned poll may store the same instant with a value a moment younger.
    ts = int(outcome.ended)
    ts += ts % 60 == 0
    modes = {each.channel: each.mode or state.schedule.mode for each in spec.parameters}
    readings = [
        Reading(channel, ts, canonical(each.value), each.status)
        for channel, each in polled.items()
        # A single value is no mean, highest or lowest of its slot.
        if each.cumulative or modes[channel] == "last"
    ]
    rows = [
        {
            "register": each.register,
            "channel": each.channel,
            "value": canonical(polled[each.channel].value),
            "unit": each.unit,
        }
        for each in spec.parameters
        if each.channel in polled
    ]
    return {
        "meter": describe(outcome.result.meter),
        "values": rows[:MAX_ROWS],
        "mistakes": mistakes[:MAX_ROWS],
    }, readings


async def read_profile(command: Command, bench: Bench) -> Result:
    """Read a load profile from ``start`` to ``end``; its rows become readings."""
    state = bench.state(command.device)
    start, end = _moment(command, "start"), _moment(command, "end")

    async def errand(link: Link) -> Sequence[ProfileRow]:
        await link.open()
        await link.discard_input()
        timeout = timeout_of(link, state.spec)
        return await state.driver.read_profile(link, state.spec, timeout, start, end)

    rows = await bench.scheduler.borrow(bench.line(state.spec.line), errand, state.spec.key)
    now = datetime.now(UTC).timestamp()
    readings = [
        Reading(channel, int(row.ts.timestamp()), canonical(each.value), each.status)
        for row in rows
        for channel, each in state.columns_of(row, False, now).items()
    ]
    for at in range(0, len(readings), _CHUNK):
        await bench.store(readings[at : at + _CHUNK], [], [], {}, {})
    columns = sorted({name for row in rows for name in row.samples})
    summary = f"{len(rows)} rows, {len(readings)} readings"
    text = "" if readings or not rows else f"the profile's columns: {', '.join(columns)}"
    return Result(text=text, data={"summary": summary})


def _moment(command: Command, name: str) -> datetime:
    try:
        moment = datetime.fromisoformat(command.text(name))
    except ValueError:
        raise CollectorError(f"{name} is no time", "bad_arguments") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
