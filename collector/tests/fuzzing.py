# SPDX-License-Identifier: MIT
"""Campaigns of mutated frames: what comes in damaged gives records or a named error, quickly.

A campaign has seeds (good input as bytes), a way to mutate them that often mends the check sums
again, so that damage reaches the layers behind them, and a target. Every run is the same for the
same number; ``ACTWIN_FUZZ_SEED`` and ``ACTWIN_FUZZ_TIMES`` ask for other and for longer ones.
"""

from __future__ import annotations

import gc
import os
import random
import resource
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from actwin_collector.model import CollectorError, Record

SEED = int(os.environ.get("ACTWIN_FUZZ_SEED", "1"))
TIMES = int(os.environ.get("ACTWIN_FUZZ_TIMES", "1"))
FRAME_SECONDS = 1.0
"""Processor time one frame may take; the slowest good ones need two hundredths of that."""

MEMORY_BYTES = 16 * 1024 * 1024
"""How much larger the process may be after the frames than when its tables were filled."""

_CHUNK = 500
_WARM = 0.2

Frame = bytes
Target = Callable[[Frame], Iterable[Record]]
Mend = Callable[[random.Random, bytearray], bytes]


@dataclass(slots=True)
class Campaign:
    """Mutated ``seeds`` for a ``target``, which returns records or raises CollectorError."""

    name: str
    seeds: Sequence[Frame]
    target: Target
    mend: Mend = lambda rng, data: bytes(data)


@dataclass(slots=True)
class Outcome:
    """What became of the frames of a campaign."""

    frames: int = 0
    decoded: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    grown: int = 0


class Hang(BaseException):
    """A frame took too long; no decoder may catch it."""


def run(campaign: Campaign, frames: int) -> Outcome:
    """Decode ``frames`` mutations; raises what a decoder should not have raised, or Hang."""
    rng = random.Random(f"{SEED} {campaign.name}")
    outcome, before = Outcome(), 0
    total = frames * TIMES
    alarm = signal.signal(signal.SIGPROF, _hang)
    try:
        while outcome.frames < total:
            chunk = [mutated(rng, campaign) for _ in range(min(_CHUNK, total - outcome.frames))]
            for frame in chunk:
                _decode(campaign, frame, outcome)
            if not before and outcome.frames >= total * _WARM:
                before = memory()
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, alarm)
    outcome.grown = memory() - before
    return outcome


def mutated(rng: random.Random, campaign: Campaign) -> Frame:
    """Return a seed with one to four changes."""
    data = bytearray(rng.choice(campaign.seeds))
    for _ in range(rng.choice((1, 1, 1, 2, 3, 4))):
        rng.choice(_CHANGES)(rng, data, campaign.seeds)
    return campaign.mend(rng, data)


def memory() -> int:
    """Return the bytes of this process that are in memory."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * resource.getpagesize()


def check(records: Iterable[Record]) -> int:
    """Look at every record: it must be complete and printable. Returns how many there are."""
    count = 0
    for count, record in enumerate(records, 1):  # noqa: B007
        assert isinstance(record, Record) and isinstance(record.quantity, str)
        value = record.value
        if isinstance(value, Decimal):
            assert value.is_finite() and "E" not in format(value, "f")
        else:
            assert value is None or isinstance(value, str)
    return count


def _decode(campaign: Campaign, frame: Frame, outcome: Outcome) -> None:
    signal.setitimer(signal.ITIMER_PROF, 2 * FRAME_SECONDS)
    started = time.thread_time()
    try:
        check(campaign.target(frame))
        outcome.decoded += 1
    except CollectorError as error:
        assert error.code and error.message
        outcome.errors[error.code] += 1
    except Hang:
        raise AssertionError(f"{campaign.name}: hangs at {frame.hex()}") from None
    except Exception as error:
        raise AssertionError(f"{campaign.name}: {error!r} at {frame.hex()}") from error
    outcome.slowest = max(outcome.slowest, time.thread_time() - started)
    outcome.frames += 1


def _hang(_signal: int, _frame: object) -> None:
    raise Hang


def _flip(rng: random.Random, data: bytearray, _seeds: Sequence[Frame]) -> None:
    if data:
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def _set(rng: random.Random, data: bytearray, _seeds: Sequence[Frame]) -> None:
    if data:
        data[rng.randrange(len(data))] = rng.choice((0x00, 0x7F, 0x80, 0xFF, rng.randrange(256)))


def _cut(rng: random.Random, data: bytearray, _seeds: Sequence[Frame]) -> None:
    at = rng.randrange(len(data) + 1)
    del data[at : at + rng.randrange(1, 13)]


def _end(rng: random.Random, data: bytearray, _seeds: Sequence[Frame]) -> None:
    del data[rng.randrange(len(data) + 1) :]


def _insert(rng: random.Random, data: bytearray, _seeds: Sequence[Frame]) -> None:
    at = rng.randrange(len(data) + 1)
    data[at:at] = rng.randbytes(rng.randrange(1, 9))


def _repeat(rng: random.Random, data: bytearray, _seeds: Sequence[Frame]) -> None:
    at = rng.randrange(len(data) + 1)
    data[at:at] = data[at : at + rng.randrange(1, 17)]


def _splice(rng: random.Random, data: bytearray, seeds: Sequence[Frame]) -> None:
    other = rng.choice(seeds)
    at, start = rng.randrange(len(data) + 1), rng.randrange(len(other) + 1)
    data[at:] = other[start:]


_CHANGES = (_flip, _flip, _set, _set, _set, _cut, _end, _insert, _repeat, _splice)
