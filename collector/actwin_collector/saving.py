# SPDX-License-Identifier: MIT
"""How what devices finished gets onto the disk."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Iterable, Mapping
from typing import Protocol

from .device import DeviceState
from .memory import Kept
from .model import CollectorError, Comm, Event, Reading


class Store(Protocol):
    """Where finished readings go; raises OutboxError, and then nothing was taken."""

    def __call__(
        self,
        readings: Iterable[Reading],
        events: Iterable[Event],
        comms: Iterable[Comm],
        marks: Mapping[str, int],
        memory: Mapping[str, Kept],
    ) -> Awaitable[object]:
        """Return when everything is on disk; ``marks`` and ``memory`` are by device."""


async def save(states: Iterable[DeviceState], store: Store, with_memory: bool = False) -> None:
    """Return when all that these devices finished is on disk; raises CollectorError.

    What was heard is on disk before its counter is: a process that dies in between finds the
    message in the device's memory, so that its repetition is neither lost nor taken twice.
    ``with_memory``: also of those that have only a slot in progress. Safe to call from several
    tasks: who comes second waits for the first and finds nothing to do.
    """

    def has_news(state: DeviceState) -> bool:
        return state.is_waiting or (with_memory and (state.keeper.dirty or state.noted))

    due = sorted((each for each in states if has_news(each)), key=lambda each: each.spec.key)
    async with contextlib.AsyncExitStack() as locks:
        for state in due:
            await locks.enter_async_context(state.saving)
        waiting = [each for each in due if has_news(each)]
        if waiting:
            await _commit(waiting, store)


async def _commit(waiting: list[DeviceState], store: Store) -> None:
    taken = [
        (each, len(each.readings), len(each.events), len(each.comms), len(each.heard))
        for each in waiting
    ]
    memory = {each.spec.key: each.memory() for each in waiting}
    marks = {each.spec.key: each.keeper.mark for each in waiting if each.keeper.mark is not None}
    for each in waiting:
        each.keeper.dirty = each.noted = False
    try:
        await store(
            [reading for each in waiting for reading in each.readings],
            [event for each in waiting for event in each.events],
            [comm for each in waiting for comm in each.comms],
            marks,
            memory,
        )
    except BaseException:
        for each in waiting:
            each.keeper.dirty = each.noted = True
        raise
    # Others may have added more meanwhile.
    for each, readings, events, comms, _ in taken:
        del each.readings[:readings], each.events[:events], each.comms[:comms]
    _confirm([(each, heard) for each, *_, heard in taken])


def _confirm(kept: list[tuple[DeviceState, int]]) -> None:
    """Tell drivers what is on disk; raises the first CollectorError when all were told."""
    errors: list[CollectorError] = []
    for state, count in kept:
        try:
            state.heard.confirm(count)
        except CollectorError as error:
            errors.append(error)
    if errors:
        raise errors[0]
