# SPDX-License-Identifier: MIT
"""Forged, replayed, unprotected and misaddressed DLMS messages: a named error, never a reading."""

from __future__ import annotations

import subprocess
import sys

import pytest
from dlms_support import (
    CLIENT,
    KEYS,
    METER,
    PLAIN_PUSH,
    SESSION,
    WITH_KEYS,
    flipped,
    general,
    glo,
    got,
    in_hdlc,
)
from mbus_support import needs_data
from protocol_rig import ScriptedLink, device, read

from actwin_collector.model import CollectorError, ConfigError, ProtocolError
from actwin_collector.protocol.dlms import DlmsDriver, gcm, guard, protection, selftest
from actwin_collector.protocol.dlms.counters import CounterStore
from actwin_collector.protocol.dlms.gcm import (
    AUTHENTICATED,
    ENCRYPTED,
    PROTECTED,
    GcmStream,
    Keys,
    seal,
    unseal,
)
from actwin_collector.protocol.dlms.protection import Security
from actwin_collector.protocol.dlms.receiver import PushReceiver

# Green Book, security suite 0 example: system title MMM, keys of the book.
BOOK = Keys(
    bytes.fromhex("000102030405060708090A0B0C0D0E0F"),
    bytes.fromhex("D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF"),
)
BOOK_TITLE = bytes.fromhex("4D4D4D0000BC614E")
BOOK_PLAIN = bytes.fromhex("C0010000080000010000FF0200")
STREAM = sys.modules["gurux_dlms.GXDLMSChippering"]


@pytest.fixture
def store(tmp_path):
    return CounterStore(tmp_path / "counters.sqlite")


@pytest.mark.parametrize(
    ("control", "sealed"),
    [
        (AUTHENTICATED, "C0010000080000010000FF020006725D910F9221D263877516"),
        (ENCRYPTED, "411312FF935A47566827C467BC"),
        (PROTECTED, "411312FF935A47566827C467BC7D825C3BE4A77C3FCC056B6B"),
    ],
)
def test_vectors_of_the_green_book(control, sealed):
    counter = 0x01234567
    assert seal(control, BOOK_TITLE, counter, BOOK, BOOK_PLAIN).hex().upper() == sealed
    plain = unseal(control, BOOK_TITLE, counter, BOOK, bytes.fromhex(sealed))
    assert plain == BOOK_PLAIN


def test_library_refuses_every_flipped_bit_in_its_own_path():
    guard.require_verification()
    for suite in (0, 1):
        sound = selftest.message(suite)
        assert guard._opens(sound, suite) == selftest.PLAIN
        for forged in flipped(sound[3:]):  # counter, content and tag
            assert guard._opens(sound[:3] + forged, suite) is None


def test_driver_stops_when_the_library_is_as_shipped(monkeypatch):
    from gurux_dlms.GXDLMSChipperingStream import GXDLMSChipperingStream

    monkeypatch.setattr(STREAM, "GXDLMSChipperingStream", GXDLMSChipperingStream)
    with pytest.raises(ConfigError) as caught:
        DlmsDriver()
    assert caught.value.code == "unsafe_library"


def test_driver_stops_when_the_stream_does_not_verify(monkeypatch):
    original = GcmStream.flushFinalBlock

    def careless(self):
        self._expected = None
        return original(self)

    monkeypatch.setattr(GcmStream, "flushFinalBlock", careless)
    with pytest.raises(ConfigError, match="forged"):
        DlmsDriver()


CARELESS = {
    "no tag": ("_opened", lambda key, iv, header, body, tag: gcm._counter_mode(key, iv, body)),
    "any counter": (None, lambda self, title, counter: None),
    "unprotected": ("unseal", lambda *parts: selftest.PLAIN),
}


@pytest.mark.parametrize("name", CARELESS)
@pytest.mark.parametrize("suite", [0, 1])
def test_driver_stops_when_our_own_path_is_careless_in_one_suite(monkeypatch, name, suite):
    """Whatever opens answers, pushes and proofs: a change that stops checking stops the driver."""
    target, careless = CARELESS[name]
    if target is None:
        monkeypatch.setattr(protection.Security, "accept", careless)
    elif target == "unseal":
        sound = protection.unseal
        monkeypatch.setattr(
            protection, "unseal",
            lambda control, *more: careless() if control & 0x0F == suite else sound(control, *more),
        )  # fmt: skip
    else:
        monkeypatch.setattr(gcm, target, careless)
    with pytest.raises(ConfigError) as caught:
        DlmsDriver()
    assert caught.value.code == "unsafe_library"


