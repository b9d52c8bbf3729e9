# SPDX-License-Identifier: MIT
"""Somebody on the line between the collector and an independent ciphered meter."""

from __future__ import annotations

import pytest
from dlms_support import AUTHENTICATION, CLIENT, ENCRYPTION, running_meter
from protocol_rig import read, tcp_link

from actwin_collector.channel.tcp import TcpLink
from actwin_collector.model import CollectorError, DeviceSpec, ParameterSpec
from actwin_collector.protocol.dlms import DlmsDriver
from actwin_collector.protocol.dlms.counters import CounterStore

SETTINGS = {
    "framing": "wrapper",
    "authentication": "gmac",
    "system_title": CLIENT.hex(),
    "clock": False,
    "serial_name": "none",
}
SPEC = DeviceSpec(
    "D",
    "dlms",
    "line",
    "1",
    SETTINGS,
    f"{ENCRYPTION}:{AUTHENTICATION}",
    parameters=(ParameterSpec("1.8.0", "S/1.8.0"),),
)
# Answers of a dialogue whose counter is known: association, proof, name, scale, value, release.
VALUE = 4
HEADER = 8


class TamperedLink(TcpLink):
    """Changes what the meter sends: ``change(number of the answer, its bytes)``."""

    def __init__(self, line, change) -> None:
        super().__init__(line)
        self._change = change
        self.answers: list[bytes] = []

    async def _receive(self, max_bytes: int, timeout: float) -> bytes:
        data = await super()._receive(max_bytes, timeout)
        # Loopback gives each of these short answers in one piece.
        assert len(data) == HEADER + int.from_bytes(data[6:8], "big")
        self.answers.append(data)
        return self._change(len(self.answers) - 1, data)


@pytest.fixture(scope="module")
def meter():
    with running_meter("wrapper") as (_, address):
        yield address


@pytest.fixture(scope="module")
def driver(meter, tmp_path_factory):
    driver = DlmsDriver(CounterStore(tmp_path_factory.mktemp("state") / "counters.sqlite"))
    read(driver, tcp_link(meter), SPEC)  # learns the counter, so that later dialogues are alike
    return driver


def tampered(driver, meter, change) -> TamperedLink:
    link = TamperedLink(tcp_link(meter).line, change)
    result = read(driver, link, SPEC, timeout=0.3)
    assert result.samples["1.8.0"].value == 12345678
    return link


def test_the_dialogue_is_as_the_tests_below_think(driver, meter):
    link = tampered(driver, meter, lambda number, data: data)
    assert [data[HEADER] for data in link.answers] == [0x61, 0xCF, 0xCC, 0xCC, 0xCC, 0x63]


# 4 and 5 are what turns protection off in the security control byte.
@pytest.mark.parametrize("bit", [0, 4, 5, 7])
def test_no_flipped_bit_of_a_value_becomes_a_reading(driver, meter, bit):
    """Each byte of the answer in turn, header of the frame included."""
    length = len(tampered(driver, meter, lambda number, data: data).answers[VALUE])
    for at in range(length):
        if 4 <= at < 8 and at != 7:
            continue  # a longer length only waits for bytes that never come

        def change(number, data, at=at):
            return data if number != VALUE else _flip(data, at, bit)

        with pytest.raises(CollectorError):
            tampered(driver, meter, change)


def _flip(data: bytes, at: int, bit: int) -> bytes:
    return data[:at] + bytes((data[at] ^ 1 << bit,)) + data[at + 1 :]


def test_answer_of_an_earlier_dialogue_is_replayed(driver, meter):
    old = tampered(driver, meter, lambda number, data: data).answers[VALUE]
    with pytest.raises(CollectorError) as caught:
        tampered(driver, meter, lambda number, data: old if number == VALUE else data)
    assert caught.value.code == "replayed"


def test_answer_of_this_dialogue_is_replayed(driver, meter):
    seen = []

    def change(number, data):
        seen.append(data)
        return seen[VALUE - 1] if number == VALUE else data

    with pytest.raises(CollectorError) as caught:
        tampered(driver, meter, change)
    assert caught.value.code == "replayed"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("C401C100060000ACE0", "unprotected"),
        ("D80103", "meter_refused"),
        ("D80106", "stale_counter"),
        ("0E060203", "meter_refused"),
        ("6303800100", "unprotected"),
        ("00", "unprotected"),
    ],
)
def test_clear_answer_to_a_ciphered_request_is_no_reading(driver, meter, answer, code):
    message = bytes.fromhex(answer)

    def change(number, data):
        return data[:6] + len(message).to_bytes(2, "big") + message if number == VALUE else data

    with pytest.raises(CollectorError) as caught:
        tampered(driver, meter, change)
    assert caught.value.code == code


def test_meter_that_does_not_prove_the_key_is_refused(driver, meter):
    with pytest.raises(CollectorError):
        tampered(driver, meter, lambda number, data: _flip(data, 70, 0) if not number else data)


def test_after_all_that_the_meter_is_read_again(driver, meter):
    tampered(driver, meter, lambda number, data: data)


def test_wrong_proof_under_a_sound_seal_is_refused(driver, meter, monkeypatch):
    """A meter that shares the keys but answers another challenge: a proof heard before."""
    from actwin_collector.protocol.dlms.association import Association

    original = Association.accept

    def accept(self, answer):
        required = original(self, answer)
        self._challenge = bytes(16)
        return required

    monkeypatch.setattr(Association, "accept", accept)
    with pytest.raises(CollectorError) as caught:
        tampered(driver, meter, lambda number, data: data)
    assert caught.value.code == "bad_authentication"
