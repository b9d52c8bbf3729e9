# SPDX-License-Identifier: MIT
"""Modbus frames: pymodbus builds and parses them, here they are checked against the request.

Of pymodbus only frames and PDUs are used. Its clients own the connection, repeat requests by
themselves and drop the connection after some silent units (every other meter behind the same
gateway suffers), where here one worker owns the line; and they neither refuse a byte count that is
not the answer's length nor answers of another unit, both of which would become readings.
"""

from __future__ import annotations

import itertools

from pymodbus.exceptions import ModbusException
from pymodbus.framer import FramerRTU, FramerSocket
from pymodbus.pdu import DecodePDU, ModbusPDU
from pymodbus.pdu.bit_message import ReadCoilsRequest, ReadDiscreteInputsRequest
from pymodbus.pdu.register_message import ReadHoldingRegistersRequest, ReadInputRegistersRequest

from ...model import AddressError, ChecksumError, FrameError, NoAnswer, ProtocolError

TCP, RTU = "tcp", "rtu"
MBAP_SIZE = 7
BIT_FUNCTIONS = (1, 2)
_REQUESTS = {
    1: ReadCoilsRequest,
    2: ReadDiscreteInputsRequest,
    3: ReadHoldingRegistersRequest,
    4: ReadInputRegistersRequest,
}
_DECODER = DecodePDU(is_server=False)
_FRAMERS = {TCP: FramerSocket(_DECODER), RTU: FramerRTU(_DECODER)}
_EXCEPTIONS = {
    1: "illegal_function",
    2: "illegal_data_address",
    3: "illegal_data_value",
    4: "device_failure",
    5: "acknowledge",
    6: "device_busy",
    7: "negative_acknowledge",
    8: "memory_parity_error",
    10: "gateway_path_unavailable",
    11: "gateway_target_no_answer",
}
_transactions = itertools.count(1)


class Refused(ProtocolError):
    """The device answered with a Modbus exception; ``code`` is its name."""

    default_code = "modbus_exception"


def next_transaction() -> int:
    """Return a transaction id, 1..65535, in turn."""
    return (next(_transactions) - 1) % 65535 + 1


def build_request(
    framing: str, unit: int, function: int, address: int, count: int, transaction: int = 0
) -> bytes:
    """Return the bytes of a read request."""
    pdu = _REQUESTS[function](
        address=address, count=count, dev_id=unit, transaction_id=transaction
    )
    return _FRAMERS[framing].buildFrame(pdu)


def parse_answer(framing: str, data: bytes) -> tuple[int, int, int, tuple[int, ...]]:
    """Return (unit, transaction, function, register words) of one whole answer.

    The words of a bit function are 0 and 1, eight for each byte of the answer. Raises
    Refused for an exception answer (NoAnswer when a gateway reports a silent meter), ChecksumError
    and FrameError.
    """
    if framing == RTU:
        _check_rtu(data)
    elif len(data) < MBAP_SIZE + 2 or int.from_bytes(data[4:6], "big") + 6 != len(data):
        raise FrameError("the length in the header is not the length of the answer")
    pdu = _decode(framing, data)
    if pdu.isError():
        raise _exception(pdu.exception_code)
    if pdu.function_code not in _REQUESTS:
        raise FrameError(f"function {pdu.function_code} is not an answer to a read request")
    function = pdu.function_code
    _check_byte_count(framing, data, function)
    words = map(int, pdu.bits) if function in BIT_FUNCTIONS else pdu.registers
    return pdu.dev_id, pdu.transaction_id, function, tuple(words)


def check_answer(
    answer: tuple[int, int, int, tuple[int, ...]], unit: int, function: int, count: int
) -> tuple[int, ...]:
    """Return the words when unit, function and count are those asked for."""
    got_unit, _, got_function, words = answer
    if got_unit != unit:
        raise AddressError(f"unit {got_unit} answered, not {unit}")
    expected = -(-count // 8) * 8 if function in BIT_FUNCTIONS else count
    if got_function != function or len(words) != expected:
        raise FrameError(
            f"function {got_function} with {len(words)} registers, not {function} with {count}"
        )
    return words[:count]


def belongs_to(data: bytes, unit: int, function: int, count: int) -> bool:
    """Whether an RTU frame is the answer to a question, good or bad.

    A damaged one counts as it: what follows damaged bytes cannot be trusted either.
    """
    if not _crc_is_right(data):
        return True
    size = -(-count // 8) if function in BIT_FUNCTIONS else 2 * count
    fits = data[1] == function and data[2] == size
    return data[0] == unit and (fits or data[1] == function | 0x80)


def detect_framing(data: bytes) -> str:
    """Return which framing an answer has: the header's length fits, or else RTU."""
    fits = len(data) > MBAP_SIZE and int.from_bytes(data[4:6], "big") + 6 == len(data)
    return TCP if fits and data[2:4] == b"\0\0" else RTU


def rtu_answer_size(head: bytes) -> int:
    """Return the size of the RTU answer whose first three bytes are given."""
    return 5 if head[1] & 0x80 else head[2] + 5


def parse_request(framing: str, data: bytes) -> tuple[int, int, int, int] | None:
    """Return (unit, function, address, count) of a read request; None when it is none."""
    at = MBAP_SIZE - 1 if framing == TCP else 0
    if len(data) != at + (6 if framing == TCP else 8) or data[at + 1] not in _REQUESTS:
        return None
    if framing == RTU and not _crc_is_right(data):
        return None
    address, count = (int.from_bytes(data[at + n : at + n + 2], "big") for n in (2, 4))
    return data[at], data[at + 1], address, count


def _check_rtu(data: bytes) -> None:
    if len(data) < 5:
        raise FrameError("too short for an answer")
    if not _crc_is_right(data):
        raise ChecksumError("the CRC is wrong")


def _crc_is_right(data: bytes) -> bool:
    return FramerRTU.check_CRC(data[:-2], int.from_bytes(data[-2:], "big"))


def _decode(framing: str, data: bytes) -> ModbusPDU:
    try:
        _, pdu = _FRAMERS[framing].handleFrame(data, 0, 0)
    except (ModbusException, IndexError) as error:
        raise FrameError(f"not a Modbus answer: {error}") from error
    if pdu is None:
        raise FrameError("not a Modbus answer")
    return pdu


def _check_byte_count(framing: str, data: bytes, function: int) -> None:
    head, tail = (MBAP_SIZE + 1, 0) if framing == TCP else (2, 2)
    size = data[head]
    odd = size % 2 and function not in BIT_FUNCTIONS
    if odd or size != len(data) - head - 1 - tail:
        raise FrameError("the byte count is not the length of the answer")


def _exception(code: int) -> ProtocolError | NoAnswer:
    name = _EXCEPTIONS.get(code, f"modbus_exception_{code}")
    text = f"the device answers {name.replace('_', ' ')} ({code})"
    return NoAnswer(text, name) if code in (10, 11) else Refused(text, name)
