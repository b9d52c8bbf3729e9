# SPDX-License-Identifier: MIT
"""The COSEM objects of a simulated meter: what each attribute holds at an instant, encoded."""

from __future__ import annotations

from collections.abc import Callable

from ...protocol.dlms import encode
from ...protocol.dlms.cosem import (
    ASSOCIATION,
    CLOCK,
    DATA,
    DEMAND,
    DISCONNECT,
    EXTENDED,
    PUSH,
    REGISTER,
    parse_clock,
    parse_name,
)
from ..load import local_midnight
from ..meters import SimulatedMeter, month_starts
from .cosem import (
    ASSOCIATION_NAME,
    CLOCK_NAME,
    COUNTER_NAME,
    DEVICE_NAME,
    EVENT_NAME,
    FIRMWARE,
    FIRMWARE_NAME,
    OK,
    PUSH_NAME,
    PUSHED,
    REGISTERS,
    SECURITY_NAME,
    SECURITY_SETUP,
    SERIAL_NAME,
    STATUS_NAME,
    SWITCH_NAME,
    UNMATCHED,
    CosemObject,
    reference,
    scale,
    unsigned,
)
from .identity import Identity
from .profiles import CLOCK_SET, profile_objects


class ObjectModel:
    """All objects of one meter by logical name. Its clock can be set; what it counts goes on."""

    def __init__(
        self, meter: SimulatedMeter, identity: Identity, clock: Callable[[], float]
    ) -> None:
        self.meter = meter
        self.identity = identity
        self._clock = clock
        self._offset = 0
        self._connected = True
        self.received_counter = -1
        self.log: dict[int, int] = {}
        self.objects = {each.name: each for each in (*self._general(), *self._registers())}
        for each in profile_objects(self):
            self.objects[each.name] = each
        self.objects[ASSOCIATION_NAME] = self._association()

    @property
    def now(self) -> int:
        """The true time in epoch seconds, by which energy is counted."""
        return int(self._clock())

    @property
    def shown(self) -> int:
        """The meter's own time."""
        return self.now + self._offset

    def scaled(self, code: str, at: int) -> int:
        """Return the number a register shows at an instant."""
        value, _ = self.meter.value(code, at)
        return int(value.scaleb(-REGISTERS[code][0]))

    def _general(self) -> list[CosemObject]:
        identity = self.identity
        return [
            _data(DEVICE_NAME, lambda: encode.octets(identity.device_name.encode("ascii"))),
            _data(SERIAL_NAME, lambda: encode.octets(identity.serial.encode("ascii"))),
            _data(FIRMWARE_NAME, lambda: encode.octets(FIRMWARE.encode("ascii"))),
            _data(STATUS_NAME, lambda: encode.uint8(0)),
            _data(EVENT_NAME, lambda: encode.uint8(2)),
            _data(COUNTER_NAME, lambda: encode.uint32(max(0, self.received_counter))),
            self._clock_object(),
            self._switch(),
            self._security(),
            self._push(),
        ]

    def _clock_object(self) -> CosemObject:
        return CosemObject(
            CLOCK,
            CLOCK_NAME,
            {
                2: lambda: encode.clock(self.identity.local(self.shown)),
                3: lambda: encode.int16(-180),
                4: lambda: encode.uint8(0),
                8: lambda: encode.boolean(False),
                9: lambda: encode.enum(1),
            },
            writers={2: self._set_clock},
        )

    def _set_clock(self, value: object) -> int:
        moment = parse_clock(value, self.identity.zone)
        if moment is None:
            return UNMATCHED
        self._offset = int(moment.timestamp()) - self.now
        self.log[self.now] = CLOCK_SET
        return OK

    def _switch(self) -> CosemObject:
        def switch(connected: bool) -> Callable[[object], int]:
            def act(_: object) -> int:
                self._connected = connected
                return OK

            return act

        return CosemObject(
            DISCONNECT,
            SWITCH_NAME,
            {
                2: lambda: encode.boolean(self._connected),
                3: lambda: encode.enum(1 if self._connected else 0),
                4: lambda: encode.enum(4),
            },
            methods={1: switch(False), 2: switch(True)},
        )

    def _security(self) -> CosemObject:
        identity = self.identity
        return CosemObject(
            SECURITY_SETUP,
            SECURITY_NAME,
            {
                2: lambda: encode.enum(3 if identity.keys.encryption else 0),
                3: lambda: encode.enum(identity.suite),
                4: lambda: encode.octets(bytes(8)),
                5: lambda: encode.octets(identity.title),
            },
        )

    def _push(self) -> CosemObject:
        destination = self.identity.push_to.encode("ascii")
        return CosemObject(
            PUSH,
            PUSH_NAME,
            {
                2: self.push_list,
                3: lambda: encode.structure(
                    encode.enum(0), encode.octets(destination), encode.enum(0)
                ),
            },
        )

    def push_list(self) -> bytes:
        """Return which attributes a push carries."""
        names = [(PUSH, PUSH_NAME), (DATA, DEVICE_NAME), (DATA, SERIAL_NAME), (CLOCK, CLOCK_NAME)]
        names += [(REGISTER, parse_name(code)) for code in PUSHED]
        return encode.array(reference(kind, name) for kind, name in names)

    def push_body(self) -> bytes:
        """Return the content of a push: its list, then a value for each entry but the first."""
        values = [self.objects[name].readers[2]() for name in (DEVICE_NAME, SERIAL_NAME)]
        values.append(self.objects[CLOCK_NAME].readers[2]())
        values += [self.objects[parse_name(code)].readers[2]() for code in PUSHED]
        return encode.structure(self.push_list(), *values)

    def _registers(self) -> list[CosemObject]:
        found = [self._register(code) for code in REGISTERS]
        found.append(
            CosemObject(
                EXTENDED,
                parse_name("1.0.1.6.0.255"),
                {
                    2: lambda: encode.uint32(self._peak()[0]),
                    3: lambda: scale(0, 27),
                    4: lambda: encode.uint8(0),
                    5: lambda: encode.clock(self.identity.local(self._peak()[1] or self.shown)),
                },
            )
        )
        found.append(self._demand())
        return found

    def _register(self, code: str) -> CosemObject:
        return CosemObject(
            REGISTER,
            parse_name(code),
            {
                2: lambda: unsigned(self.scaled(code, self.now)),
                3: lambda: scale(*REGISTERS[code]),
            },
        )

    def _peak(self) -> tuple[int, int]:
        return self.meter.peak(month_starts(self.now, 0)[0], self.now)

    def _demand(self) -> CosemObject:
        def ended() -> int:
            return self.now // 900 * 900

        def mean(end: int) -> int:
            before = max(end - 900, local_midnight(self.meter.curve.first_day))
            return (self.scaled("1.8.0", end) - self.scaled("1.8.0", before)) * 4

        return CosemObject(
            DEMAND,
            parse_name("1.0.1.4.0.255"),
            {
                2: lambda: encode.uint32(self.scaled("1.7.0", self.now)),
                3: lambda: encode.uint32(max(0, mean(ended()))),
                4: lambda: scale(0, 27),
                5: lambda: encode.uint8(0),
                6: lambda: encode.clock(self.identity.local(ended())),
                7: lambda: encode.clock(self.identity.local(ended())),
                8: lambda: encode.uint32(900),
                9: lambda: encode.uint16(1),
            },
        )

    def _association(self) -> CosemObject:
        rights = encode.structure(encode.array(()), encode.array(()))

        def listed() -> bytes:
            return encode.array(
                encode.structure(
                    encode.uint16(each.class_id),
                    encode.uint8(each.version),
                    encode.octets(each.name),
                    rights,
                )
                for each in self.objects.values()
            )

        return CosemObject(ASSOCIATION, ASSOCIATION_NAME, {2: listed, 8: lambda: encode.enum(2)}, 1)


def _data(name: bytes, read: Callable[[], bytes]) -> CosemObject:
    return CosemObject(DATA, name, {2: read})
