# SPDX-License-Identifier: MIT
import pytest
from dlms_support import got, in_hdlc, in_wrapper
from radio_support import NOW, meter

from actwin_collector.masking import Masker
from actwin_collector.model import ConfigError, DeviceSpec
from actwin_collector.protocol.mbus.link import long_frame, short_frame
from actwin_collector.protocol.modbus import adu
from actwin_collector.simulate.modbus import crc16
from actwin_collector.simulate.wmbus import delivered
from actwin_collector.tracing.files import Recorder, TraceFolder, read_trace
from actwin_collector.tracing.words import Conversation, explainer

TITLE = {"device": "T 01", "driver": "modbus", "kind": "tcp"}


def rtu(text):
    data = bytes.fromhex(text)
    return data + crc16(data)


def told(driver, *messages):
    """Feed (direction, bytes) of a dialogue; return all lines."""
    conversation = Conversation(explainer(driver))
    lines = []
    for direction, data in messages:
        lines += conversation.feed(direction, data)
    return [text for _, text in [*lines, *conversation.end()]]


def radio(mode):
    return meter(mode, id="87654321").telegram(NOW)


@pytest.mark.parametrize(
    "driver, messages, expected",
    [
        ("modbus", [("tx", rtu("010300000002")), ("rx", rtu("010304000008fc"))],
         ["unit 1: read holding registers 0 to 1 (2)", "unit 1: 2 registers from 0: 0000 08fc"]),
        ("modbus", [("tx", adu.build_request("tcp", 7, 4, 52, 2, 9)),
                    ("rx", bytes.fromhex("000900000003078402"))],
         ["unit 7: read input registers 52 to 53 (2)",
          "unit 7: the device answers illegal data address (2) [illegal_data_address]"]),
        ("modbus", [("tx", rtu("010300000001")), ("rx", rtu("010300000001") + rtu("0103020007"))],
         ["unit 1: read holding registers 0 to 0 (1)",
          "the request came back (echo of the converter)", "unit 1: 1 registers from 0: 0007"]),
        ("modbus", [("rx", b"\x01\x03\x02\x00\x07\x00\x00")],
         ["unit 1: the CRC is wrong [bad_checksum]"]),
        ("iec62056-21", [("tx", b"/?80221507!\r\n"), ("rx", b"/ACT5PROD\r\n"),
                         ("tx", b"\x06050\r\n"), ("rx", b"\x021.8.0(1*kWh)\r\n!\r\n\x03\x2c")],
         ["request to 80221507", "identification: maker ACT, offers 9600 Bd, PROD",
          "ACK: protocol 0, 9600 Bd, readout", "STX, 1 data sets, ETX, check character wrong"]),
        ("iec62056-21", [("tx", b"\x01P1\x02(12345678)\x03\x61"), ("rx", b"\x06")],
         ["SOH P1: password (not shown)", "ACK"]),
        ("mbus", [("tx", short_frame(0x40, 5)), ("rx", b"\xe5"), ("tx", short_frame(0x7B, 5)),
                  ("tx", long_frame(0x53, 0xFD, bytes.fromhex("5278563412FFFFFFFF")))],
         ["SND_NKE (reset), FCB 0 to address 5", "E5: acknowledged",
          "REQ_UD2, FCB 1 to address 5", "select the meter 12345678FFFFFFFF (F = any)"]),
        ("mbus", [("rx", long_frame(0x08, 5, bytes.fromhex(
            "72 78563412 8210 01 07 55000000 0C1327048502".replace(" ", ""))))],
         ["RSP_UD from address 5: DDB 12345678 water, 1 records", "  volume 2850.427 m3"]),
        ("dlms", [("rx", in_wrapper(got("06 00BC614E".replace(" ", ""))))],
         ["wrapper 1 → 1: get answer: 12345678"]),
        ("wmbus", [("rx", radio(0))],
         ["SND_NR from BAY 87654321, water, version 1, 32 bytes",
          "  access number 1, status 00 (all well), not encrypted",
          "  volume 54.321 m3", "  volume_flow 0.100 m3/h", "  datetime 2026-11-24T15:30:00"]),
        ("wmbus", [("rx", radio(5))],
         ["SND_NR from BAY 87654321, water, version 1, 47 bytes",
          "  access number 1, status 00 (all well), security mode 5",
          "  the telegram is encrypted (mode 5) and no key is known [key_missing]"]),
        ("wmbus", [("rx", delivered("rtl-wmbus", radio(7), NOW))],
         ["SND_NR from BAY 87654321, water, version 1, 68 bytes",
          "  extended link layer (8C)", "  authentication layer",
          "  access number 1, status 00 (all well), security mode 7",
          "  the telegram is encrypted (mode 7) and no key is known [key_missing]"]),
        ("wmbus", [("rx", b"noise")], ["5 bytes in which no telegram is found [noise]"]),
        ("dlms", [("rx", got("06 00BC614E".replace(" ", "")))], ["get answer: 12345678"]),
        ("dlms", [("tx", in_wrapper(bytes.fromhex("c001c100030100010800ff0200")))],
         ["wrapper 1 → 1: get request: class 3, 1.0.1.8.0.255, attribute 2"]),
    ],
)
def test_frames_are_told_in_words(driver, messages, expected):
    assert told(driver, *messages) == expected


