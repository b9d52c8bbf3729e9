# SPDX-License-Identifier: MIT
"""Fetches commands, lets them be done, and reports what came of them."""

from __future__ import annotations

import asyncio
import logging

from ..masking import Masker
from ..model import CollectorError
from ..threads import in_thread
from ..uplink import Uplink
from .bench import Bench
from .command import MAX_TEXT, Command, Result, failed, parse_commands
from .kinds import perform
from .ledger import Ledger

_log = logging.getLogger(__name__)

_AT_ONCE = 5


class Commander:
    """Commands of different lines run side by side; on one line each waits for its turn."""

    def __init__(self, uplink: Uplink, collector: str, bench: Bench, ledger: Ledger) -> None:
        self._uplink = uplink
        self._collector = collector
        self._bench = bench
        self._ledger = ledger
        self._tasks: set[asyncio.Task] = set()

    async def once(self) -> bool:
        """Report what is done, begin what is new; returns whether more is to be reported.

        Raises UplinkError, and OSError when the ledger cannot be written: then nothing is begun.
        """
        await self._report()
        room = _AT_ONCE - len(self._tasks)
        answer = await in_thread(self._uplink.fetch_commands, self._collector)
        fresh = [each for each in parse_commands(answer) if not self._ledger.is_known(each.id)]
        for command in fresh[: max(0, room)]:
            self._ledger.begin(command.id)
            task = asyncio.create_task(self._do(command), name=f"command {command.kind}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return bool(self._ledger.waiting(1))

    async def stop(self) -> None:
        """Cut off what is under way; it is reported as interrupted after the next start."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _report(self) -> None:
        results = self._ledger.waiting(_AT_ONCE)
        if results:
            taken = await in_thread(self._uplink.report_commands, self._collector, results)
            self._ledger.taken(set(taken) & {row["id"] for row in results})

    async def _do(self, command: Command) -> None:
        result = await self._perform(command)
        _log.info("command %s: %s", command.kind, "done" if result.ok else result.code)
        try:
            self._ledger.finish(command.id, masked(result, self._bench.masker))
        except OSError as error:
            _log.error("the result of a command cannot be kept: %s", error)

    async def _perform(self, command: Command) -> Result:
        try:
            async with asyncio.timeout(max(1.0, command.seconds_left)):
                return await perform(command, self._bench)
        except TimeoutError:
            return failed(CollectorError("it took longer than it may", "too_long"))
        except CollectorError as error:
            return failed(error)
        except Exception as error:
            # One command must not end the others, nor the collector.
            _log.exception("command %s stumbled", command.kind)
            return failed(CollectorError(f"{type(error).__name__}: {error}", "command_bug"))


def masked(result: Result, masker: Masker) -> Result:
    """Return a result without secrets and no longer than can be shown."""
    text = masker.text(result.text)
    if len(text) > MAX_TEXT:
        text = "…" + text[1 - MAX_TEXT :]
    return Result(result.ok, result.code, text, _masked(result.data, masker))


def _masked(value: object, masker: Masker) -> object:
    if isinstance(value, dict):
        return {key: _masked(item, masker) for key, item in value.items()}
    if isinstance(value, list):
        return [_masked(item, masker) for item in value]
    return masker.text(value) if isinstance(value, str) else value
