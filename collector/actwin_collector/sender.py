# SPDX-License-Identifier: MIT
"""Moves batches from the outbox to Odoo: at least once out, exactly once in."""

from __future__ import annotations

import logging
import random
from dataclasses import dataclass, field

from .outbox import Batch, Outbox
from .uplink.base import Answer, Uplink, UplinkError

_log = logging.getLogger(__name__)

TOO_MANY = "too_many_rows"


@dataclass
class Backoff:
    """Growing pauses with jitter, so that many collectors do not return in step."""

    first: float = 1.0
    longest: float = 300.0
    rng: random.Random = field(default_factory=random.Random)
    failures: int = 0

    def success(self) -> None:
        """Begin anew."""
        self.failures = 0

    def failure(self, retryable: bool = True) -> float:
        """Return the seconds to wait now; a mistake that people must mend waits longest."""
        pause = min(self.longest, self.first * 2 ** min(self.failures, 30))
        self.failures += 1
        return (pause if retryable else self.longest) * self.rng.uniform(0.5, 1.0)


@dataclass
class Totals:
    """What a sender has delivered since it began."""

    batches: int = 0
    rows: int = 0
    accepted: int = 0
    duplicates: int = 0
    conflicts: int = 0
    rejected: int = 0


class Sender:
    """Sends one batch at a time, oldest first; blocking, for one thread."""

    def __init__(self, outbox: Outbox, uplink: Uplink, collector: str, batch_size: int) -> None:
        self.outbox = outbox
        self.uplink = uplink
        self.collector = collector
        self.batch_size = batch_size
        self.totals = Totals()
        self._limit = batch_size

    def send_one(self) -> bool:
        """Deliver the oldest batch; False when nothing waits. Raises UplinkError, OutboxError."""
        batch = self.outbox.take(self._limit)
        if batch is None:
            return False
        answer = self.uplink.push(self.collector, batch)
        refusal = answer.refusal(len(batch.readings))
        if refusal:
            self._refused(batch, *refusal)
            return True
        self.outbox.ack(batch, answer.rejected)
        self._limit = min(self.batch_size, self._limit * 2)
        self._count(batch, answer)
        return True

    def _refused(self, batch: Batch, code: str, text: str) -> None:
        # The rows stay: a refused batch was not taken, so a smaller one may carry them.
        rows = max(len(batch.readings), len(batch.events), len(batch.comms))
        if code != TOO_MANY or rows <= 1:
            raise UplinkError(f"Odoo refuses the batch: {text}", code, retryable=False)
        self.outbox.release(batch)
        self._limit = max(1, rows // 2)
        _log.warning("Odoo refuses %d rows at once, trying %d", rows, self._limit)

    def _count(self, batch: Batch, answer: Answer) -> None:
        totals = self.totals
        totals.batches += 1
        totals.rows += len(batch.readings)
        totals.accepted += answer.accepted
        totals.duplicates += answer.duplicates
        totals.conflicts += answer.conflicts
        totals.rejected += len(answer.rejected)
        for index, code, text in answer.rejected[:5]:
            of_row = 0 <= index < len(batch.readings)
            what = batch.readings[index] if of_row else "a part of the batch"
            _log.error("Odoo rejects %s: %s [%s]", what, text, code)
        if answer.conflicts:
            _log.error("Odoo reports %d conflicting readings", answer.conflicts)
