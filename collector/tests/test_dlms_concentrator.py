# SPDX-License-Identifier: MIT
"""Many DLMS meters behind one address: a PLC concentrator, an RS-485 line, a gateway; mode E."""

from __future__ import annotations

import asyncio
import time

import pytest
from dlms_rig import (
    BOTH_KEYS,
    GMAC,
    GUARDED,
    KEYED,
    NOW,
    PASSWORD,
    SERIAL,
    at,
    meters,
    serving,
    spec,
)
from protocol_rig import ScriptedLink, hold, read, serial_link, tcp_link

from actwin_collector.model import AddressError, CollectorError, ConfigError
from actwin_collector.protocol.dlms import DlmsDriver, gateway, hdlc, wrapper
from actwin_collector.protocol.dlms.counters import CounterStore
from actwin_collector.simulate.ports import PtyPort
from actwin_collector.simulate.protocols.dlms import session_of

SERIALS = [str(int(SERIAL) + number) for number in range(4)]
KINDS = {
    "wrapper": ({}, lambda number: {"address": str(number + 1)}),
    "hdlc": ({"framing": "hdlc"}, lambda number: {"framing": "hdlc", "address": f"1/{number + 1}"}),
    "gateway": ({"gateway": True}, lambda number: {"gateway": SERIALS[number]}),
    "gateway in hdlc": (
        {"gateway": True, "framing": "hdlc"},
        lambda number: {"gateway": SERIALS[number], "framing": "hdlc"},
    ),
}


@pytest.fixture
def driver(tmp_path):
    return DlmsDriver(CounterStore(tmp_path / "counters.sqlite"))


@pytest.mark.parametrize("kind", KINDS)
def test_each_meter_behind_one_address_is_read_and_a_silent_one_costs_only_its_own(driver, kind):
    """All over one line, one after the other, as a worker does; the third never answers."""
    habits, settings = KINDS[kind]
    keys = [{"encryption_key": f"{number:032X}", "authentication_key": f"{number + 9:032X}"}
            for number in range(4)]  # fmt: skip
    found = meters(
        *({**habits, **keys[number], "silent": number == 2} for number in range(4))
    )
    timings = {}

    async def one(link, number):
        secret = ":".join(keys[number].values())
        wanted = spec("1.8.0", secret=secret, **{**GMAC, **settings(number)})
        begun = time.monotonic()
        try:
            if not link.is_open:
                await link.open()
            result = await driver.read(link, wanted, 0.3)
            return result.meter.id, result.samples["1.8.0"].value
        except CollectorError as error:
            return error.code
        finally:
            timings[number] = time.monotonic() - begun

    async def everybody(link):
        results = []
        for number in (0, 1, 2, 3, 0):
            results.append(await one(link, number))
            assert link.is_open, "a silent meter cost the others their connection"
        return results

    with serving(found) as address:
        link = tcp_link(address)
        results = hold(link, lambda: everybody(link))
    model = [each.model for each in found]
    assert results == [
        (SERIALS[0], model[0].scaled("1.8.0", NOW)),
        (SERIALS[1], model[1].scaled("1.8.0", NOW)),
        "no_answer",
        (SERIALS[3], model[3].scaled("1.8.0", NOW)),
        (SERIALS[0], model[0].scaled("1.8.0", NOW)),
    ]
    assert timings[2] < 1.5


class _Late:
    """Holds back what one meter answers until another one is asked."""

    def __init__(self, inner, is_slow) -> None:
        self._inner, self._is_slow, self._held = inner, is_slow, b""

    def feed(self, data: bytes) -> bytes:
        answer = self._inner.feed(data)
        if self._is_slow(data):
            self._held = answer
            return b""
        held, self._held = self._held, b""
        return held + answer


@pytest.mark.parametrize("kind", ["wrapper", "gateway"])
def test_what_a_slow_meter_answers_too_late_disturbs_nobody(driver, kind):
    """The answer comes in the middle of the next meter's dialogue, over the same connection."""
    habits, settings = KINDS[kind]
    found = meters(habits, habits)

    async def both(link):
        with pytest.raises(CollectorError) as caught:
            await driver.read(link, spec("1.8.0", client=1, **settings(1)), 0.2)
        assert caught.value.code == "no_answer" and link.is_open
        return await driver.read(link, spec("1.8.0", client=1, **settings(0)), 1.0)

    other = SERIALS[1].encode()
    slow = {"wrapper": lambda data: data[5] == 2, "gateway": lambda data: other in data}
    late = _Late(session_of(found), slow[kind])
    link = ScriptedLink(*[late.feed] * 40)
    result = hold(link, lambda: both(link))
    assert result.meter.id == SERIALS[0]
    assert result.samples["1.8.0"].value == found[0].model.scaled("1.8.0", NOW)


def test_connection_begins_anew_after_a_frame_that_stops_half_way(driver):
    class Cut(ScriptedLink):
        closed = 0

        async def close(self) -> None:
            self.closed += 1

    for answer, closes in ((b"", 0), (b"\x00", 1), (b"\x00\x01\x00\x01\x00\x10\x00\x05\x61", 1),
                           (b"\x00\x02" + bytes(6), 1)):  # fmt: skip
        link = Cut(answer)

        async def one(link=link):
            return await driver.read(link, spec("1.8.0"), 0.1)

        with pytest.raises(CollectorError):
            asyncio.run(one())
        assert link.closed == closes, answer


