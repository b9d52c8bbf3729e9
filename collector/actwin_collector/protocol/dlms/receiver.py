# SPDX-License-Identifier: MIT
"""Pushes as they arrive at a listener: verified, never twice, as samples by register."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from decimal import Decimal

from ...model import (
    STATUS_OK,
    STATUS_SUSPECT,
    ProfileRow,
    ProtocolError,
    Push,
    ReadResult,
    Sample,
    Telegram,
)
from . import apdu as wire
from .counters import CounterStore
from .frames import messages_of
from .gcm import Keys
from .profile import Column
from .protection import Security, sender_of
from .transcript import DOUBTFUL, transcribe


class PushReceiver:
    """Takes the pushes of one meter.

    With keys, everything must be authenticated and encrypted, and the invocation counter must be
    above the last one in the store; ``counters`` then has those to be kept there, by sender and
    key. Without keys, only clear pushes are taken; those carry no proof of anything. ``clear``:
    they are taken of a meter with keys too.
    """

    def __init__(
        self,
        keys: Keys | None = None,
        store: CounterStore | None = None,
        meter_title: bytes = b"",
        zone: tzinfo | None = None,
        columns: Sequence[Column] = (),
        clear: bool = False,
    ) -> None:
        if keys and keys.encryption and not (keys.authentication and store):
            raise ValueError("ciphered pushes need both keys and a counter store")
        self._keys = keys or Keys()
        self._store = store
        self.counters: dict[tuple[bytes, str], int] = {}
        self._title = meter_title
        self._zone = zone
        self._columns = columns
        self._clear = clear

    def take(self, telegram: Mapping) -> Telegram:
        """Return a push; raises CollectorError, ``replayed`` and ``unprotected`` among them."""
        messages = messages_of(telegram)
        clear = all(message[0] not in wire.PROTECTED_TAGS for message in messages)
        if not self._keys.encryption or (clear and self._clear):
            return transcribe(messages, Security(), self._zone, self._columns, pushes_only=True)
        security = Security(self._keys, require=True, suite=None, meter_title=self._title)
        for message in messages:
            self._check(message)
        found = transcribe(messages, security, self._zone, self._columns, pushes_only=True)
        for title, counter in security.counters.items():
            self._check_counter(title, counter)
        return found

    def _check(self, message: bytes) -> None:
        if message[0] not in wire.PROTECTED_TAGS:
            raise ProtocolError("a clear push from a meter with keys", "unprotected")
        title = sender_of(message) or self._title
        if self._title and title != self._title:
            text = f"a push of {title.hex().upper()}, not of {self._title.hex().upper()}"
            raise ProtocolError(text, "wrong_address")

    def _check_counter(self, title: bytes, counter: int) -> None:
        key = self._keys.fingerprint
        last = self._store.last_received(title, key, pushed=True)
        if counter <= last:
            text = f"invocation counter {counter} of {title.hex().upper()} is not above {last}"
            raise ProtocolError(text, "replayed")
        self.counters[title, key] = counter


def to_push(
    telegram: Telegram,
    scales: Mapping[str, tuple[Decimal, str]] | None = None,
    by_meter_time: bool = True,
    raw: str = "",
) -> Push:
    """Return a push as readings by ``1.0.1.8.0.255`` and by ``1.8.0``.

    What carries a time goes to the rows, unless ``by_meter_time`` is false. ``scales`` gives factor
    and unit of registers that come without: meters that push bare numbers document them. Of several
    values of a register for one time the last one counts. A doubtful clock makes values suspect.
    """
    doubtful = telegram.meter.extra.get("clock") == DOUBTFUL
    status = STATUS_SUSPECT if doubtful else STATUS_OK
    now: dict[str, Sample] = {}
    rows: dict[datetime, dict[str, Sample]] = {}
    for record in telegram.records:
        if not isinstance(record.value, Decimal) or not record.obis:
            continue
        short = ".".join(record.obis.split(".")[2:5])
        factor, unit = (scales or {}).get(short, (Decimal(1), record.unit))
        stamp = datetime.fromisoformat(record.ts) if record.ts else None
        sample = Sample(record.value * factor, unit, status, stamp)
        samples = rows.setdefault(stamp, {}) if stamp and by_meter_time else now
        samples[record.obis] = samples[short] = sample
    result = ReadResult(telegram.meter, now, telegram.records, raw)
    return Push(result, tuple(ProfileRow(at, rows[at]) for at in sorted(rows)))
