# SPDX-License-Identifier: MIT
"""What devices in the field do: refuse blocks, lack registers, answer late, stay silent."""

from __future__ import annotations

import asyncio
import struct
import time
from decimal import Decimal

import pytest
from protocol_rig import ScriptedLink, device, read, tcp_link

from actwin_collector.model import CollectorError, NoAnswer
from actwin_collector.protocol.modbus import ModbusDriver
from actwin_collector.protocol.modbus.adu import Refused
from actwin_collector.simulate.modbus import ModbusTcpSession, crc16
from actwin_collector.simulate.ports import TcpPort


class Device:
    """Answers a TCP request from its registers; refuses blocks that touch a missing one."""

    def __init__(self, missing=(), limit=125, code=2):
        self.asked = []
        self._missing, self._limit, self._code = set(missing), limit, code

    def respond(self, pdu: bytes) -> bytes:
        function, address, count = struct.unpack(">BHH", pdu)
        self.asked.append((address, count))
        if count > self._limit:
            return bytes((function | 0x80, 3))
        if self._missing & set(range(address, address + count)):
            return bytes((function | 0x80, self._code))
        return bytes((function, 2 * count)) + struct.pack(
            f">{count}H", *range(address, address + count)
        )

    def link(self):
        session = ModbusTcpSession({1: self})
        return ScriptedLink(*[session.feed] * 40)


def rows(*addresses, **more):
    return {"register": [{"name": f"r{at}", "address": at, **more} for at in addresses]}


def poll(driver, unit, table, **settings):
    unit.asked.clear()
    return read(driver, unit.link(), device("modbus", address="1", map=table, **settings))


@pytest.mark.parametrize("code", [2, 3])
def test_gap_a_device_refuses_is_met_once(code):
    driver, unit = ModbusDriver(), Device(missing=[2], code=code)
    table = rows(0, 1, 3, 4)
    for asked in ([(0, 5), (0, 2), (3, 2)], [(0, 2), (3, 2)], [(0, 2), (3, 2)]):
        result = poll(driver, unit, table)
        assert unit.asked == asked
        assert {name: int(sample.value) for name, sample in result.samples.items()} == {
            "r0": 0, "r1": 1, "r3": 3, "r4": 4,
        }  # fmt: skip


def test_register_the_device_lacks_spoils_no_other_and_is_named():
    driver, unit = ModbusDriver(), Device(missing=[2])
    result = poll(driver, unit, rows(0, 1, 2, 3))
    assert sorted(result.samples) == ["r0", "r1", "r3"]
    assert result.meter.extra == {"refused": "r2"}
    poll(driver, unit, rows(0, 1, 2, 3))
    assert unit.asked == [(0, 2), (2, 1), (3, 1)]


def test_device_that_gives_none_of_them_is_an_error():
    with pytest.raises(Refused) as caught:
        poll(ModbusDriver(), Device(missing=range(10)), rows(0, 1, 5))
    assert caught.value.code == "illegal_data_address"


def test_device_that_gives_few_registers_at_once_is_learnt():
    driver, unit = ModbusDriver(), Device(limit=4)
    table = rows(*range(16))
    assert len(poll(driver, unit, table).samples) == 16
    assert len(poll(driver, unit, table).samples) == 16
    assert unit.asked == [(0, 4), (4, 4), (8, 4), (12, 4)]


def test_two_devices_do_not_share_what_they_refuse():
    driver, picky, easy = ModbusDriver(), Device(missing=[1]), Device()
    poll(driver, picky, rows(0, 2))
    easy_spec = device("modbus", address="1", map=rows(0, 2))
    read(driver, easy.link(), type(easy_spec)("E", "modbus", "line", "1", easy_spec.settings))
    assert easy.asked == [(0, 3)]


def test_each_value_in_a_request_of_its_own():
    unit = Device()
    poll(ModbusDriver(), unit, rows(0, 1, 2), single=True)
    assert unit.asked == [(0, 1), (1, 1), (2, 1)]


@pytest.mark.parametrize("function", [1, 2])
def test_coils_and_discrete_inputs(function):
    table = rows(3, 12, type="bit", function=function)
    answer = bytes((function, 2, 0b0000_0001, 0b0000_0010))
    link = ScriptedLink(rtu(answer), kind="serial")
    result = read(ModbusDriver(), link, device("modbus", address="1", map=table, fill=9))
    assert link.sent[0][:6] == bytes((1, function, 0, 3, 0, 10))
    assert [int(result.samples[name].value) for name in ("r3", "r12")] == [1, 1]


def rtu(pdu: bytes, unit: int = 1) -> bytes:
    body = bytes((unit,)) + pdu
    return body + crc16(body)


def words(*values: int) -> bytes:
    return bytes((3, 2 * len(values))) + struct.pack(f">{len(values)}H", *values)


def serial_read(*script, driver=None, link=None, timeout=0.2, **settings):
    link = link or ScriptedLink(*script, kind="serial")
    spec = device("modbus", "r0", address="1", map=rows(0), **settings)
    return read(driver or ModbusDriver(), link, spec, timeout)


def test_late_answer_of_another_unit_or_question_is_passed_over():
    late = rtu(words(5), unit=7) + rtu(words(1, 2)) + rtu(bytes((4, 2, 0, 9)))
    assert serial_read(late + rtu(words(42))).samples["r0"].value == 42


