# SPDX-License-Identifier: MIT
"""Pushes as they arrive at a listener: verified, never twice, as samples by register."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
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
from .sealed_text import is_readout, readings_of
from .transcript import AUTHENTICATION, DOUBTFUL, UNVERIFIED, transcribe

# What to do with pushes whose tag is missing or cannot be checked.
UNPROVED = ("refuse", "suspect", "accept")
Samples = dict[str, Sample]
Taken = tuple[Samples, dict[datetime, Samples]]


class PushReceiver:
    """Takes the pushes of one meter.

    With keys, everything must be authenticated and encrypted, and the store must not have taken
    the invocation counter; ``counters`` then has those to be kept there, by sender and key, and
    ``late`` tells that a higher one was taken before. Without keys, only clear pushes are taken;
    those carry no proof of anything. ``clear``: they are taken of a meter with keys too.
    ``unproved``: so are those that are encrypted, but whose tag is missing or cannot be checked
    for want of the authentication key.
    """

    def __init__(
        self,
        keys: Keys | None = None,
        store: CounterStore | None = None,
        meter_title: bytes = b"",
        zone: tzinfo | None = None,
        columns: Sequence[Column] = (),
        clear: bool = False,
        unproved: bool = False,
    ) -> None:
        if keys and keys.encryption and not ((keys.authentication or unproved) and store):
            raise ValueError("ciphered pushes need both keys and a counter store")
        self._keys = keys or Keys()
        self._store = store
        self.counters: dict[tuple[bytes, str], int] = {}
        self.late = False
        self._title = meter_title
        self._zone = zone
        self._columns = columns
        self._clear = clear
        self._unproved = unproved

    def take(self, telegram: Mapping) -> Telegram:
        """Return a push; raises CollectorError, ``replayed`` and ``unprotected`` among them."""
        messages = messages_of(telegram)
        clear = all(message[0] not in wire.PROTECTED_TAGS for message in messages)
        if not self._keys.encryption or (clear and self._clear):
            return transcribe(messages, Security(), self._zone, self._columns, pushes_only=True)
        proved = not self._unproved
        security = Security(self._keys, require=proved, suite=None, meter_title=self._title)
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
        self.late |= self._store.check_push(title, key, counter)
        self.counters[title, key] = counter


def to_push(
    telegram: Telegram,
    scales: Mapping[str, tuple[Decimal, str]] | None = None,
    by_meter_time: bool = True,
    raw: str = "",
    zone: tzinfo | None = None,
    unproved: str = UNPROVED[0],
) -> Push:
    """Return a push as readings by ``1.0.1.8.0.255`` and by ``1.8.0``; raises CollectorError.

    What carries a time goes to the rows, unless ``by_meter_time`` is false. ``scales`` gives factor
    and unit of registers that come without: meters that push bare numbers document them. Of several
    values of a register for one time the last one counts. A doubtful clock makes values suspect,
    and so does a tag that could not be checked, unless ``unproved`` accepts it.
    """
    extra = telegram.meter.extra
    unchecked = extra.get(AUTHENTICATION) == UNVERIFIED and unproved != "accept"
    suspect = unchecked or extra.get("clock") == DOUBTFUL
    if is_readout(telegram):
        now, rows = _of_readout(telegram, by_meter_time, zone)
    else:
        now, rows = _of_records(telegram, by_meter_time, scales or {})
    for samples in (now, *rows.values()) if suspect else ():
        for name, sample in samples.items():
            samples[name] = replace(sample, status=STATUS_SUSPECT)
    result = ReadResult(telegram.meter, now, telegram.records, raw)
    return Push(result, tuple(ProfileRow(at, rows[at]) for at in sorted(rows)))


def _of_readout(telegram: Telegram, by_meter_time: bool, zone: tzinfo | None) -> Taken:
    stamp, samples = readings_of(telegram, zone)
    return ({}, {stamp: samples}) if stamp and by_meter_time else (samples, {})


def _of_records(
    telegram: Telegram, by_meter_time: bool, scales: Mapping[str, tuple[Decimal, str]]
) -> Taken:
    now: Samples = {}
    rows: dict[datetime, Samples] = {}
    for record in telegram.records:
        if not isinstance(record.value, Decimal) or not record.obis:
            continue
        short = ".".join(record.obis.split(".")[2:5])
        factor, unit = scales.get(short, (Decimal(1), record.unit))
        stamp = datetime.fromisoformat(record.ts) if record.ts else None
        sample = Sample(record.value * factor, unit, STATUS_OK, stamp)
        samples = rows.setdefault(stamp, {}) if stamp and by_meter_time else now
        samples[record.obis] = samples[short] = sample
    return now, rows
