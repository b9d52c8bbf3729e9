# SPDX-License-Identifier: MIT
"""Our side of a dialogue, byte for byte, with a scripted meter that makes mistakes."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from dlms_support import in_wrapper
from protocol_rig import ScriptedLink, device, read

from actwin_collector.model import CollectorError, ConfigError, DeviceSpec
from actwin_collector.protocol.dlms import DlmsDriver, hdlc, wrapper
from actwin_collector.protocol.dlms.apdu import Attribute, parse_get
from actwin_collector.protocol.dlms.cosem import parse_name
from actwin_collector.protocol.dlms.options import Options
from actwin_collector.protocol.dlms.profile import by_entry, by_range
from actwin_collector.protocol.dlms.registers import parse_register

AARE = bytes.fromhex(
    "6129A109060760857405080101A203020100A305A103020100BE10040E0800065F1F040000181D04B00007"
)
CLOCK = "090C07EA0801060C1E0000FF4C00"  # 2026-08-01 12:30 +03:00
ENERGY = parse_name("1.8.0")
VALUES = {
    (8, parse_name("0.0.1.0.0.255"), 2): CLOCK,
    (1, parse_name("0.0.42.0.0.255"), 2): "0910" + b"ACT0000012345678".hex(),
    (3, ENERGY, 3): "02020F02161E",
    (3, ENERGY, 2): "06000004D2",
    (4, parse_name("1.6.0"), 3): "02020FFE161B",
    (4, parse_name("1.6.0"), 2): "1200C8",
    (4, parse_name("1.6.0"), 5): "090C07EA0701030F000000800000",
    (7, parse_name("1.0.99.1.0.255"), 3): "0102"
    "02041200080906000001"
    "0000FF0F02120000"
    "02041200030906010001"
    "0800FF0F02120000",
    (7, parse_name("1.0.99.1.0.255"), 4): "0600000384",
    (7, parse_name("1.0.99.1.0.255"), 2): "0103"
    "0202" + CLOCK + "0600000001"
    "020200"
    "0600000002"
    "020200"
    "0600000003",
}


class Meter:
    """Answers clear requests; ``blocks`` cuts each value into pieces of so many bytes."""

    def __init__(self, values=VALUES, blocks: int = 0) -> None:
        self.values = values
        self.blocks = blocks
        self.asked: list[bytes] = []
        self._rest: list[bytes] = []

    def __call__(self, message: bytes) -> bytes:
        self.asked.append(message)
        if message[0] == 0x60:
            return AARE
        if message[0] == 0x62:
            return bytes.fromhex("6303800100")
        if message[1] == 2:
            return self._block(message[2], int.from_bytes(message[3:7], "big") + 1)
        found = parse_get(message)
        value = self.values.get((found.class_id, found.name, found.number))
        if value is None:
            return bytes((0xC4, 1, message[2], 1, 4))
        data = bytes.fromhex(value)
        if not self.blocks:
            return bytes((0xC4, 1, message[2], 0)) + data
        self._rest = [data[at : at + self.blocks] for at in range(0, len(data), self.blocks)]
        return self._block(message[2], 1)

    def _block(self, invoke: int, number: int) -> bytes:
        part = self._rest[number - 1]
        last = number == len(self._rest)
        head = bytes((0xC4, 2, invoke, last)) + number.to_bytes(4, "big") + b"\x00"
        return head + bytes((len(part),)) + part


class WrapperLine(ScriptedLink):
    """A meter behind a wrapper; ``change`` sees each answer's number and bytes."""

    def __init__(self, meter, change=lambda number, data: data) -> None:
        super().__init__()
        self._meter, self._change, self._count = meter, change, 0

    async def _send(self, data: bytes) -> None:
        [(source, target, message)] = wrapper.split(data)
        answer = in_wrapper(self._meter(message), target, source)
        self._waiting += self._change(self._count, answer)
        self._count += 1


class HdlcLine(ScriptedLink):
    """A meter behind HDLC with fields of ``size`` bytes; ``change`` sees each frame sent."""

    def __init__(self, meter, change=lambda number, data: data, size: int = 40) -> None:
        super().__init__(kind="serial")
        self._meter, self._change, self._size = meter, change, size
        self._count = self._sent = self._received = 0
        self._in, self._out = b"", []

    async def _send(self, data: bytes) -> None:
        self.sent.append(data)
        [frame] = hdlc.split(data)
        if frame.control == hdlc.SNRM:
            self._sent = self._received = 0
            self._put(
                hdlc.UA,
                bytes.fromhex("818014050200280602002807040000000108040000000 1".replace(" ", "")),
            )
        elif frame.control == hdlc.DISC:
            self._put(hdlc.DM)
        elif frame.control & 0x0F == 1:
            self._next()
        else:
            self._take(frame)

    def _take(self, frame: hdlc.Frame) -> None:
        assert frame.control >> 1 & 7 == self._received and len(frame.info) <= 40
        self._received = (self._received + 1) % 8
        self._in += frame.info
        if frame.segmented:
            self._put(self._received << 5 | 0x11)
            return
        answer = hdlc.LLC_RESPONSE + self._meter(hdlc.strip_llc(self._in))
        self._in = b""
        self._out = [answer[at : at + self._size] for at in range(0, len(answer), self._size)]
        self._next()

    def _next(self) -> None:
        part = self._out.pop(0)
        self._put(self._received << 5 | 0x10 | self._sent << 1, part, more=bool(self._out))
        self._sent = (self._sent + 1) % 8

    def _put(self, control: int, info: bytes = b"", more: bool = False) -> None:
        client, server = hdlc.encode_address(16), hdlc.encode_address(1, 17)
        data = hdlc.build(client, server, control, info, more)
        self._waiting += self._change(self._count, data)
        self._count += 1


