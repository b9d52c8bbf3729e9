# SPDX-License-Identifier: MIT
"""The Modbus driver on a scripted link: framing, checks, refusals, decoding."""

from __future__ import annotations

import struct
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from protocol_rig import ScriptedLink, cases, check_case, device, read

from actwin_collector.model import (
    AddressError,
    ChecksumError,
    ConfigError,
    FrameError,
    NoAnswer,
)
from actwin_collector.protocol.modbus import ModbusDriver
from actwin_collector.protocol.modbus.adu import Refused
from actwin_collector.simulate.modbus import crc16

MAP = {
    "register": [
        {"name": "a", "address": 10, "unit": "V"},
        {"name": "b", "address": 13, "type": "int32", "unit": "Wh", "multiplier": "ratio"},
        {"name": "ratio", "address": 20},
    ]
}


def tcp(pdu: bytes, unit: int = 1, transaction: int | None = None):
    """An answer that repeats the request's transaction id, or carries another one."""

    def answer(request: bytes) -> bytes:
        echoed = request[:2] if transaction is None else struct.pack(">H", transaction)
        return echoed + struct.pack(">HHB", 0, len(pdu) + 1, unit) + pdu

    return answer


def rtu(pdu: bytes, unit: int = 1) -> bytes:
    body = bytes([unit]) + pdu
    return body + crc16(body)


def words(*values: int) -> bytes:
    return bytes([3, 2 * len(values)]) + struct.pack(f">{len(values)}H", *values)


def run(*script, registers=("a",), kind="tcp", driver=None, **more):
    link = ScriptedLink(*script, kind=kind)
    spec = device("modbus", *registers, address=more.pop("address", "1"), map=MAP, **more)
    return link, lambda: read(driver or ModbusDriver(), link, spec)


@pytest.mark.parametrize("folder", cases("modbus"), ids=lambda path: path.name)
def test_case_decodes_as_expected(folder):
    check_case(folder, ModbusDriver.decode)


def test_tcp_request_is_exact_and_the_answer_becomes_a_sample():
    link, go = run(tcp(words(230)))
    result = go()
    assert link.sent[0][2:] == bytes.fromhex("0000 0006 01 03 000a 0001")
    assert (result.samples["a"].value, result.samples["a"].unit) == (Decimal(230), "V")


def test_rtu_request_is_exact_and_framing_follows_the_line():
    for kind in ("serial", "rtu_tcp"):
        link, go = run(rtu(words(230)), kind=kind)
        assert go().samples["a"].value == 230
        assert link.sent == [rtu(bytes.fromhex("03000a0001"))]
    link, go = run(rtu(words(230)), kind="tcp", framing="rtu")
    assert go().samples["a"].value == 230


def test_multiplier_register_is_read_along():
    _, go = run(tcp(words(0, 100, 0, 0, 0, 0, 0, 40)), registers=("b",))
    result = go()
    assert result.samples["b"].value == 4000
    assert list(result.samples) == ["b"]


def test_late_answer_to_an_older_request_is_dropped():
    def late_then_right(request):
        return tcp(words(1), transaction=0)(request) + tcp(words(2))(request)

    _, go = run(late_then_right)
    assert go().samples["a"].value == 2


def test_only_foreign_transactions_are_no_answer():
    _, go = run(tcp(words(1), transaction=0))
    with pytest.raises(NoAnswer):
        go()


def test_answer_of_another_unit_is_refused():
    for kind, answer in (("tcp", tcp(words(1), unit=2)), ("serial", rtu(words(1), unit=2))):
        _, go = run(answer, kind=kind)
        with pytest.raises(AddressError):
            go()


def test_wrong_crc_length_function_and_count_are_refused():
    broken = bytearray(rtu(words(1)))
    broken[3] ^= 1
    _, go = run(bytes(broken), kind="serial")
    with pytest.raises(ChecksumError):
        go()
    for pdu in (words(1, 2), b"\x04\x02\x00\x01", b"\x03\x04\x00\x01", b"\x03\x03\x00\x01\x02"):
        _, go = run(tcp(pdu))
        with pytest.raises(FrameError):
            go()


def test_garbage_instead_of_a_header_is_refused():
    _, go = run(b"HTTP/1.1 400 Bad Request")
    with pytest.raises(FrameError):
        go()


@pytest.mark.parametrize(
    ("code", "name", "kind"),
    [
        (1, "illegal_function", Refused),
        (3, "illegal_data_value", Refused),
        (4, "device_failure", Refused),
        (6, "device_busy", Refused),
        (10, "gateway_path_unavailable", NoAnswer),
        (11, "gateway_target_no_answer", NoAnswer),
        (99, "modbus_exception_99", Refused),
    ],
)
def test_exception_answer_is_a_named_error(code, name, kind):
    for line, answer in (("tcp", tcp(bytes([0x83, code]))), ("serial", rtu(bytes([0x83, code])))):
        _, go = run(answer, kind=line)
        with pytest.raises(kind) as caught:
            go()
        assert caught.value.code == name


def test_refused_gap_splits_the_request_and_is_remembered():
    driver = ModbusDriver()
    refusal = tcp(bytes([0x83, 2]))
    script = (refusal, tcp(words(230)), tcp(words(0, 7)), tcp(words(2)))
    link, go = run(*script, registers=("a", "b"), driver=driver)
    samples = go().samples
    assert (samples["a"].value, samples["b"].value) == (230, 14)
    assert len(link.sent) == 4
    link, go = run(*script[1:], registers=("a", "b"), driver=driver)
    assert go().samples["b"].value == 14
    assert len(link.sent) == 3


def test_refusal_without_a_gap_is_an_error():
    _, go = run(tcp(bytes([0x83, 2])))
    with pytest.raises(Refused) as caught:
        go()
    assert caught.value.code == "illegal_data_address"


def test_echo_of_a_two_wire_line_is_skipped():
    link, go = run(lambda request: request + rtu(words(5)), kind="serial", echo=True)
    assert go().samples["a"].value == 5
    _, go = run(rtu(words(5)) * 2, kind="serial", echo=True)
    with pytest.raises(FrameError):
        go()


def test_value_that_says_nothing_is_no_sample():
    rows = {"register": [{"name": "a", "address": 0, "no_value": [0x8000]}]}
    link = ScriptedLink(tcp(words(0x8000)))
    result = read(ModbusDriver(), link, device("modbus", "a", map=rows))
    assert "a" not in result.samples and result.records[0].value is None


def test_device_without_parameters_reads_the_whole_map():
    _, go = run(tcp(words(*range(11))), registers=())
    assert set(go().samples) == {"a", "b", "ratio"}


@pytest.mark.parametrize(
    "more",
    [{"address": "256"}, {"address": "x"}, {"framing": "ascii"}, {"fill": 500}, {"pause": -1}],
)
def test_wrong_setting_is_a_configuration_error(more):
    _, go = run(tcp(words(1)), **more)
    with pytest.raises(ConfigError):
        go()


def test_unknown_register_is_a_configuration_error():
    _, go = run(tcp(words(1)), registers=("nope",))
    with pytest.raises(ConfigError):
        go()


bounded = settings(max_examples=400, deadline=None, derandomize=True)


@bounded
@given(st.integers(0, 247), st.lists(st.integers(0, 65535), min_size=1, max_size=125))
def test_sound_answer_always_decodes(unit, values):
    telegram = ModbusDriver.decode({"telegram": rtu(words(*values), unit).hex()})
    assert [record.value for record in telegram.records] == values
    assert telegram.meter.id == str(unit)
