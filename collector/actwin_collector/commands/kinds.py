# SPDX-License-Identifier: MIT
"""What each kind of command does."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from ..channel.base import Link
from ..model import Event, UnsupportedError
from ..outbox import Stats
from ..outbox_dead import DeadLetter
from ..poller import timeout_of
from ..threads import in_thread
from ..uplink.base import iso
from .bench import Bench
from .checking import check
from .command import MAX_ROWS, Command, Result
from .reading import read_now, read_profile, trace
from .scanning import scan

_LINES = 500
_MOST_LINES = 2000


async def perform(command: Command, bench: Bench) -> Result:
    """Do a command; raises CollectorError."""
    work = _KINDS.get(command.kind)
    if work is None:
        raise UnsupportedError(f"this collector does not know the command {command.kind!r}")
    return await work(command, bench)


async def _logs(command: Command, bench: Bench) -> Result:
    wanted = command.args.get("lines")
    count = wanted if isinstance(wanted, int) and wanted > 0 else _LINES
    lines = bench.log.last(min(count, _MOST_LINES))
    return Result(text="\n".join(lines) or "nothing was logged since the start")


async def _queue(command: Command, bench: Bench) -> Result:
    data: dict = {}
    if command.args.get("requeue") is True:
        count = await in_thread(bench.outbox.requeue_dead)
        data["summary"] = f"{count} refused readings are delivered again."
        messages = await in_thread(bench.scheduler.intake.dead.again)
        if messages:
            data["summary"] += f" {messages} messages that failed here are heard again."
    stats = await in_thread(bench.outbox.stats)
    dead = await in_thread(bench.outbox.dead_letters, MAX_ROWS)
    return Result(data=data | {"counts": _counts(stats), "dead": list(map(_letter, dead))})


def _counts(stats: Stats) -> list[dict]:
    rows = {
        "waiting": str(stats.pending),
        "oldest": iso(stats.oldest) if stats.oldest is not None else "",
        "refused": str(stats.dead),
        "events": str(stats.events),
        "bytes": str(stats.bytes),
    }
    return [{"name": name, "value": value} for name, value in rows.items()]


def _letter(dead: DeadLetter) -> dict:
    return {
        "channel": dead.reading.channel,
        "ts": iso(dead.reading.ts),
        "value": dead.reading.value,
        "text": f"{dead.text} [{dead.code}]",
    }


async def _set_clock(command: Command, bench: Bench) -> Result:
    state = bench.state(command.device)

    async def errand(link: Link) -> None:
        await link.open()
        await link.discard_input()
        await state.driver.set_clock(link, state.spec, timeout_of(link, state.spec))

    await bench.scheduler.borrow(bench.line(state.spec.line), errand, state.spec.key)
    now = int(time.time())
    await bench.store([], [Event(state.spec.key, now, "clock_set", "asked from Odoo")], [], {}, {})
    return Result(data={"summary": datetime.now(UTC).strftime("set at %Y-%m-%d %H:%M:%S UTC")})


Work = Callable[[Command, Bench], Awaitable[Result]]
_KINDS: dict[str, Work] = {
    "read_now": read_now,
    "trace": trace,
    "read_profile": read_profile,
    "set_clock": _set_clock,
    "scan": scan,
    "check": check,
    "logs": _logs,
    "queue": _queue,
}
