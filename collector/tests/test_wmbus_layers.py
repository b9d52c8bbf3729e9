# SPDX-License-Identifier: MIT
"""Radio frames, layers and compact frames on telegrams made here."""

from __future__ import annotations

from decimal import Decimal

import pytest

from actwin_collector.model import ChecksumError, CollectorError, ConfigError, FrameError
from actwin_collector.protocol.wmbus import WmbusDriver, layouts, prios
from actwin_collector.protocol.wmbus.frame import crc16, parse_frame

LINK = bytes.fromhex("44 2D2C 78563412 1B16")
VOLUME = bytes.fromhex("0413 31D40000")
KEY = "000102030405060708090A0B0C0D0E0F"


def raw(body: bytes) -> bytes:
    return bytes((len(LINK) + len(body),)) + LINK + body


def decode(body: bytes, **more):
    return WmbusDriver.decode({"telegram": raw(body).hex(), **more})


def crc(data: bytes) -> bytes:
    return crc16(data).to_bytes(2, "big")


def format_a(wire: bytes) -> bytes:
    blocks = [wire[:10]] + [wire[n : n + 16] for n in range(10, len(wire), 16)]
    return b"".join(block + crc(block) for block in blocks)


def format_b(wire: bytes) -> bytes:
    count = 2 if len(wire) <= 126 else 4
    wire = bytes((wire[0] + count,)) + wire[1:]
    parts = [wire[:126], wire[126:]]
    return b"".join(part + crc(part) for part in parts if part)


def link_payload(records: bytes) -> bytes:
    """An extended link layer without encryption: payload CRC, then the application data."""
    return bytes.fromhex("8D 20 01 00000000") + crc16(records).to_bytes(2, "little") + records


@pytest.mark.parametrize("size", [1, 6, 7, 22, 23, 100, 116, 117, 200])
def test_frame_formats_with_and_without_being_told(size):
    body = b"\x78" + b"\x2f" * (size - 1)
    wire = raw(body)
    for form, sent in (("raw", wire), ("a", format_a(wire)), ("b", format_b(wire))):
        assert parse_frame(sent, form).data == body
        assert parse_frame(sent).data == body


def test_crc_of_the_standard():
    # The check value of CRC-16/EN-13757.
    assert crc16(b"123456789") == 0xC2B7


def test_damaged_block_and_unknown_format():
    wire = format_a(raw(b"\x78" + VOLUME))
    with pytest.raises(ChecksumError):
        parse_frame(wire[:-1] + b"\x00", "a")
    with pytest.raises(FrameError):
        parse_frame(wire[:-1], "a")
    with pytest.raises(ConfigError):
        parse_frame(wire, "c")


def test_a_damaged_block_is_no_telegram_without_crcs_either():
    wire = bytearray(format_a(raw(b"\x78" + VOLUME * 3)))
    wire[20] ^= 1
    with pytest.raises(ChecksumError):
        parse_frame(bytes(wire))


def test_what_no_length_field_can_tell_is_no_telegram():
    wire = raw(b"\x78" + bytes(245))
    assert len(parse_frame(wire, "raw").data) == 246
    with pytest.raises(FrameError, match="too many"):
        parse_frame(wire + b"\x00", "raw")


def test_truncated_telegram_is_refused():
    wire = raw(b"\x78" + VOLUME)
    for end in range(len(wire)):
        with pytest.raises(FrameError):
            WmbusDriver.decode({"telegram": wire[:end].hex()})


def test_plain_telegram_and_its_meter():
    telegram = decode(b"\x78" + VOLUME)
    assert (telegram.meter.id, telegram.meter.manufacturer) == ("12345678", "KAM")
    assert telegram.meter.medium == "cold water"
    assert telegram.records[0].value == Decimal("54.321")


def test_transport_header_names_the_meter_behind_a_radio_converter():
    header = bytes.fromhex("72 01000010 3908 01 04 05 00 0000")
    meter = decode(header + VOLUME).meter
    assert (meter.id, meter.manufacturer, meter.medium) == ("10000001", "BAY", "heat")


def test_link_layer_crc_is_checked():
    good = link_payload(b"\x78" + VOLUME)
    assert decode(good).records[0].value == Decimal("54.321")
    with pytest.raises(CollectorError) as caught:
        decode(good[:-1] + b"\x01")
    assert caught.value.code == "bad_checksum"


def test_compact_frame_after_its_full_frame():
    headers, values = bytes.fromhex("840213 0259"), bytes.fromhex("10270000 D007")
    full = bytes.fromhex("840213 10270000 0259 D007")
    compact = crc16(headers).to_bytes(2, "little") + crc16(full).to_bytes(2, "little") + values
    before = decode(link_payload(b"\x79" + compact))
    assert [record.value for record in before.records] == [None]
    decode(link_payload(b"\x78" + full))
    after = decode(link_payload(b"\x79" + compact))
    assert [record.value for record in after.records] == [Decimal("10.000"), Decimal("20.00")]
    damaged = compact[:-1] + b"\x08"
    assert decode(link_payload(b"\x79" + damaged)).records[0].value is None


