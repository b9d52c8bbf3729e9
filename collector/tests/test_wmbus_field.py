# SPDX-License-Identifier: MIT
"""What real radio meters do beyond the plain case: profile D, bridges, stale compact frames."""

from __future__ import annotations

from decimal import Decimal

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESCCM
from cryptography.hazmat.primitives.cmac import CMAC

from actwin_collector.model import CollectorError
from actwin_collector.protocol.wmbus import WmbusDriver
from actwin_collector.protocol.wmbus.frame import crc16

# A flowIQ 2200 on the air, published with its key (github.com/wmbusmeters/wmbusmeters, issue 2085).
FLOWIQ = (
    "4544372C060382533C168C20307A3010FF2A10018C570E006DA7632471F42B0A3CECCD461353573ED02B87118BC5"
    "FFE982F7F00A0274543BC51938F8B9C8BB8928114D60788A"
)
FLOWIQ_KEY = "BF902DD6DFADAFE83E4AE6832B5FA14C"
# Two telegrams that a bridge repeated (same source), and the second one's meter.
BRIDGED = (
    "43C465B257604000F0DBA28311004259C700314465320316448834087A1C0000000B6E9102004B6E831300426C3F3C"
    "326CFFFF046D1A155A3982046C5F388B046E910200"
)
KEY = bytes(range(16))
LINK = bytes.fromhex("44 2D2C 78563412 1B16")
VOLUME = bytes.fromhex("0413 31D40000")


def refusal(telegram: str, key: str | None) -> str:
    with pytest.raises(CollectorError) as caught:
        WmbusDriver.decode({"telegram": telegram, "key": key})
    return caught.value.code


def in_link(body: bytes) -> str:
    return (bytes((len(LINK) + len(body),)) + LINK + body).hex()


