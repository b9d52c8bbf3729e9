# SPDX-License-Identifier: MIT
"""A million mutated frames into every decoder and listener: records or named errors, no more."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal

import fuzzing
import pytest
from dlms_support import PLAIN_PUSH, PUSHES, WITH_KEYS, general, in_hdlc, in_wrapper, segments
from fuzzing import Campaign
from hypothesis import given, settings
from hypothesis import strategies as st
from mbus_support import PROTOCOLS, files, lines, own_telegrams, real_telegrams
from protocol_rig import cases
from radio_support import KEY, meter
from test_dlms_fuzz import ANSWERS

from actwin_collector.model import CollectorError, Record
from actwin_collector.protocol.base import Listener
from actwin_collector.protocol.mbus.link import long_frame
from actwin_collector.protocol.modbus.registermap import load_map, map_names
from actwin_collector.protocol.registry import DRIVERS, driver_class, get_driver, names
from actwin_collector.simulate.lora import NETWORKS, LoraMeter
from actwin_collector.simulate.modbus import crc16
from actwin_collector.simulate.wmbus import RECEIVERS, delivered, format_a

NOW = datetime(2026, 11, 24, 12, 30, tzinfo=UTC)
_KEYS = {"key": KEY}


def decoder(name: str, field: str = "telegram", **more) -> fuzzing.Target:
    """The ``decode`` command's way into a driver."""
    decode = driver_class(name).decode
    if field == "text":
        return lambda data: decode({"text": data.decode("latin-1"), **more}).records
    return lambda data: decode({field: data.hex(), **more}).records


# --- seeds: the real telegrams where they are, our own always -------------------------------------


def own_readouts() -> list[bytes]:
    inputs = [json.loads((folder / "input.json").read_text("utf-8"))
              for folder in cases("iec62056-21")]  # fmt: skip
    return [given["text"].encode("latin-1", "replace") for given in inputs if "text" in given]


def real_readouts() -> list[bytes]:
    found = []
    for path in files(PROTOCOLS / "iec62056-21", "*.json"):
        row = json.loads(path.read_text("utf-8"))
        found.append(f"{row.get('identification', '')}\r\n{row.get('data', '')}!\r\n")
    # Long readouts repeat one grammar: their first kilobyte says it all, in a fraction of the time.
    return [text[:1000].encode("latin-1", "replace") for text in found]


def radio_telegrams() -> list[bytes]:
    real = lines(PROTOCOLS / "wmbus" / "wmbusmeters_telegrams.jsonl")
    derived = lines(PROTOCOLS / "wmbus" / "derived_encrypted.jsonl")
    own = [meter(mode).telegram(NOW) for mode in (0, 5, 7)]
    return [bytes.fromhex(row["telegram"]) for row in (*real, *derived)] + own


def dlms_messages() -> list[bytes]:
    real = [bytes.fromhex("".join(row.get("frames") or [row["hex"]])) for row in PUSHES]
    sealed = general(PLAIN_PUSH, 9)
    framed = [in_hdlc(PLAIN_PUSH, 3), in_wrapper(PLAIN_PUSH), b"".join(segments(sealed, 40))]
    return [*real, PLAIN_PUSH, *ANSWERS, sealed, *framed]


def modbus_answers() -> list[bytes]:
    found = []
    for name in map_names():
        register_map = load_map(name)
        first = register_map.registers[0]
        words = b"".join(
            word.to_bytes(2, "big")
            for register in register_map.registers[:8]
            for word in register.encode(register.offset + 100 * register.scale)
        )[:250]
        found.append(bytes((1, first.function, len(words))) + words)
    return [*found, b"\x01\x83\x02", b"\x01\x01\x02\x05\x80", b"\x01\x03\x04\x00\x00\x00\x02"]


# --- mending: damage that reaches the layer behind the check sum ----------------------------------


def mend_mbus(rng: random.Random, data: bytearray) -> bytes:
    if rng.random() < 0.2 or len(data) < 9:
        return bytes(data)
    return long_frame(data[4], data[5], bytes(data[6:-2][:250]))


