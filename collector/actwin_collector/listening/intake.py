# SPDX-License-Identifier: MIT
"""Where everything heard arrives: it finds the device, opens the message, merges and stores."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from ..clock import Clock
from ..config import CollectorSettings
from ..device import SANE_WALL, DeviceState
from ..model import (
    COLLECTOR,
    CollectorError,
    ConfigError,
    Event,
    Heard,
    LineSpec,
    ProtocolError,
    Push,
)
from ..poller import DriftLimits
from ..saving import Store, save
from ..threads import in_thread
from ..watch import NoteHeard, unheard
from .dead import FOLDER, DeadMessage, DeadMessages
from .line import LineHealth
from .merge import merge
from .repeats import Repeats
from .unassigned import Unassigned, printable, raw_text

_log = logging.getLogger(__name__)

# Those whose senders, or we for them, come again with what was not taken.
_REPEATING = ("http", "mqtt")


@dataclass(frozen=True, slots=True)
class Source:
    """Where a message came in; ``only``: the devices behind that modem, None when any may be."""

    line: LineSpec
    health: LineHealth
    where: str = ""
    only: Collection[str] | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a message: ``taken``, ``duplicate``, ``unassigned`` or ``refused``."""

    fate: str
    devices: tuple[str, ...] = ()
    error: CollectorError | None = None


