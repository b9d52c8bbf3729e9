# SPDX-License-Identifier: MIT
"""Pushes as they arrive at a listener: verified, never twice, as samples by register."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo
from decimal import Decimal

from ...model import ProtocolError, ReadResult, Sample, Telegram
from . import apdu as wire
from .counters import CounterStore
from .frames import messages_of
from .gcm import Keys
from .transcript import transcribe


class PushReceiver:
    """Takes the pushes of one meter.

    With keys, everything must be authenticated and encrypted, and the invocation counter must be
    above the last one taken, which is kept in the store. Without keys, only clear pushes are
    taken; those carry no proof of anything.
    """

    def __init__(
        self,
        keys: Keys | None = None,
        store: CounterStore | None = None,
        meter_title: bytes = b"",
        zone: tzinfo | None = None,
    ) -> None:
        if keys and keys.encryption and not (keys.authentication and store):
            raise ValueError("ciphered pushes need both keys and a counter store")
        self._keys = keys or Keys()
        self._store = store
        self._title = meter_title
        self._zone = zone

    def take(self, telegram: Mapping) -> Telegram:
        """Return a push; raises CollectorError, ``replayed`` and ``unprotected`` among them."""
        messages = messages_of(telegram)
        if not self._keys.encryption:
            return transcribe(messages, wire.Security(), self._zone)
        security = wire.Security(self._keys, require=True, meter_title=self._title)
        for message in messages:
            self._load(message, security)
        found = transcribe(messages, security, self._zone)
        # Before the values are given away: a push that cannot be remembered is not taken.
        for title, counter in security.counters.items():
            self._store.received(title, self._keys.fingerprint, counter)
        return found

    def _load(self, message: bytes, security: wire.Security) -> None:
        if message[0] not in (wire.GENERAL_GLO, wire.GENERAL_DED, wire.GENERAL, 0xCA):
            raise ProtocolError("a clear push from a meter with keys", "unprotected")
        title = wire.sender_of(message) or self._title
        if self._title and title != self._title:
            text = f"a push of {title.hex().upper()}, not of {self._title.hex().upper()}"
            raise ProtocolError(text, "wrong_address")
        if title and title not in security.counters:
            last = self._store.last_received(title, self._keys.fingerprint)
            if last >= 0:
                security.counters[title] = last


def to_result(
    telegram: Telegram, scales: Mapping[str, tuple[Decimal, str]] | None = None
) -> ReadResult:
    """Return a push as a reading: samples by ``1.0.1.8.0.255`` and by ``1.8.0``.

    ``scales`` gives factor and unit of registers that come without: meters that push bare numbers
    document them. Of several values of a register the last one counts.
    """
    samples: dict[str, Sample] = {}
    for record in telegram.records:
        if not isinstance(record.value, Decimal) or not record.obis:
            continue
        short = ".".join(record.obis.split(".")[2:5])
        factor, unit = (scales or {}).get(short, (Decimal(1), record.unit))
        stamp = datetime.fromisoformat(record.ts) if record.ts else None
        sample = Sample(record.value * factor, unit, meter_ts=stamp)
        samples[record.obis] = samples[short] = sample
    return ReadResult(telegram.meter, samples, telegram.records)