def mend_radio(rng: random.Random, data: bytearray) -> bytes:
    if rng.random() < 0.8 and data:
        data[0] = min(len(data) - 1, 255)
    return bytes(data)


def mend_format_a(rng: random.Random, data: bytearray) -> bytes:
    wire = format_a(mend_radio(rng, data))
    if rng.random() < 0.2:
        wire = wire[: rng.randrange(len(wire) + 1)]
    return wire


def mend_dlms(rng: random.Random, data: bytearray) -> bytes:
    plain = bytes(data)
    kind = rng.randrange(6)
    if kind == 0:
        return in_hdlc(plain[:900], rng.choice((1, 2)))
    if kind == 1:
        return in_wrapper(plain)
    return general(plain, 9) if kind == 2 else plain


def mend_modbus(rng: random.Random, data: bytearray) -> bytes:
    if rng.random() < 0.7 and len(data) > 3 and not data[1] & 0x80:
        data[2] = min(len(data) - 3, 255)
    kind = rng.randrange(4)
    if kind == 0:
        return bytes(data)
    if kind == 1:
        return bytes((0, 1, 0, 0)) + len(data).to_bytes(2, "big") + data
    return bytes(data) + crc16(bytes(data))


def modbus_target() -> fuzzing.Target:
    decode = driver_class("modbus").decode
    maps = [None, *map_names()]

    def target(data: bytes) -> Iterable[Record]:
        name = maps[len(data) % len(maps)]
        start = load_map(name).registers[0].address if name else 0
        return decode({"telegram": data.hex(), "map": name, "address": start}).records

    return target


CAMPAIGNS: Mapping[str, tuple[int, Callable[[], Campaign]]] = {
    "mbus": (300_000, lambda: Campaign(
        "mbus", [*own_telegrams(), *real_telegrams()], decoder("mbus"), mend_mbus)),
    "mbus_sealed": (50_000, lambda: Campaign(
        "mbus_sealed", [*own_telegrams(), *real_telegrams()], decoder("mbus", **_KEYS), mend_mbus)),
    "wmbus": (200_000, lambda: Campaign(
        "wmbus", radio_telegrams(), decoder("wmbus", **_KEYS), mend_radio)),
    "wmbus_a": (30_000, lambda: Campaign(
        "wmbus_a", radio_telegrams(), decoder("wmbus", format="a"), mend_format_a)),
    "iec_text": (100_000, lambda: Campaign(
        "iec_text", [*own_readouts(), *real_readouts()], decoder("iec62056-21", "text"))),
    "iec_bytes": (20_000, lambda: Campaign(
        "iec_bytes", [*own_readouts(), *real_readouts()], decoder("iec62056-21"))),
    "dlms": (150_000, lambda: Campaign(
        "dlms", dlms_messages(), decoder("dlms", **WITH_KEYS), mend_dlms)),
    "modbus": (150_000, lambda: Campaign("modbus", modbus_answers(), modbus_target(), mend_modbus)),
}  # fmt: skip


def assert_sound(outcome: fuzzing.Outcome) -> None:
    assert outcome.slowest < fuzzing.FRAME_SECONDS
    assert outcome.grown < fuzzing.MEMORY_BYTES
    # A campaign that only bounces off the outermost check would prove nothing.
    assert outcome.decoded > outcome.frames // 50
    assert sum(outcome.errors.values()) > outcome.frames // 50


@pytest.mark.parametrize("name", CAMPAIGNS)
def test_mutated_frames_give_records_or_a_named_error(name):
    frames, campaign = CAMPAIGNS[name]
    assert_sound(fuzzing.run(campaign(), frames))


def test_the_campaigns_make_a_million():
    assert sum(frames for frames, _ in CAMPAIGNS.values()) >= 1_000_000


# --- listeners: the same damage, as a stream in pieces --------------------------------------------



