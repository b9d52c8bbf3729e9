# SPDX-License-Identifier: MIT
"""Noise into the IEC 62056-21 decoder: records or a CollectorError, nothing else ever."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import example, given, settings
from hypothesis import strategies as st
from protocol_rig import cases

from actwin_collector.model import CollectorError, Record
from actwin_collector.protocol.iec62056_21 import Iec62056Driver
from actwin_collector.units import plain

bounded = settings(max_examples=400, deadline=None, derandomize=True)
SEEDS = [(folder / "input.json").read_text("utf-8") for folder in cases("iec62056-21")]
PIECES = st.sampled_from(
    ["1.8.0", "P.01", "0.9.1", "1-0:", "*255", "&7", "(", ")", "!", "*kWh", "\x02", "\x03", "/",
     "\r\n", "-", "99999999", "0.5", "26-01-01,00:15", "1220823161500", "²", "\x7f", "(15)(1)"]
)


def survives(given_telegram) -> None:
    """Decode; every record that comes out must be complete and printable."""
    try:
        telegram = Iec62056Driver.decode(given_telegram)
    except CollectorError as error:
        assert error.code and error.message
        return
    for record in telegram.records:
        assert isinstance(record, Record) and isinstance(record.raw, list)
        assert isinstance(record.value, Decimal | str | None)
        if isinstance(record.value, Decimal):
            assert record.value.is_finite() and plain(record.value)


@bounded
@given(st.text(max_size=400))
@example("(" * 300)
@example("1" * 5000 + "(2)")
def test_any_text(text):
    survives({"text": text})


@bounded
@given(st.lists(PIECES, max_size=60).map("".join))
def test_text_made_of_the_grammar(text):
    survives({"text": text})


@bounded
@given(st.binary(max_size=300))
def test_any_bytes(data):
    survives({"telegram": data.hex()})


@bounded
@given(st.sampled_from(SEEDS), st.integers(0, 2000), st.characters(max_codepoint=0x2FF))
def test_one_changed_character(text, at, character):
    at %= len(text)
    survives({"text": text[:at] + character + text[at + 1 :]})
