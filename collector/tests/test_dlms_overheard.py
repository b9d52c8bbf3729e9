# SPDX-License-Identifier: MIT
"""Pushes that come while a meter is asked: they answer nothing, and none of them is lost."""

from __future__ import annotations

import asyncio
import threading

import pytest
from dlms_rig import BOTH_KEYS, GMAC, KEYED, NOW, meters, spec
from dlms_support import PLAIN_PUSH, general, in_wrapper, running_meter
from protocol_rig import read, tcp_link

from actwin_collector.model import CollectorError, ProtocolError
from actwin_collector.protocol.dlms import DlmsDriver
from actwin_collector.protocol.dlms.counters import CounterStore
from actwin_collector.simulate.ports import TcpPort
from actwin_collector.simulate.protocols.dlms import session_of


@pytest.fixture
def driver(tmp_path):
    return DlmsDriver(CounterStore(tmp_path / "counters.sqlite"))


def overhearing(address: str):
    link = tcp_link(address)
    chunks: list[bytes] = []
    link.overheard = chunks.append
    return link, chunks


def heard_in(driver, chunks):
    ear = driver.listener({})
    return [heard for chunk in chunks for heard in ear.feed(chunk)], ear.errors


@pytest.mark.parametrize("framing", ["wrapper", "hdlc"])
def test_an_independent_meter_pushes_before_it_answers(driver, framing):
    with running_meter(framing, f"push-{PLAIN_PUSH.hex()}") as (_, address):
        link, chunks = overhearing(address)
        wanted = spec("1.8.0", secret=BOTH_KEYS, framing=framing, **GMAC)
        result = read(driver, link, wanted)
        assert result.samples["1.8.0"].value == 12345678
        title = result.meter.extra["system_title"]
    (clear, sealed), errors = heard_in(driver, chunks)
    assert errors == {} and sealed.sender == title
    assert driver.open_heard(clear, spec()).rows[0].samples["1.8.0"].value == 1234567
    # Opened after the answers that came later: still the first of its kind.
    push = driver.open_heard(sealed, spec(secret=BOTH_KEYS, meter_title=title))
    assert push.rows[0].samples["32.7.0"].unit == "V"
    assert push.result.meter.extra["authentication"] == "verified"
    with pytest.raises(CollectorError) as caught:
        driver.open_heard(sealed, spec(secret=BOTH_KEYS, meter_title=title))
    assert caught.value.code == "replayed"


class _Chatty:
    """Another meter's push before each answer of this line."""

    def __init__(self, inner, push) -> None:
        self._inner, self._push = inner, push

    def feed(self, data: bytes) -> bytes:
        answer = self._inner.feed(data)
        return self._push() + answer if answer else b""


@pytest.mark.parametrize("framing", ["wrapper", "hdlc"])
@pytest.mark.parametrize("listening", [True, False])
def test_other_meters_behind_a_concentrator_push_while_one_is_asked(driver, framing, listening):
    found = meters({"framing": framing}, {"framing": framing, **KEYED})
    asked, pushing = found
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    port = TcpPort(lambda: _Chatty(session_of(found), pushing.pusher.frames))
    number = asyncio.run_coroutine_threadsafe(port.start(), loop).result(5)
    try:
        link, chunks = overhearing(f"127.0.0.1:{number}")
        link.overheard = link.overheard if listening else None
        result = read(driver, link, spec("1.8.0", client=1, framing=framing))
    finally:
        asyncio.run_coroutine_threadsafe(port.stop(), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()
    assert result.samples["1.8.0"].value == asked.model.scaled("1.8.0", NOW)
    heard, errors = heard_in(driver, chunks)
    title = pushing.identity.title.hex().upper()
    assert errors == {} and {each.sender for each in heard} == ({title} if listening else set())
    device = spec(secret=BOTH_KEYS, meter_title=title)
    for each in heard:
        assert driver.open_heard(each, device).rows


def test_an_answer_is_not_taken_for_a_push(driver):
    device = spec(secret=BOTH_KEYS)
    answer = general(bytes.fromhex("C401C1000600000005"), 7)
    [heard] = driver.listener({}).feed(in_wrapper(answer))
    with pytest.raises(ProtocolError) as caught:
        driver.open_heard(heard, device)
    assert caught.value.code == "not_a_push"
