# SPDX-License-Identifier: MIT
"""One association with one meter: attributes and profiles as plain values."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from datetime import datetime

from ...model import CollectorError, FrameError, ProtocolError, Record
from ...threads import in_thread
from . import apdu as wire
from .association import Association
from .axdr import decode
from .carrier import Carrier
from .cosem import ASSOCIATION, PROFILE, SCALED, raw_value
from .counters import RESERVE, CounterStore
from .errors import access_error
from .layouts import Layout, read_layout
from .options import PUBLIC_CLIENT, Options
from .profile import by_entry, by_range, rows_of
from .protection import Security

_log = logging.getLogger(__name__)

_CURRENT_ASSOCIATION = bytes((0, 0, 40, 0, 0, 255))
_MAX_BLOCKS = 65536
MAX_VALUE = 1 << 22
# Messages one request may need before the next look at the reserve.
_MARGIN = 8


class Dialogue:
    """Opened by ``open``; every method raises CollectorError."""

    def __init__(self, carrier: Carrier, options: Options, store: CounterStore | None) -> None:
        self._carrier = carrier
        self._options = options
        self._store = store
        self._association: Association | None = None
        self._reserved_end = 0
        self.heard: list[bytes] = []

    @property
    def broken(self) -> bool:
        """Whether the stream must begin anew."""
        return self._carrier.broken

    @property
    def meter_title(self) -> bytes:
        """The meter's system title, b"" in a clear association."""
        security = self._association and self._association.security
        return security.meter_title if security else b""

    async def open(self) -> None:
        """Connect and associate; asks for the invocation counter first where it is not known."""
        options = self._options
        security, start = None, 0
        if options.ciphered:
            start = await self._first_counter()
            security = Security(
                options.keys.unicast,
                options.system_title,
                options.meter_title,
                require=True,
                suite=options.suite,
            )
            if options.check_counter and options.meter_title:
                await self._load_received(security, options.meter_title)
        await self._associate(options.mechanism, options.client, security, start)

    async def close(self, failed: bool = False) -> None:
        """Release, unless the dialogue failed, disconnect, and settle the counters."""
        association = self._association
        try:
            if association and not failed:
                await self._say_good_bye()
        finally:
            self._association = None
            if association:
                await self._settle(association)
            await self._carrier.disconnect()

    async def get(self, attribute: wire.Attribute, selector: bytes = b"") -> object:
        """Return the value of an attribute; raises ProtocolError ``access_denied`` and others."""
        association = self._association
        await self._top_up(association)
        message = association.get(attribute, selector)
        parts: list[bytes] = []
        for number in range(1, _MAX_BLOCKS):
            answer = await self._answer(association, message)
            if answer.error is not None:
                raise access_error(answer.error, attribute.text)
            parts.append(answer.data)
            if not answer.block or answer.last:
                return decode(b"".join(parts))
            if answer.block != number or sum(map(len, parts)) > MAX_VALUE:
                raise FrameError(f"block {answer.block} came instead of {number}", "bad_block")
            await self._top_up(association)
            message = association.next_block(number)
        raise FrameError("a value that never ends", "too_long")

    async def set(self, attribute: wire.Attribute, value: bytes) -> None:
        """Set an attribute to an encoded value; raises ProtocolError ``access_denied``, …"""
        association = self._association
        await self._top_up(association)
        answer = association.open(await self._ask(association.set(attribute, value)))
        if answer[:2] != bytes((wire.WAS_SET, 1)) or len(answer) != 4:
            raise FrameError(f"message {answer[:2].hex()} instead of a result")
        if answer[2] & 0x0F != association.invoke_id:
            raise ProtocolError("the answer to another request", "replayed")
        if answer[3]:
            raise access_error(answer[3], attribute.text)

    async def scale(self, class_id: int, name: bytes) -> tuple[int, int] | None:
        """Return scaler and unit of an object, None where its class has none."""
        number = SCALED.get(class_id)
        if not number:
            return None
        value = await self.get(wire.Attribute(class_id, name, number))
        if not isinstance(value, list) or len(value) != 2:
            raise FrameError(f"{raw_value(value)} is no scaler and unit")
        return value[0], value[1]

    async def objects(self) -> dict[bytes, int]:
        """Return the class of each object of the association, by logical name."""
        value = await self.get(wire.Attribute(ASSOCIATION, _CURRENT_ASSOCIATION, 2))
        if not isinstance(value, list):
            raise FrameError("the object list is no array")
        found = {}
        for entry in value:
            if not isinstance(entry, list) or len(entry) < 3 or not isinstance(entry[2], bytes):
                raise FrameError(f"{raw_value(entry)} is no object of a list")
            found[entry[2]] = entry[0]
        return found

    async def last_rows(self, name: bytes, count: int) -> tuple[Record, ...]:
        """Return the last ``count`` rows of a profile as records, oldest first."""
        used = await self.get(wire.Attribute(PROFILE, name, 7))
        if not isinstance(used, int):
            raise FrameError("the number of rows is no number")
        if not used:
            return ()
        first = max(1, used - count + 1)
        return await self._rows(name, lambda layout: by_entry(first, used))

    async def rows_between(self, name: bytes, start: datetime, end: datetime) -> tuple[Record, ...]:
        """Return the rows of a profile from ``start`` to ``end`` (aware, included) as records."""
        return await self._rows(name, lambda layout: by_range(start, end, layout.clock))

    async def _rows(self, name: bytes, selector: Callable[[Layout], bytes]) -> tuple[Record, ...]:
        layout = await read_layout(self, name)
        rows = await self.get(wire.Attribute(PROFILE, name, 2), selector(layout))
        zone = self._options.zone
        return tuple(rows_of(rows, layout.columns, layout.scales, zone, layout.period))

    async def _associate(
        self, mechanism: str, client: int, security: Security | None, start: int
    ) -> None:
        self._carrier.client = client
        await self._carrier.connect()
        association = Association(mechanism, client, self._options.password, security, start)
        self._association = association
        try:
            if association.accept(await self._ask(association.request())):
                answer = await self._ask(association.proof_request())
                await self._known_meter(association)
                association.accept_proof(answer)
            else:
                await self._known_meter(association)
        except CollectorError as error:
            if security and error.code == "stale_counter":
                await in_thread(self._store.mark_stale, *self._sender)
            raise

    async def _known_meter(self, association: Association) -> None:
        """Refuse the meter's answer when its counter was seen in an earlier dialogue."""
        security = association.security
        if not security or not self._options.check_counter or self._options.meter_title:
            return
        seen = security.counters.pop(security.meter_title, -1)
        await self._load_received(security, security.meter_title)
        if seen >= 0:
            security.accept(security.meter_title, seen)

    async def _load_received(self, security: Security, title: bytes) -> None:
        key = self._options.keys.fingerprint
        last = await in_thread(self._store.last_received, title, key)
        if last >= 0:
            security.counters[title] = last

    @property
    def _sender(self) -> tuple[bytes, str]:
        return self._options.system_title, self._options.keys.fingerprint

    async def _first_counter(self) -> int:
        least = 0
        if await in_thread(self._store.needs_meter, *self._sender):
            least = await self._counter_at_meter()
        start = await in_thread(self._store.reserve, *self._sender, least)
        self._reserved_end = start + RESERVE
        return start

    async def _counter_at_meter(self) -> int:
        """Return the first counter the meter would take, told to the public client."""
        if not self._options.counter_name:
            return 0
        try:
            await self._associate("none", PUBLIC_CLIENT, None, 0)
            value = await self.get(wire.Attribute(1, self._options.counter_name, 2))
        except CollectorError:
            # What comes of a good-bye now must not hide why this failed.
            self._association = None
            await self._carrier.disconnect()
            raise
        await self._say_good_bye()
        await self._carrier.disconnect()
        if not isinstance(value, int) or not 0 <= value < 0xFFFF_0000:
            raise ProtocolError(f"{raw_value(value)} is no usable invocation counter")
        return value + 1

    async def _say_good_bye(self) -> None:
        association, self._association = self._association, None
        try:
            await self._ask(association.release())
        except CollectorError as error:
            # Everything was read; a meter that does not answer loses nothing.
            _log.debug("release: %s", error)
            with contextlib.suppress(CollectorError):
                await self._carrier.link.discard_input()

    async def _settle(self, association: Association) -> None:
        security = association.security
        if not security:
            return
        await in_thread(
            self._store.give_back, *self._sender, self._reserved_end, association.counter
        )
        title = security.meter_title
        if title in security.counters and self._options.check_counter and security.verified:
            key = self._options.keys.fingerprint
            await in_thread(self._store.received, title, key, security.counters[title])

    async def _top_up(self, association: Association) -> None:
        if association.security and association.counter + _MARGIN > self._reserved_end:
            start = await in_thread(self._store.reserve, *self._sender, association.counter)
            association.counter = start
            self._reserved_end = start + RESERVE

    async def _answer(self, association: Association, message: bytes) -> wire.Answer:
        plain = association.open(await self._ask(message))
        if plain[:1] != bytes((wire.GOT,)):
            raise FrameError(f"message {plain[:1].hex()} instead of a value")
        answer = wire.parse_answer(plain)
        if answer.invoke != association.invoke_id:
            raise ProtocolError("the answer to another request", "replayed")
        return answer

    async def _ask(self, message: bytes) -> bytes:
        answer = await self._carrier.exchange(message)
        self.heard.append(answer)
        return answer