def test_a_sealed_dlms_message_stays_sealed():
    lines = told("dlms", ("rx", in_hdlc(bytes.fromhex("cc10300000000a0102030405060708090a0b0c"))))
    assert lines[1] == "  get answer, sealed, 19 bytes"


@pytest.mark.parametrize("driver", ["modbus", "iec62056-21", "mbus", "dlms"])
def test_noise_is_named_and_never_raises(driver):
    for noise in (b"\x00", b"\xff" * 40, bytes(range(256)), b"~~", b"\x68\x03\x03\x68\x00"):
        assert told(driver, ("tx", noise), ("rx", noise))


def test_a_driver_nobody_explains_is_shown_without_words():
    assert told("unknown", ("tx", b"abc")) == []


def test_pieces_of_an_answer_are_told_as_one():
    whole = rtu("010304000008fc")
    lines = told("modbus", ("tx", rtu("010300000002")), ("rx", whole[:3]), ("rx", whole[3:]))
    assert lines[1:] == ["unit 1: 2 registers from 0: 0000 08fc"]


def test_what_was_recorded_is_read_back_without_the_secret(tmp_path):
    masker = Masker()
    masker.learn(["secret12"])
    record = Recorder(tmp_path / "t.trace", TITLE, masker, wall=lambda: 1_700_000_000.25)
    record("tx", b"\x01secret12\x02")
    record("rx", b"\x06")
    record.note("ok secret12")
    title, entries = read_trace(tmp_path / "t.trace")
    assert title == TITLE
    assert [entry.direction for entry in entries] == ["tx", "rx", "--"]
    assert entries[0].data == b"\x01********\x02" and entries[0].hidden == frozenset(range(1, 9))
    assert entries[0].stamp == "2023-11-14T22:13:20.250Z"
    text = (tmp_path / "t.trace").read_text()
    assert "secret12" not in text and b"secret12".hex(" ") not in text
    assert (tmp_path / "t.trace").stat().st_mode & 0o007 == 0


def test_a_trace_never_grows_beyond_its_limit(tmp_path):
    record = Recorder(tmp_path / "t.trace", TITLE, Masker(), limit=4000)
    for _ in range(300):
        record("tx", bytes(20))
    sizes = [path.stat().st_size for path in tmp_path.iterdir()]
    assert len(sizes) == 2 and sum(sizes) <= 4200
    assert all(read_trace(path)[0] == TITLE for path in tmp_path.iterdir())


def test_a_disk_that_cannot_be_written_costs_no_reading(tmp_path):
    (tmp_path / "file").write_text("")
    record = Recorder(tmp_path / "file" / "t.trace", TITLE, Masker())
    record("tx", b"1")  # does not raise


def test_only_marked_or_named_devices_are_traced(tmp_path):
    folder = TraceFolder(tmp_path / "trace", Masker(), always=["A"])
    spec = {key: DeviceSpec(key, "modbus", "L") for key in ("A", "B/1")}
    assert folder.recorder(spec["A"], "tcp") is not None
    assert folder.recorder(spec["B/1"], "tcp") is None
    folder.mark("B/1", True)
    assert folder.recorder(spec["B/1"], "tcp").path.parent == tmp_path / "trace"
    folder.mark("B/1", False)
    assert folder.recorder(spec["B/1"], "tcp") is None


@pytest.mark.parametrize("line", ["2023 tx", "now both 01", "now tx 0g", "garbage"])
def test_a_file_that_is_no_trace_is_refused_with_its_line(tmp_path, line):
    (tmp_path / "t").write_text(f"# a remark\n{line}\n")
    with pytest.raises(ConfigError, match="t:2"):
        read_trace(tmp_path / "t")