LINES = {"wrapper": (WrapperLine, "1"), "hdlc": (HdlcLine, "1/17")}


def ask(link, *registers: str, address: str = "1", **settings):
    return read(DlmsDriver(), link, device("dlms", *registers, address=address, **settings), 0.2)


@pytest.mark.parametrize("framing", LINES)
@pytest.mark.parametrize("blocks", [0, 7])
def test_values_are_exact_and_carry_the_meters_time(framing, blocks):
    line, address = LINES[framing]
    result = ask(line(Meter(blocks=blocks)), "1.8.0", "1.6.0", address=address)
    assert {name: (s.value, s.unit) for name, s in result.samples.items()} == {
        "1.8.0": (Decimal(123400), "Wh"),
        "1.6.0": (Decimal("2.00"), "W"),
    }
    assert result.samples["1.8.0"].meter_ts == datetime(2026, 8, 1, 9, 30, tzinfo=UTC)
    demand = next(record for record in result.records if record.obis == "1.0.1.6.0.255")
    # The meter tells no deviation: the site's own.
    assert demand.ts == "2026-07-01T15:00:00+03:00"
    assert (result.meter.id, result.meter.manufacturer) == ("ACT0000012345678", "ACT")


@pytest.mark.parametrize("framing", LINES)
def test_profile_by_range_asks_for_the_range_and_fills_in_times(framing):
    line, address = LINES[framing]
    meter = Meter(blocks=20)
    result = ask(line(meter), address=address, profile="1.0.99.1.0.255", profile_hours=2)
    rows = [(record.ts, record.value) for record in result.records if record.storage]
    assert rows == [
        ("2026-08-01T12:30:00+03:00", Decimal(100)),
        ("2026-08-01T12:45:00+03:00", Decimal(200)),
        ("2026-08-01T13:00:00+03:00", Decimal(300)),
    ]
    asked = [message for message in meter.asked if message[:2] == b"\xc0\x01" and message[12]]
    assert len(asked) == 1
    assert asked[0][13:].hex().upper() == (
        "01" "0204" "0204" "120008" "09060000010000FF" "0F02" "120000"
        "090C07EA0801060A1E0000FF4C00" "090C07EA0801060C1E0000FF4C00" "0100"
    )  # fmt: skip


def test_selectors():
    assert by_entry(5, 9).hex().upper() == "02020406000000050600000009120001120000"
    moment = datetime(2026, 8, 1, 9, 30, tzinfo=UTC)
    assert by_range(moment, moment)[-14:-2].hex().upper() == "07EA080106091E0000000000"


def test_pushes_between_request_and_answer_are_put_aside():
    push = in_wrapper(bytes.fromhex("0F00000001001200FF"), 1, 16)
    link = WrapperLine(Meter(), lambda number, data: push + data)
    assert ask(link, "1.8.0").samples["1.8.0"].value == 123400


def test_doubtful_clock_makes_values_suspect():
    values = VALUES | {(8, parse_name("0.0.1.0.0.255"), 2): CLOCK[:-2] + "02"}
    assert ask(WrapperLine(Meter(values)), "1.8.0").samples["1.8.0"].status == 1


