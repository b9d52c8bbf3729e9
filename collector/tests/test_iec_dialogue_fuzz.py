# SPDX-License-Identifier: MIT
"""Damaged dialogues and streams: results or named errors, never anything else, never a hang."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from iec_support import NOW, local, site, spec
from protocol_rig import ScriptedLink

from actwin_collector.model import CollectorError, Heard, ProfileRow
from actwin_collector.protocol.iec62056_21 import Iec62056Driver
from actwin_collector.protocol.iec62056_21.codec import command_message, frame, take_block
from actwin_collector.protocol.iec62056_21.events import events_of
from actwin_collector.protocol.iec62056_21.options import Options
from actwin_collector.protocol.iec62056_21.rows import profile_rows
from actwin_collector.simulate.iecpush import telegram

bounded = settings(max_examples=300, deadline=None, derandomize=True)
METER = site(("T", "iec62056-21-push", {"port": 0}, {})).meters["T"]
STREAMS = [telegram(METER, kind, NOW) for kind in ("d", "a", "p1")]
START = local(2026, 9, 14)
ANSWER = frame("P.01(0260914001500)(00)(15)(1)(1.5.0)(kW)\r\n(1.5)\r\n(2.5)\r\n")
PIECES = st.sampled_from(
    ["P.01(", "P.98(", "96.77.0*1(", "96.71*1(", "F.F.0(", "99.97.0(", "0260914001500)", "(00)",
     "(15)(1)(1.5.0)(kW)", "26-01-01,00:15", ")", "(", "\r\n", "(1.5)", "(2)", "7", ",", "²", "*"]
)
CHANGES = st.lists(
    st.tuples(st.sampled_from("csdi"), st.integers(0, 999), st.integers(0, 255)), max_size=8
)


def changed(data: bytes, changes) -> bytes:
    """Return data with bytes changed, stretches repeated or left out, bytes put in."""
    for kind, at, value in changes:
        at %= max(1, len(data))
        if kind == "c":
            data = data[:at] + bytes([value]) + data[at + 1 :]
        elif kind == "s":
            data = data[:at] + data[max(0, at - value) : at] + data[at:]
        elif kind == "d":
            data = data[:at] + data[at + value % 32 :]
        else:
            data = data[:at] + bytes([value]) + data[at:]
    return data


@bounded
@given(CHANGES, st.integers(0, 2))
def test_any_answer_in_programming_mode(changes, which):
    script = [b"/EMH5TEST\r\n", command_message("P0", "(1)"), ANSWER]
    script[which] = changed(script[which], changes)
    link = ScriptedLink(*script)
    driver = Iec62056Driver()
    given_spec = spec(switch_delay=0.0)
    try:
        rows = asyncio.run(
            driver.read_profile(link, given_spec, 0.1, START, START + timedelta(days=1))
        )
    except CollectorError as error:
        assert error.code and error.message
        return
    assert all(isinstance(row, ProfileRow) for row in rows)


@bounded
@given(st.binary(max_size=200))
def test_any_bytes_as_block(data):
    block, rest = take_block(data)
    assert len(rest) <= len(data)
    assert block is None or len(rest) < len(data)


@bounded
@given(st.sampled_from(STREAMS), CHANGES, st.integers(1, 80))
def test_any_stream_of_unasked_telegrams(stream, changes, step):
    driver = Iec62056Driver()
    on = driver.listener({})
    data = changed(stream + stream, changes) + stream
    heard = [each for at in range(0, len(data), step) for each in on.feed(data[at : at + step])]
    assert all(isinstance(each, Heard) and isinstance(each.sender, str) for each in heard)
    for each in heard:
        try:
            driver.open_heard(each, spec())
        except CollectorError as error:
            assert error.code


@bounded
@given(st.lists(PIECES, max_size=40).map("".join))
def test_any_text_as_profile_and_as_events(text):
    options = Options.of(spec(status_bits="mass"))
    events_of(text, options, START)
    try:
        profile_rows(text, options)
    except CollectorError as error:
        assert error.code