@pytest.mark.parametrize("suite", [0, 1])
def test_driver_stops_when_proofs_are_taken_unseen(monkeypatch, suite):
    sound = selftest.unseal

    def careless(control, title, counter, keys, sealed, more=b""):
        if control == AUTHENTICATED | suite:
            return sealed[:-12]
        return sound(control, title, counter, keys, sealed, more)

    monkeypatch.setattr(selftest, "unseal", careless)
    with pytest.raises(ConfigError):
        DlmsDriver()


def test_every_association_proves_it_again(monkeypatch):
    """Not only the start: what was changed while the driver ran is found at the next dialogue."""
    driver = DlmsDriver()
    monkeypatch.setattr(protection.Security, "accept", lambda *_: None)
    with pytest.raises(ConfigError) as caught:
        read(driver, ScriptedLink(), device("dlms", "1.8.0", address="1"), 0.1)
    assert caught.value.code == "unsafe_library"


def test_driver_stops_at_another_version_of_the_library(monkeypatch):
    monkeypatch.setattr(guard, "version", lambda name: "1.0.204")
    with pytest.raises(ConfigError, match="1.0.203"):
        DlmsDriver()


def test_library_prints_nothing(capsys):
    guard._opens(selftest.message(0))
    loud = [
        name
        for name, module in sys.modules.items()
        if name.startswith("gurux_dlms") and getattr(module, "print", None) is not guard._silent
    ]
    assert (capsys.readouterr().out, loud) == ("", [])


@needs_data
def test_every_flipped_bit_of_the_recorded_ciphered_answers_is_refused():
    """The wrapper's header and the message's own header too, not only what the tag covers."""
    pairs = [tuple(pair) for pair in SESSION["frames"]]
    keys = {k: SESSION[k] for k in WITH_KEYS}
    count = 0
    for at, (way, frame) in enumerate(pairs):
        data = bytes.fromhex(frame)
        if way != "server" or data[8] not in (0xCC, 0xCF, 0xDB) or len(data) > 200:
            continue
        for forged in flipped(data):
            frames = [hexed for _, hexed in pairs]
            frames[at] = forged.hex()
            with pytest.raises(CollectorError):
                DlmsDriver.decode({"frames": frames, **keys})
            count += 1
    assert count > 1000


@pytest.mark.parametrize(
    "message", [general(PLAIN_PUSH, 9), glo(0xCC, got("0600BC614E"), 9)], ids=["general", "glo"]
)
def test_every_flipped_bit_of_a_ciphered_message_is_refused(message):
    given = {**WITH_KEYS, "meter_system_title": METER.hex()}
    assert DlmsDriver.decode({"telegram": message.hex(), **given}).records
    for forged in flipped(message):
        with pytest.raises(CollectorError):
            DlmsDriver.decode({"telegram": forged.hex(), **given})


@pytest.mark.parametrize("name", ["encryption_key", "authentication_key"])
def test_wrong_key_is_bad_authentication(name):
    given = {**WITH_KEYS, name: "FF" * 16, "telegram": general(PLAIN_PUSH, 9).hex()}
    with pytest.raises(ProtocolError) as caught:
        DlmsDriver.decode(given)
    assert caught.value.code == "bad_authentication"


def test_wrong_key_without_authentication_key_is_found_by_its_nonsense():
    given = {"encryption_key": "FF" * 16, "telegram": general(PLAIN_PUSH, 9).hex()}
    with pytest.raises(ProtocolError) as caught:
        DlmsDriver.decode(given)
    assert caught.value.code == "bad_authentication"


def test_suites_with_symmetric_keys_and_no_others():
    for suite, control in enumerate((PROTECTED, PROTECTED | 1)):
        wire = general(PLAIN_PUSH, 9, control=control)
        found = DlmsDriver.decode({"telegram": wire.hex(), **WITH_KEYS})
        assert len(found.records) == 2, suite
    for control in (PROTECTED | 2, PROTECTED | 0x80, PROTECTED | 0x40):
        with pytest.raises(ProtocolError) as caught:
            wire = general(PLAIN_PUSH, 9, control=control)
            DlmsDriver.decode({"telegram": wire.hex(), **WITH_KEYS})
        assert caught.value.code == "unsupported"