class LateLink(ScriptedLink):
    """Silent to the first question; its answer arrives while the next one is being prepared."""

    def __init__(self, late: bytes, right: bytes) -> None:
        super().__init__(b"", lambda _data: right, kind="serial")
        self._late, self._discards = late, 0

    async def discard_input(self) -> None:
        await super().discard_input()
        self._discards += 1
        if self._discards == 2:
            self._waiting = self._late

    async def _receive(self, max_bytes, timeout):
        if not self._waiting:
            await asyncio.sleep(min(timeout, 0.05))
        return await super()._receive(max_bytes, timeout)


def test_late_answer_to_the_same_question_is_not_taken_for_the_new_one():
    link, driver = LateLink(rtu(words(1)), rtu(words(2))), ModbusDriver()
    with pytest.raises(NoAnswer):
        serial_read(link=link, driver=driver)
    assert serial_read(link=link, driver=driver).samples["r0"].value == 2


def test_settle_and_pause_are_kept():
    unit = Device()
    started = time.monotonic()
    poll(ModbusDriver(), unit, rows(0, 100, 200), settle=0.1, pause=0.05)
    assert 0.2 <= time.monotonic() - started < 1.0
    assert len(unit.asked) == 3


class Gateway(ModbusTcpSession):
    """A gateway that says nothing at all for units that do not answer."""

    def _respond(self, unit, pdu):
        return super()._respond(unit, pdu) if unit in self._units else b""

    def feed(self, data):
        unit = data[6]
        return super().feed(data) if unit in self._units else b""


def test_two_hundred_units_behind_a_gateway_cost_only_the_silent_ones_timeouts():
    silent = {7, 70, 170}
    units = {unit: Device() for unit in range(1, 201) if unit not in silent}

    async def main():
        port = TcpPort(lambda: Gateway(units))
        address = f"127.0.0.1:{await port.start()}"
        driver, link = ModbusDriver(), tcp_link(address)
        found, errors = {}, {}
        started = time.monotonic()
        await link.open()
        for unit in range(1, 201):
            spec = device("modbus", "r3", address=str(unit), map=rows(3))
            try:
                result = await driver.read(link, spec, 0.2)
            except CollectorError as error:
                errors[unit] = error.code
            else:
                found[unit] = result.samples["r3"].value
        spent = time.monotonic() - started
        await link.close()
        await port.stop()
        return found, errors, spent

    found, errors, spent = asyncio.run(main())
    assert errors == dict.fromkeys(silent, "no_answer")
    assert found == {unit: Decimal(3) for unit in units}
    assert spent < 3 * 0.2 + 3.0


REQUEST_RTU = rtu(bytes.fromhex("0400000002"), unit=3)
ANSWER_RTU = rtu(bytes.fromhex("0404") + struct.pack(">f", 230.1), unit=3)
REQUEST_TCP = bytes.fromhex("0001000000060304 00000002")
ANSWER_TCP = bytes.fromhex("0001000000070304 04") + struct.pack(">f", 230.1)


@pytest.mark.parametrize(
    "given",
    [
        {"request": REQUEST_RTU.hex(), "response": ANSWER_RTU.hex()},
        {"request": REQUEST_RTU.hex(), "telegram": ANSWER_RTU.hex(" ")},
        {"frames": [REQUEST_RTU.hex(), ANSWER_RTU.hex()]},
        {"telegram": REQUEST_RTU.hex() + ANSWER_RTU.hex()},
        {"telegram": f"{REQUEST_TCP.hex()} {ANSWER_TCP.hex()}"},
        {"telegram": ANSWER_TCP.hex(), "address": 0, "function": 4},
    ],
)
def test_recorded_exchange_decodes_whatever_way_it_is_given(given):
    telegram = ModbusDriver.decode({**given, "map": "eastron_sdm630"})
    voltage = telegram.records[0]
    assert (voltage.quantity, voltage.value, voltage.unit) == ("voltage_l1", Decimal("230.1"), "V")


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"telegram": REQUEST_RTU.hex()}, "request_only"),
        ({"frames": [REQUEST_RTU.hex(), rtu(words(1, 2), 3).hex()]}, "bad_frame"),
        ({"frames": [REQUEST_RTU.hex(), rtu(b"\x04\x04ABCD", 4).hex()]}, "wrong_address"),
        ({"frames": [REQUEST_RTU.hex(), rtu(b"\x84\x02", 3).hex()]}, "illegal_data_address"),
        ({"frames": [REQUEST_TCP.hex(), "0002" + ANSWER_TCP.hex()[4:]]}, "wrong_transaction"),
        ({"frames": [REQUEST_RTU.hex(), ANSWER_RTU.hex()[:-2] + "00"]}, "bad_checksum"),
        ({"frames": [REQUEST_RTU.hex(), 5]}, "bad_hex"),
        ({"frames": []}, "bad_frame"),
        ({}, "bad_hex"),
    ],
)
def test_exchange_that_does_not_fit_is_a_named_error(given, code):
    with pytest.raises(CollectorError) as caught:
        ModbusDriver.decode(given)
    assert caught.value.code == code