def profile_d(tag: int, derived: bool = True, version: bytes = b"", count: int = 0xFF) -> str:
    """A telegram sealed by the library's own CCM."""
    counter = bytes.fromhex("04030201")
    extension = bytes((derived << 4 | (0x40 if version else 0), tag // 4 - 1))
    header = bytes((0x7A, 1, 0, count, 0x0A)) + extension + version
    secret = KEY
    if derived:
        cmac = CMAC(algorithms.AES(KEY))
        cmac.update(b"\x00" + counter + LINK[3:7] + b"\x07" * 7)
        secret = cmac.finalize()
    nonce = LINK[1:] + b"\x00" + counter[::-1]
    return in_link(header + counter + AESCCM(secret, tag).encrypt(nonce, VOLUME, header))


def test_profile_d_telegram_of_a_real_meter_opens():
    telegram = WmbusDriver.decode({"telegram": FLOWIQ, "key": FLOWIQ_KEY})
    volumes = [r.value for r in telegram.records if r.quantity == "volume"]
    assert volumes == [0, 0]
    assert telegram.meter.id == "53820306"


def test_profile_d_with_a_wrong_key_or_a_changed_byte_gives_no_reading():
    assert refusal(FLOWIQ, None) == "key_missing"
    assert refusal(FLOWIQ, "00" * 16) == "bad_mac"
    wire = bytes.fromhex(FLOWIQ)
    for at in range(14, len(wire)):
        changed = wire[:at] + bytes((wire[at] ^ 1,)) + wire[at + 1 :]
        with pytest.raises(CollectorError):
            WmbusDriver.decode({"telegram": changed.hex(), "key": FLOWIQ_KEY})


@pytest.mark.parametrize("tag", [4, 8, 12, 16])
@pytest.mark.parametrize("derived", [True, False])
@pytest.mark.parametrize("version", [b"", b"\x05"])
def test_forms_of_profile_d(tag, derived, version):
    wire = profile_d(tag, derived, version)
    (record,) = WmbusDriver.decode({"telegram": wire, "key": KEY.hex()}).records
    assert record.value == Decimal("54.321")
    assert refusal(wire[:2] + wire[2:-10], KEY.hex()) in ("truncated", "bad_mac")


def test_profile_d_that_counts_its_bytes():
    wire = profile_d(8, count=len(VOLUME))
    assert WmbusDriver.decode({"telegram": wire, "key": KEY.hex()}).records
    assert refusal(profile_d(8, count=3), KEY.hex()) == "unsupported_security"


def test_telegram_that_a_bridge_repeats_is_the_meters():
    telegram = WmbusDriver.decode({"telegram": BRIDGED})
    assert (telegram.meter.id, telegram.meter.medium) == ("88441603", "heat cost allocation")
    values = [r.value for r in telegram.records if r.quantity == "heat_cost_allocation"]
    assert values == [Decimal(291), Decimal(1383), Decimal(291)]
    wire = bytes.fromhex(BRIDGED)
    (other,) = WmbusDriver.decode({"telegram": (b"\x42" + wire[1:-1]).hex()}).records
    assert other.value is None  # the inner length no longer fits: a maker's own payload


def compact_frame(flow: int, crc: bytes, proof: bool = True) -> bytes:
    """Values of the layout 02FF20 0413 523B, which is known from the start."""
    values = bytes.fromhex("0000 10270000") + flow.to_bytes(2, "little")
    signature = crc16(bytes.fromhex("02FF20 0413 523B")).to_bytes(2, "little")
    body = b"\x79" + signature + crc + values
    check = crc16(body).to_bytes(2, "little")
    return bytes.fromhex("8D 20 01 00000000") + check + body if proof else body


def test_compact_frame_with_the_check_value_of_the_full_frame_before_it():
    before = bytes.fromhex("02FF20 0000 0413 10270000 523B 0000")
    stale = crc16(before).to_bytes(2, "little")
    telegram = WmbusDriver.decode({"telegram": in_link(compact_frame(35, stale))})
    found = {r.quantity: r.value for r in telegram.records}
    assert (found["volume"], found["volume_flow"]) == (Decimal("10.000"), Decimal("0.035"))
    # Without a CRC of the link layer nothing proves its bytes.
    unproved = WmbusDriver.decode({"telegram": in_link(compact_frame(35, stale, proof=False))})
    assert [r.value for r in unproved.records] == [None]


def test_apators_prefixed_payload_is_read_as_the_bare_one():
    words = bytes.fromhex("0000A100") + bytes(36) + bytes.fromhex("2F01C700") + bytes(10)
    bare = bytes.fromhex("44 0106 13990100 0908")
    seen = []
    for payload in (b"\xa0" + words, b"\xb6\x00\xa0" + words, b"\xb6\x03\x01\x02\x03\xa0" + words):
        wire = bytes((len(bare) + len(payload),)) + bare + payload
        records = WmbusDriver.decode({"telegram": wire.hex()}).records
        seen.append([(r.quantity, r.value) for r in records if r.value is not None])
    assert seen[0] == seen[1] == seen[2]
    assert ("heat_cost_allocation", Decimal(303)) in seen[0]


def test_techem_allocator_without_temperatures():
    body = bytes.fromhex("A0 11 9F23 6800 D016 4100") + bytes(20)
    link = bytes.fromhex("44 6850 38204160 6480")
    records = WmbusDriver.decode({"telegram": (bytes((len(link + body),)) + link + body).hex()})
    found = [(r.storage, r.value, r.ts) for r in records.records if r.unit == "HCA"]
    assert found == [(0, Decimal(65), None), (1, Decimal(104), "2017-12-31")]


@pytest.mark.parametrize("long", [False, True])
@pytest.mark.parametrize("sealed", [False, True])
def test_compact_frame_with_a_transport_header(long, sealed):
    """As Engelmann's meters send: what a full frame with a header has shown is read again."""
    number = bytes((0x11 + long, 0x22 + sealed, 0x33, 0x44))
    link = b"\x44\xc5\x14" + number + b"\x00\x04"
    address = number + b"\xc5\x14\x00\x04" if long else b""
    headers = (bytes.fromhex("0406"), bytes.fromhex("0414"), bytes.fromhex("025B"))

    def telegram(ci: int, content: bytes) -> dict:
        count, body = 0, content
        if sealed:
            plain = b"\x2f\x2f" + content
            plain += b"\x2f" * (-len(plain) % 16)
            vector = link[1:3] + number + b"\x00\x04" + b"\x07" * 8
            cipher = Cipher(algorithms.AES(KEY), modes.CBC(vector)).encryptor()
            body, count = cipher.update(plain) + cipher.finalize(), len(plain) // 16
        word = bytes((count << 4, 5 if sealed else 0))
        wire = link + bytes((ci,)) + address + b"\x07\x00" + word + body
        request = {"telegram": (bytes((len(wire),)) + wire).hex()}
        return request | ({"key": KEY.hex()} if sealed else {})

    values = (bytes.fromhex("10270000"), bytes.fromhex("D0070000"), bytes.fromhex("3200"))
    full = b"".join(header + value for header, value in zip(headers, values, strict=True))
    short = crc16(b"".join(headers)).to_bytes(2, "little") + crc16(full).to_bytes(2, "little")
    compact_ci, full_ci = (0x73, 0x72) if long else (0x7B, 0x7A)
    whole = WmbusDriver.decode(telegram(full_ci, full))
    again = WmbusDriver.decode(telegram(compact_ci, short + b"".join(values)))
    assert [r.value for r in again.records] == [r.value for r in whole.records]
    assert again.records[0].value == 10_000_000 and again.meter.id == number[::-1].hex()
    damaged = short[:2] + b"\x00\x00" + b"".join(values)
    assert WmbusDriver.decode(telegram(compact_ci, damaged)).records[0].value is None


@pytest.mark.parametrize(
    "form",
    [
        "telegram={0}{1}",
        "telegram=|{0}_{1}|",
        "telegram=||{0}{1}|",
        "telegram=|{0}#{1}|+39",
        "|{0}_{1}|",
        "{0} {1}",
    ],
)
def test_line_of_a_recording(form):
    wire = in_link(b"\x78" + VOLUME)
    (record,) = WmbusDriver.decode({"telegram": form.format(wire[:22], wire[22:])}).records
    assert record.value == Decimal("54.321")


def test_noise_before_a_telegram_that_then_fits():
    wire = in_link(b"\x78" + VOLUME)
    (record,) = WmbusDriver.decode({"telegram": "112233" + wire}).records
    assert record.value == Decimal("54.321")
    for damaged in ("112233" + wire[:-2], "112233" + wire + "00", "11" * 40 + wire):
        assert refusal(damaged, None)