def test_makers_own_format_keeps_its_bytes():
    (record,) = decode(b"\xa2\x01\x02\x03").records
    assert (record.quantity, record.value, record.raw) == ("manufacturer_specific", None, "010203")


def test_payload_of_unknown_layout_gives_no_reading():
    (record,) = decode(b"\x78" + VOLUME + b"\x04\x13\x00\x00\x00").records
    assert record.value is None
    # Two bytes that a receiver left behind cost no reading.
    assert decode(b"\x78" + VOLUME + b"\xde\x47").records[0].value == Decimal("54.321")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("7A 01 00 1005" + "00" * 16, "key_missing"),
        ("7A 01 00 1002" + "00" * 16, "unsupported_security"),
        ("7A 01 00 1009" + "00" * 16, "unsupported_security"),
        ("7A 01 00 100D" + "00" * 16, "unsupported_security"),
        ("7A 01 00 2005" + "00" * 16, "truncated"),
        ("7A 01", "truncated"),
        ("8D 20 01", "truncated"),
        ("8C 20 01", "truncated"),
        ("90 05 0040", "truncated"),
        ("90 02 0040 7A", "fragmented"),
        ("70 08", "unsupported_ci"),
        ("51 00", "unsupported_ci"),
    ],
)
def test_what_cannot_be_opened_has_a_named_error(body, code):
    key = None if code == "key_missing" else KEY
    with pytest.raises(CollectorError) as caught:
        decode(bytes.fromhex(body), key=key)
    assert caught.value.code == code


@pytest.mark.parametrize("key", ["00", "xx" * 16, 5, ["a"]])
def test_a_key_that_is_none_is_named_without_showing_it(key):
    with pytest.raises(ConfigError) as caught:
        decode(b"\x78" + VOLUME, key=key)
    assert caught.value.code == "bad_key" and str(key) not in caught.value.message


def test_backflow_and_months_of_a_bmeters_block():
    block = bytes.fromhex("0F 15 0E 03000000") + b"".join(
        (100 * month).to_bytes(3, "little") for month in range(1, 13)
    )
    link = bytes.fromhex("44 B409 78563412 1307")
    body = b"\x78" + VOLUME + block
    wire = bytes((len(link) + len(body),)) + link + body
    records = WmbusDriver.decode({"telegram": wire.hex()}).records
    months = [record for record in records if record.quantity == "volume_month_end"]
    assert [(r.storage, r.value) for r in months] == [(n, Decimal(n)) for n in range(1, 13)]
    assert Decimal("0.003") in [r.value for r in records if r.quantity == "volume_backward"]


def test_compact_profile_gives_one_record_a_value():
    profile = bytes.fromhex("8D04 9313 0B 3BFE 010000 020000 FFFFFF")
    records = decode(b"\x78" + VOLUME + profile).records
    values = [(r.storage, r.value) for r in records if r.quantity == "volume_profile_value"]
    assert values == [(9, Decimal("0.001")), (10, Decimal("0.002")), (11, None)]


@pytest.mark.parametrize("manufacturer", ["304C", "A511"])
def test_izar_telegram_scrambled_by_its_own_register(manufacturer):
    head = bytes.fromhex("19 44" + manufacturer + "78563412 D401 A2 01 3D4013")
    plain = bytes.fromhex("4B A00D0000 9E0D0000 0000")
    wire = head + prios._unscrambled(prios._KEYS[0], head + plain)
    records = WmbusDriver.decode({"telegram": wire.hex(), "format": "raw"}).records
    volumes = [(r.storage, r.value) for r in records if r.quantity == "volume"]
    assert volumes == [(0, Decimal("3.488")), (1, Decimal("3.486"))]
    noise = WmbusDriver.decode({"telegram": (head + plain).hex(), "format": "raw"}).records
    assert [record.quantity for record in noise] == ["manufacturer_specific"]


def test_a_layout_of_the_users_own_comes_first(tmp_path, monkeypatch):
    folder = tmp_path / "wmbus-layouts"
    folder.mkdir()
    (folder / "mine.toml").write_text(
        "[[layout]]\nname = 'mine'\nfor = [{ manufacturer = 'KAM', place = ['A2'] }]\n"
        "field = [{ quantity = 'volume', unit = 'm3', at = 0, type = 'u16', factor = '0.1' }]\n"
    )
    (folder / "broken.toml").write_text("[[layout]]\ncolour = 1\n")
    monkeypatch.setenv("ACTWIN_COLLECTOR_STATE", str(tmp_path))
    layouts.known.cache_clear()
    try:
        block, record = decode(b"\xa2\x0a\x00").records
    finally:
        layouts.known.cache_clear()
    assert (block.raw, record.value, record.unit) == ("0A00", Decimal("1.0"), "m3")