class Intake:
    """Takes the messages of all lines. What ``hear`` returned for is on disk."""

    def __init__(
        self,
        store: Store,
        settings: CollectorSettings,
        clock: Clock,
        unassigned: Unassigned,
    ) -> None:
        self.unassigned = unassigned
        self.dead = DeadMessages(settings.state_dir / FOLDER)
        self.note_heard: NoteHeard = unheard
        self._store = store
        self._clock = clock
        self._limits = DriftLimits(settings.drift_warn_seconds, settings.drift_fail_seconds)
        self._by_sender: dict[tuple[str, str], list[DeviceState]] = {}
        self._repeats = Repeats(clock)
        self._states: dict[str, DeviceState] = {}

    def assign(self, states: Iterable[DeviceState]) -> None:
        """Hear these devices from now on, and no other."""
        found: dict[tuple[str, str], list[DeviceState]] = defaultdict(list)
        self._states = {state.spec.key: state for state in states}
        for state in self._states.values():
            sender = sender_of(state)
            found[state.spec.driver, sender].append(state)
            self.unassigned.forget(state.spec.line, state.spec.driver, sender)
            for heard, at in state.heard.recalled:
                self._repeats.recall(digest_of(state.spec.driver, heard), at)
            state.heard.recalled = []
        self._by_sender = dict(found)

    async def hear(
        self, source: Source, driver: str, heard: Heard, at: float | None = None
    ) -> Verdict:
        """Take one message; raises CollectorError when it could not be kept: it must come again.

        ``at``: when it came, of one that is heard again.
        """
        now = self._clock.wall()
        if now < SANE_WALL:
            raise CollectorError("the machine's clock is not set", "clock_unset")
        source.health.last_heard = now
        candidates = self.candidates(source, driver, heard.sender)
        if not candidates:
            await self.strange(source, driver, heard.sender, raw_text(heard.telegram))
            return Verdict("unassigned")
        # Before it is opened: a counter that only grows would refuse a repetition.
        await self._make_room(candidates, now)
        digest = digest_of(driver, heard)
        verdict = self._open(source, digest, heard, candidates, at)
        if verdict.fate == "taken":
            await self._keep(source, digest, heard, candidates)
        elif verdict.error is not None and verdict.error.code == "driver_bug" and at is None:
            data = raw_text(heard.telegram).encode()
            await self.bury(source, data, verdict.error, driver, heard)
        return verdict

    async def bury(
        self,
        source: Source,
        data: bytes,
        error: Exception,
        driver: str = "",
        heard: Heard | None = None,
    ) -> None:
        """Keep what our own code failed on: its sender will not send it again, once answered.

        Raises CollectorError when it cannot be kept.
        """
        now = self._clock.wall()
        line, why = source.line.key, f"{type(error).__name__}: {error}"
        message = DeadMessage(line, source.where, int(now), why, data, driver, heard)
        name = await in_thread(self.dead.keep, message)
        source.health.errors["message_failed"] += 1
        text = f"line {line}: {why[:200]}; the message is kept in {name}"
        event = Event(COLLECTOR, int(now), "message_failed", printable(text))
        with contextlib.suppress(CollectorError):
            await self._store([], [event], [], {}, {})

    def candidates(self, source: Source, driver: str, sender: str) -> list[DeviceState]:
        """Return the devices that may have sent it: those of the line, else of other receivers."""
        named = self._by_sender.get((driver, sender), []) if sender else []
        own = [each for each in named if self._is_of(source, each)]
        if own:
            return own
        # Where there is one device only, what names nobody is its, and all when it has no name.
        there = [s for s in self._states.values() if self._is_of(source, s)]
        there = [state for state in there if state.spec.driver == driver]
        if len(there) == 1 and not (sender and sender_of(there[0])):
            return there
        if source.only is not None:
            return [each for each in named if each.spec.line == source.line.key]
        return [each for each in named if not each.polled]

    async def strange(self, source: Source, driver: str, sender: str, raw: str) -> None:
        """Keep what a sender nobody configured said, for the operator to see."""
        now = self._clock.wall()
        source.health.unassigned += 1
        line = source.line.key
        if self.unassigned.note(line, driver, sender, source.where, raw, now):
            text = f"line {line}: {driver} {sender or 'unnamed'} from {source.where or line}: {raw}"
            _log.warning("unassigned meter on %s", printable(text[:200]))
            event = Event(COLLECTOR, int(now), "unassigned_meter", printable(text[:500]))
            # It stays in the list as well, so a full outbox costs nothing here.
            with contextlib.suppress(CollectorError):
                await self._store([], [event], [], {}, {})

    def _is_of(self, source: Source, state: DeviceState) -> bool:
        if source.only is not None:
            return state.spec.key in source.only
        return state.spec.line == source.line.key

    def _open(
        self,
        source: Source,
        digest: bytes,
        heard: Heard,
        candidates: list[DeviceState],
        at: float | None,
    ) -> Verdict:
        """Open and merge in one go: another receiver may bring the same at any moment."""
        if self._repeats.knows(digest, candidates):
            return _duplicate(source, heard, candidates)
        now = self._clock.wall()
        opened: list[tuple[DeviceState, Push]] = []
        failed: list[tuple[DeviceState, CollectorError]] = []
        for state in candidates:
            try:
                opened.append((state, _open_heard(state, heard)))
            except CollectorError as refusal:
                failed.append((state, refusal))
        if not opened and self._repeats.was_kept(digest, failed[0][1]):
            return _duplicate(source, heard, candidates)
        if not opened:
            self._refuse(failed, heard, now)
            return Verdict("refused", tuple(s.spec.key for s, _ in failed), failed[0][1])
        for state, push in opened:
            self._merge(state, push, heard, now, at)
        source.health.heard += 1
        self._repeats.remember(digest)
        return Verdict("taken", tuple(state.spec.key for state, _ in opened))

    def _merge(
        self, state: DeviceState, push: Push, heard: Heard, now: float, at: float | None
    ) -> None:
        try:
            merge(state, push, now, self._limits, at)
        except BaseException:
            state.driver.forget_heard(heard, state.spec)
            raise
        state.hear(heard, now)
        self.note_heard(state, heard, "ok")

    async def _keep(
        self, source: Source, digest: bytes, heard: Heard, states: list[DeviceState]
    ) -> None:
        try:
            await save(states, self._store)
        except BaseException:
            # It waits in memory, for the slot in which it came, and will be stored with it: its
            # sender hears of a failure and repeats it, perhaps much later.
            if heard.reply or source.line.kind in _REPEATING:
                self._repeats.owe(digest)
            raise

    def _refuse(
        self, failed: list[tuple[DeviceState, CollectorError]], heard: Heard, now: float
    ) -> None:
        for state, refusal in failed:
            state.health.note(refusal, now)
            self.note_heard(state, heard, state.health.last_error)
            _log.info("%s: %s", state.spec.key, state.health.last_error)

    async def _make_room(self, states: list[DeviceState], now: float) -> None:
        try:
            await save(states, self._store)
        except CollectorError as error:
            for state in states:
                state.health.note(error, now)
            raise


def sender_of(state: DeviceState) -> str:
    """Return how its driver's messages name a device; empty when they cannot."""
    try:
        return state.driver.sender_of(state.spec)
    except ConfigError:
        return ""  # one that is only heard is not even set up then


def _open_heard(state: DeviceState, heard: Heard) -> Push:
    try:
        return state.driver.open_heard(heard, state.spec)
    except CollectorError:
        raise
    except Exception as error:
        # A driver may come from another package; its bug must not end the line.
        _log.exception("driver %s failed on a push of %s", state.spec.driver, state.spec.key)
        raise ProtocolError(f"{type(error).__name__}: {error}", "driver_bug") from error


def _duplicate(source: Source, heard: Heard, states: list[DeviceState]) -> Verdict:
    source.health.duplicates += 1
    for state in states:
        state.hear_better(heard.rssi)
    return Verdict("duplicate", tuple(each.spec.key for each in states))


def digest_of(driver: str, heard: Heard) -> bytes:
    """Return what tells one message from another, whichever way it came."""
    text = json.dumps([driver, heard.sender, heard.telegram], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).digest()