def heard_by(receiver: str) -> dict[str, str]:
    """The line's settings for what the simulator calls, say, ``raw-a``."""
    name, dash, form = receiver.rpartition("-")
    if dash and len(form) == 1:
        return {"receiver": name, "frame_format": form}
    return {"receiver": receiver}


CONCENTRATOR = (
    b'{"time": 1790000000, "meters": [{"address": "1", "data":'
    b' [{"obis": "1.8.0", "value": "1.5", "unit": "kWh"}]}]}\n'
)


def uplinks() -> list[bytes]:
    lora = LoraMeter(lambda now: {"volume": Decimal("54.321")})
    return [lora.uplink(network, NOW)[1] + b"\n" for network in NETWORKS]


STREAMS: Mapping[str, tuple[Callable[[], list[bytes]], Mapping[str, object]]] = {
    **{
        f"wmbus {receiver}": (lambda receiver=receiver: captures(receiver), heard_by(receiver))
        for receiver in RECEIVERS
    },
    "iec62056-21": (lambda: [*own_readouts(), *real_readouts()], {}),
    "dlms": (dlms_messages, {}),
    "lora": (uplinks, {}),
    "json": (lambda: [CONCENTRATOR], {"mapping": "hplc-concentrator"}),
}


def captures(receiver: str) -> list[bytes]:
    wires = [wire for wire in radio_telegrams()[::9] if len(wire) == wire[0] + 1]
    return [delivered(receiver, wire, NOW) for wire in wires]


def listening(name: str) -> Listener | None:
    settings = STREAMS[name][1]
    return get_driver(name.partition(" ")[0]).listener(settings)


@pytest.mark.parametrize("name", STREAMS)
def test_damaged_stream_never_breaks_a_listener(name):
    driver = get_driver(name.partition(" ")[0])
    listener = listening(name)
    if listener is None:
        pytest.skip(f"{name} does not listen")
    heard = 0

    def target(data: bytes) -> Iterable[Record]:
        nonlocal heard
        half = len(data) // 2
        for piece in (data[:half], data[half:]):
            for message in listener.feed(piece):
                heard += 1
                yield from driver.decode({**message.telegram, "codec": "zenner"}).records

    campaign = Campaign(f"listen {name}", STREAMS[name][0](), target)
    outcome = fuzzing.run(campaign, 10_000)
    assert outcome.slowest < fuzzing.FRAME_SECONDS and outcome.grown < fuzzing.MEMORY_BYTES
    assert heard and all(isinstance(count, int) for count in listener.errors.values())


# --- anything at all in the JSON object -----------------------------------------------------------

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
    | st.binary(max_size=20).map(bytes.hex),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=5,
)  # fmt: skip
_FIELDS = ("telegram", "text", "frames", "key", "format", "map", "address", "request", "function",
           "json", "codec", "mapping", "port")  # fmt: skip


@pytest.mark.parametrize("name", names(DRIVERS))
@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.dictionaries(st.sampled_from(_FIELDS), _JSON, max_size=4))
def test_any_json_object_is_answered(name, telegram):
    try:
        fuzzing.check(driver_class(name).decode(telegram).records)
    except CollectorError as error:
        assert error.code and error.message


def test_a_hanging_decoder_is_found():
    def hangs(_data: bytes) -> Iterable[Record]:
        while True:
            sum(range(1000))

    with pytest.raises(AssertionError, match="hangs at"):
        fuzzing.run(Campaign("hang", [b"x"], hangs), 1)


def test_a_crashing_decoder_and_a_leaking_one_are_found():
    def crashes(data: bytes) -> Iterable[Record]:
        raise IndexError(len(data))

    with pytest.raises(AssertionError, match="IndexError"):
        fuzzing.run(Campaign("crash", [b"x"], crashes), 1)
    kept = []

    def leaks(data: bytes) -> Iterable[Record]:
        kept.append(bytes(20_000) + data)
        return [Record("x", Decimal(1))]

    assert fuzzing.run(Campaign("leak", [b"x"], leaks), 2_000).grown > fuzzing.MEMORY_BYTES