# The answer with the value: association, clock, name, serial, scale, value.
VALUE = 5
WRONG = {
    "wrapper port": ("wrapper", lambda d: d[:3] + b"\x09" + d[4:], "wrong_address"),
    "wrapper version": ("wrapper", lambda d: b"\x00\x02" + d[2:], "bad_frame"),
    "truncated": ("wrapper", lambda d: d[:-2], "no_answer"),
    "oversized": ("wrapper", lambda d: d[:6] + b"\x00\xff" + d[8:] + bytes(246), "bad_frame"),
    "silent": ("wrapper", lambda d: b"", "no_answer"),
    "invoke id": ("wrapper", lambda d: d[:10] + b"\xc1" + d[11:], "replayed"),
    "not a value": ("wrapper", lambda d: in_wrapper(b"\xc7\x01\xc1\x00", 1, 16), "bad_frame"),
    "denied": ("wrapper", lambda d: in_wrapper(b"\xc4\x01" + d[10:11] + b"\x01\x03", 1, 16),
               "access_denied"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_wrong_answer_is_a_named_error_and_no_reading(name):
    framing, change, code = WRONG[name]
    line, address = LINES[framing]
    link = line(Meter(), lambda number, data: change(data) if number == VALUE else data)
    with pytest.raises(CollectorError) as caught:
        ask(link, "1.8.0", address=address)
    assert caught.value.code == code


def _reframed(data: bytes, **changes) -> bytes:
    [frame] = hdlc.split(data)
    parts = {
        "target": hdlc.encode_address(16),
        "source": hdlc.encode_address(1, 17),
        "control": frame.control,
        "info": frame.info,
    } | changes
    return hdlc.build(**parts)


HDLC_WRONG = {
    "checksum": (lambda d: d[:-2] + bytes((d[-2] ^ 1,)) + d[-1:], "bad_checksum"),
    "another meter": (lambda d: _reframed(d, source=hdlc.encode_address(1, 18)), "wrong_address"),
    "another client": (lambda d: _reframed(d, target=hdlc.encode_address(17)), "wrong_address"),
    "frame twice": (lambda d: _reframed(d, control=hdlc.split(d)[0].control ^ 2), "replayed"),
    "dropped": (lambda d: _reframed(d, control=hdlc.DM, info=b""), "protocol_error"),
    "truncated": (lambda d: d[:-3], "no_answer"),
    "no frame": (lambda d: b"\x7e\x00" + d[2:], "bad_frame"),
    "no LLC": (lambda d: _reframed(d, info=hdlc.split(d)[0].info[3:]), "bad_frame"),
}


@pytest.mark.parametrize("name", HDLC_WRONG)
def test_wrong_hdlc_answer_is_a_named_error_and_the_connection_is_closed(name):
    change, code = HDLC_WRONG[name]
    link = HdlcLine(
        Meter(), lambda number, data: change(data) if number == VALUE + 1 else data, size=128
    )
    with pytest.raises(CollectorError) as caught:
        ask(link, "1.8.0", address="1/17")
    assert caught.value.code == code
    assert hdlc.split(link.sent[-1])[0].control == hdlc.DISC


def test_silent_meter_is_asked_to_drop_an_old_connection():
    link = ScriptedLink(kind="serial")
    with pytest.raises(CollectorError) as caught:
        ask(link, "1.8.0", address="1/17")
    assert caught.value.code == "no_answer"
    assert [hdlc.split(data)[0].control for data in link.sent] == [hdlc.SNRM, hdlc.DISC]


@pytest.mark.parametrize(
    ("text", "wire"),
    [
        ((1, 0, 0), "03"),
        ((1, 17, 0), "0223"),
        ((1, 17, 4), "00020023"),
        ((300, 200, 0), "04580291"),
    ],
)
def test_hdlc_addresses(text, wire):
    assert hdlc.encode_address(*text).hex() == wire
    built = hdlc.build(bytes.fromhex(wire), b"\x21", 0x93)
    assert hdlc.split(built)[0].target == hdlc.address_number(bytes.fromhex(wire))


@pytest.mark.parametrize(
    ("text", "name", "kind", "attribute"),
    [
        ("1.8.0", "1.0.1.8.0.255", 3, 2),
        ("1-0:1.8.0*255", "1.0.1.8.0.255", 3, 2),
        ("1-0:1.8.0", "1.0.1.8.0.255", 3, 2),
        ("1.6.0", "1.0.1.6.0.255", 4, 2),
        ("96.1.0", "0.0.96.1.0.255", 1, 2),
        ("0.0.1.0.0.255", "0.0.1.0.0.255", 8, 2),
        ("4:1.0.1.6.0.255#5", "1.0.1.6.0.255", 4, 5),
        ("32.7.0#4", "1.0.32.7.0.255", 3, 4),
    ],
)
def test_register_names(text, name, kind, attribute):
    wanted = parse_register(text).guess
    assert (wanted.name, wanted.class_id, wanted.attribute) == (parse_name(name), kind, attribute)


@pytest.mark.parametrize("text", ["", "x", "1.8", "1.2.3.4.5.6.7", "1.0.1.8.0.256", "5:", "1.8.0#"])
def test_wrong_register_is_bad_config(text):
    with pytest.raises(ConfigError):
        parse_register(text)


@pytest.mark.parametrize(
    ("settings", "secret", "address"),
    [
        ({"authentication": "low"}, "", "1"),
        ({"authentication": "gmac", "system_title": "41" * 8}, "", "1"),
        ({"authentication": "gmac"}, "00" * 16 + ":" + "11" * 16, "1"),
        ({"authentication": "gmac", "system_title": "41"}, "00" * 16 + ":" + "11" * 16, "1"),
        ({"authentication": "low", "ciphered": True}, '{"password": "x"}', "1"),
        ({"authentication": "low"}, "{not json", "1"),
        ({"authentication": "md5"}, "", "1"),
        ({"framing": "hdlc", "address_size": 1}, "", "1/17"),
        ({"utc_offset": "3"}, "", "1"),
        ({}, "", "one"),
    ],
)
def test_wrong_setting_is_named_and_no_secret_is_told(settings, secret, address):
    spec = DeviceSpec("D", "dlms", "line", address, settings, secret)
    with pytest.raises(ConfigError) as caught:
        Options.of(spec)
    assert not secret or secret.strip("{}") not in caught.value.message


def test_attribute_text():
    assert Attribute(3, ENERGY, 2).text == "3:1.0.1.8.0.255:2"