def test_profile_comes_through_a_gateway(driver):
    with serving(meters({"gateway": True}, {"gateway": True})) as address:
        link = tcp_link(address)
        wanted = spec(client=1, gateway=SERIALS[1])
        span = (at("2026-09-10T00:00"), at("2026-09-11T00:00"))
        assert len(hold(link, lambda: driver.read_profile(link, wanted, 2, *span))) == 96


@pytest.mark.parametrize("change", ["address", "network"])
def test_answer_of_another_meter_behind_the_gateway_is_refused(change):
    def answer(data: bytes) -> bytes:
        [(source, target, message)] = wrapper.split(data)
        network, address, _ = gateway.parse(message)
        address, network = (b"other", network) if change == "address" else (address, network + 1)
        framed = gateway.build(gateway.RESPONSE, network, address, b"\x61\x00")
        return wrapper.build(target, source, framed)

    with pytest.raises(AddressError):
        read(DlmsDriver(), ScriptedLink(answer), spec("1.8.0", gateway="meter"), 0.2)


def test_gateway_header_and_what_is_none():
    built = gateway.build(gateway.REQUEST, 7, b"0815", b"\xc0\x01")
    assert built.hex() == "e60704" + b"0815".hex() + "c001"
    assert gateway.parse(built) == (7, b"0815", b"\xc0\x01")
    for wrong in ("e7", "e700", "e70005", "e7000141", "e7000041"[:6]):
        with pytest.raises(CollectorError) as caught:
            gateway.parse(bytes.fromhex(wrong))
        assert caught.value.code in ("truncated", "empty")


@pytest.mark.parametrize(("address", "size"), [("1", 0), ("1/2", 2), ("1/2", 4)])
def test_address_sizes_on_one_hdlc_line(driver, address, size):
    habits = {"framing": "hdlc"}
    with serving(meters(habits, habits)) as where:
        result = read(
            driver,
            tcp_link(where),
            spec("1.8.0", client=1, address=address, address_size=size, framing="hdlc"),
        )
    assert result.meter.id == SERIALS[1 if "/" in address else 0]


@pytest.fixture
def mode_e_pty(tmp_path):
    """A simulated mode E meter on a pty; ``run`` does asynchronous work beside it."""
    found = meters({"framing": "hdlc", "mode_e": True, **GUARDED})

    def run(work):
        async def main():
            port = PtyPort(lambda: session_of(found), tmp_path / "meter")
            port.start()
            link = serial_link(tmp_path / "meter")
            try:
                await link.open()
                return await work(link)
            finally:
                await link.close()
                await port.stop()

        return asyncio.run(main())

    return run, found[0].model


@pytest.mark.parametrize("secret", ["low", "gmac"])
def test_mode_e_meter_is_woken_before_each_dialogue(driver, mode_e_pty, secret):
    run, model = mode_e_pty
    security = (GMAC, BOTH_KEYS) if secret == "gmac" else ({"authentication": "low"}, PASSWORD)
    wanted = spec(
        "1.8.0", secret=security[1], framing="hdlc", mode_e=True, mode_e_address=SERIAL,
        **security[0],
    )  # fmt: skip

    async def twice(link):
        return [await driver.read(link, wanted, 2.0) for _ in range(2)]

    for result in run(twice):
        assert result.samples["1.8.0"].value == model.scaled("1.8.0", NOW)


class _Line(ScriptedLink):
    def __init__(self, *script):
        super().__init__(*script, kind="serial")


def test_mode_e_speeds_and_what_is_sent():
    link = _Line(b"/?!\r\n/ACT5\\2SIM\r\n", b"\x06252\r\n", b"", b"")
    with pytest.raises(CollectorError) as caught:
        read(DlmsDriver(), link, spec("1.8.0", framing="hdlc", mode_e=True), 0.2)
    assert caught.value.code == "no_answer"  # at HDLC, where the script ends
    assert link.sent[:2] == [b"/?!\r\n", b"\x06252\r\n"]
    assert [hdlc.split(data)[0].control for data in link.sent[2:]] == [hdlc.SNRM, hdlc.DISC]
    assert link.serial[:2] == [
        {"baudrate": 300, "bytesize": 7, "parity": "E"},
        {"baudrate": 9600, "bytesize": 8, "parity": "N"},
    ]
    assert len(link.serial) == 3  # and back as the line says


@pytest.mark.parametrize(
    ("script", "code"), [((), "no_answer"), ((b"noise\r\n" * 6,), "bad_frame"),
                         ((b"/ACTX\\2SIM\r\n",), "protocol_error")]
)  # fmt: skip
def test_meter_that_is_not_woken_is_a_named_error_and_the_line_is_given_back(script, code):
    link = _Line(*script)
    with pytest.raises(CollectorError) as caught:
        read(DlmsDriver(), link, spec("1.8.0", framing="hdlc", mode_e=True), 0.1)
    assert caught.value.code == code
    assert len(link.serial) == 2


def test_mode_e_needs_hdlc():
    with pytest.raises(ConfigError):
        read(DlmsDriver(), ScriptedLink(), spec("1.8.0", framing="wrapper", mode_e=True), 0.1)


def test_simulated_meter_checks_its_settings():
    for wrong in ({"mode_e": True}, {"encryption_key": KEYED["encryption_key"]}, {"suite": 2},
                  {"framing": "x"}, {"unknown": 1}, {"encryption_key": "zz"}):  # fmt: skip
        with pytest.raises(ConfigError):
            meters(wrong)