def test_decoding_does_not_load_the_library():
    program = (
        "import sys; from actwin_collector.protocol.dlms import DlmsDriver;"
        f"DlmsDriver.decode({{'telegram': '{PLAIN_PUSH.hex()}'}});"
        "assert not [name for name in sys.modules if 'gurux' in name]"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_the_same_message_twice_is_replayed():
    frames = [general(PLAIN_PUSH, 9).hex()] * 2
    with pytest.raises(ProtocolError) as caught:
        DlmsDriver.decode({"frames": frames, **WITH_KEYS})
    assert caught.value.code == "replayed"


def test_receiver_refuses_a_push_it_had_even_after_a_restart(store, tmp_path):
    first = {"telegram": in_hdlc(general(PLAIN_PUSH, 9), 3).hex()}
    receiver = PushReceiver(KEYS, store)
    assert len(receiver.take(first).records) == 2
    [((title, key), counter)] = receiver.counters.items()
    store.received(title, key, counter, pushed=True)
    again = PushReceiver(KEYS, CounterStore(tmp_path / "counters.sqlite"))
    for counter in (9, 8, 0):
        with pytest.raises(ProtocolError) as caught:
            again.take({"telegram": general(PLAIN_PUSH, counter).hex()})
        assert caught.value.code == "replayed"
    assert again.take({"telegram": general(PLAIN_PUSH, 10).hex()}).records


def test_forged_push_does_not_use_up_a_counter(store):
    receiver = PushReceiver(KEYS, store)
    forged = bytearray(general(PLAIN_PUSH, 900))
    forged[-1] ^= 1
    with pytest.raises(ProtocolError):
        receiver.take({"telegram": bytes(forged).hex()})
    assert receiver.take({"telegram": general(PLAIN_PUSH, 1).hex()}).records


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (PLAIN_PUSH, "unprotected"),
        (general(PLAIN_PUSH, 9, control=ENCRYPTED), "unprotected"),
        (general(PLAIN_PUSH, 9, control=AUTHENTICATED), "unprotected"),
        (general(PLAIN_PUSH, 9, title=CLIENT), "wrong_address"),
        (general(b"\x0f\x00", 9), "truncated"),
    ],
)
def test_receiver_takes_only_what_is_protected_and_from_its_meter(store, message, code):
    with pytest.raises(CollectorError) as caught:
        PushReceiver(KEYS, store, meter_title=METER).take({"telegram": message.hex()})
    assert caught.value.code == code


def test_receiver_without_keys_takes_clear_pushes_only(store):
    receiver = PushReceiver()
    assert receiver.take({"telegram": PLAIN_PUSH.hex()}).meter.extra["authentication"] == "none"
    with pytest.raises(ProtocolError) as caught:
        receiver.take({"telegram": general(PLAIN_PUSH, 9).hex()})
    assert caught.value.code == "key_missing"


def test_general_ciphering_binds_its_header():
    header = b"\x08" + bytes(7) + b"\x01" + b"\x08" + METER + b"\x08" + CLIENT + b"\x00\x00"
    body, tag = _general(header)
    message = b"\xdd" + header + b"\x00" + body + tag
    given = {"telegram": message.hex(), **WITH_KEYS}
    assert DlmsDriver.decode(given).records
    for forged in flipped(message):
        with pytest.raises(CollectorError):
            DlmsDriver.decode({**given, "telegram": forged.hex()})


def _general(header: bytes) -> tuple[bytes, bytes]:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    iv = METER + (5).to_bytes(4, "big")
    more = bytes((PROTECTED,)) + KEYS.authentication + header
    whole = AESGCM(KEYS.encryption).encrypt(iv, PLAIN_PUSH, more)[: len(PLAIN_PUSH) + 12]
    start = bytes((5 + len(whole), PROTECTED)) + iv[8:]
    return start + whole[:-12], whole[-12:]


def test_counter_is_taken_only_upwards():
    security = Security(KEYS)
    security.accept(METER, 5)
    for counter in (5, 4):
        with pytest.raises(ProtocolError):
            security.accept(METER, counter)
    security.accept(CLIENT, 0)
