# SPDX-License-Identifier: MIT
"""LoRaWAN uplinks of every network server become readings; replays and rubbish are named."""

from __future__ import annotations

import base64
import json
import random
from datetime import timedelta
from decimal import Decimal

import pytest
from radio_support import KEY, NOW
from radio_support import meter as radio_meter

from actwin_collector.model import CollectorError, ConfigError, DeviceSpec, ParameterSpec
from actwin_collector.protocol.lora import LoraDriver
from actwin_collector.protocol.lora.codecs import codec_names, codec_of, read_payload
from actwin_collector.protocol.mbus.registers import find_record, parse_register
from actwin_collector.protocol.wmbus.memory import Memory
from actwin_collector.simulate.lora import NETWORKS, PAYLOADS, LoraMeter

EUI = "70B3D5E75E004711"
VECTORS = [
    pytest.param(name, vector, id=f"{layout.name}-{number}")
    for name in codec_names()
    for layout in codec_of(name)
    for number, vector in enumerate(layout.vectors)
]


@pytest.fixture
def driver(tmp_path):
    return LoraDriver(Memory(tmp_path / "memory.sqlite"), lambda: NOW)


def meter(codec: str = "zenner", **more) -> LoraMeter:
    return LoraMeter(lambda now: {"volume": Decimal("54.321")}, codec=codec, **more)


def device(*registers: str, address: str = EUI, secret: str = "", **settings) -> DeviceSpec:
    parameters = tuple(ParameterSpec(name, f"S/{name}") for name in registers or ("volume",))
    rules = {"codec": "zenner", **settings}
    return DeviceSpec("D", "lora", "net", address, rules, secret, parameters=parameters)


def hear(driver, body: bytes, topic: str = ""):
    listener = driver.listener({})
    found = listener.message(body, topic)
    return found, listener.errors


def refusal(driver, heard, spec) -> str:
    with pytest.raises(CollectorError) as caught:
        driver.open_heard(heard, spec)
    return caught.value.code


@pytest.mark.parametrize("codec", PAYLOADS)
@pytest.mark.parametrize("network", NETWORKS)
def test_every_network_server_and_codec(driver, network, codec):
    topic, body = meter(codec).uplink(network, NOW)
    (heard,), errors = hear(driver, body, topic)
    assert (heard.sender, heard.rssi, errors) == (EUI, -97, {})
    rules = {"pulse_value": "0.001", "pulse_unit": "m3"} if codec == "milesight-pulse" else {}
    register = "pulses" if rules else "volume"
    push = driver.open_heard(heard, device(register, codec=codec, **rules))
    sample = push.result.samples[register]
    assert (sample.value, sample.unit) == (Decimal("54.321"), "m3")
    assert push.result.meter.extra["network"] == "uplink"


@pytest.mark.parametrize(("name", "vector"), VECTORS)
def test_vectors_of_the_codecs(name, vector):
    records = read_payload(codec_of(name), vector["port"], bytes.fromhex(vector["payload"]))
    for register, value in vector["values"].items():
        record = find_record(records, parse_register(register))
        assert record is not None and record.value == Decimal(value), register


def test_every_codec_has_a_vector_for_each_layout():
    without = [
        layout.name for name in codec_names() for layout in codec_of(name) if not layout.vectors
    ]
    assert without == []


def test_the_same_uplink_by_two_ways_is_the_same_telegram(driver):
    first, second = meter(), meter()
    (by_mqtt,), _ = hear(driver, first.uplink("chirpstack-v4", NOW)[1])
    (by_http,), _ = hear(driver, second.uplink("chirpstack-v4", NOW, rssi=-60)[1])
    assert by_mqtt.telegram == by_http.telegram
    assert json.loads(json.dumps(by_mqtt.telegram)) == by_mqtt.telegram


def test_a_frame_counter_that_does_not_grow_is_a_replay(driver, tmp_path):
    radio = meter()
    first, second = (hear(driver, radio.uplink("ttn-v3", NOW)[1])[0][0] for _ in range(2))
    driver.open_heard(second, device())
    assert refusal(driver, second, device()) == "replayed"
    driver.forget_heard(second, device())
    driver.open_heard(second, device())
    driver.confirm_heard(second, device())
    again = LoraDriver(Memory(tmp_path / "memory.sqlite"), lambda: NOW)
    assert refusal(again, first, device()) == "replayed"
    # A new session begins again; so does an ABP meter that was told to.
    joined = meter(address="01AB23CE")
    (fresh,), _ = hear(driver, joined.uplink("ttn-v3", NOW)[1])
    assert again.open_heard(fresh, device()).result.samples
    assert again.open_heard(first, device(counter_reset="yes")).result.samples


def test_an_unreadable_payload_does_not_use_up_its_counter(driver):
    (heard,), _ = hear(driver, meter().uplink("loriot", NOW)[1])
    assert refusal(driver, heard, device(codec="adeunis-pulse")) == "unknown_payload"
    assert driver.open_heard(heard, device()).result.samples


def test_an_uplink_that_waited_stands_for_its_own_moment(driver):
    then = NOW - timedelta(hours=3)
    (heard,), _ = hear(driver, meter().uplink("chirpstack-v4", then)[1])
    push = driver.open_heard(heard, device())
    assert push.result.samples == {}
    (row,) = push.rows
    assert (row.ts, row.samples["volume"].value) == (then, Decimal("54.321"))


def test_what_the_meter_logged_becomes_rows(driver):
    payload = bytes.fromhex("01755C 05C800010000 20CE 00E1F565 1001 71 02 00 0A000000")
    body = json.dumps(
        {"EUI": EUI, "fcnt": 1, "port": 85, "data": payload.hex(), "cmd": "rx"}
    ).encode()
    (heard,), _ = hear(driver, body)
    push = driver.open_heard(heard, device("pulses", codec="milesight-pulse"))
    assert push.result.samples["pulses"].value == 256
    assert [(row.samples["pulses"].value, row.ts.year) for row in push.rows] == [(10, 2024)]


def test_what_the_network_server_decoded_can_be_taken(driver):
    message = json.loads(meter().uplink("ttn-v3", NOW)[1])
    message["uplink_message"]["decoded_payload"] = {"meter": {"volume": 5.25}, "list": [1, 2]}
    (heard,), _ = hear(driver, json.dumps(message).encode())
    push = driver.open_heard(heard, device("meter.volume", "list.1", codec="object"))
    values = {name: sample.value for name, sample in push.result.samples.items()}
    assert values == {"meter.volume": Decimal("5.25"), "list.1": 2}


@pytest.mark.parametrize("mode", [0, 5])
def test_mbus_with_its_own_header_and_key(driver, mode):
    # The radio telegram from its CI field on, behind a long header that names the meter.
    short = radio_meter(mode).telegram(NOW)
    address = short[4:8] + short[2:4] + short[8:10]
    data = b"\x72" + address + short[11:]
    body = {"EUI": EUI, "fcnt": 1, "port": 1, "data": data.hex(), "cmd": "rx"}
    (heard,), _ = hear(driver, json.dumps(body).encode())
    spec = device(codec="en13757", secret=KEY if mode else "")
    assert driver.open_heard(heard, spec).result.samples["volume"].value == Decimal("54.321")
    if mode:
        assert refusal(driver, heard, device(codec="en13757")) == "key_missing"


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (b"{", "bad_json"),
        (b'{"a": 1}', "unknown_network"),
        (b'[1, "x"]', "unknown_network"),
        (b'{"EUI": "12", "fcnt": 1, "data": ""}', "bad_eui"),
        (b'{"EUI": "70B3D5E75E004711", "fcnt": -1, "data": ""}', "bad_uplink"),
        (b'{"EUI": "70B3D5E75E004711", "fcnt": 1.5, "data": ""}', "bad_uplink"),
        (b'{"EUI": "70B3D5E75E004711", "fcnt": 1, "port": 1, "data": "xx"}', "bad_payload"),
        (b'{"EUI": "70B3D5E75E004711", "fcnt": 1, "encdata": "00"}', "encrypted_payload"),
        (b'{"deviceInfo": {"devEui": "70b3d5e75e004711"}, "fCnt": 1, "data": "?"}', "bad_payload"),
        (b"[" * 100_000, "bad_json"),
        (b"9" * 2_000_000, "oversized"),
    ],
)
def test_rubbish_is_named(driver, message, code):
    found, errors = hear(driver, message)
    assert found == [] and set(errors) == {code}


def test_other_events_are_no_errors(driver):
    join = {"deviceInfo": {"devEui": EUI}, "devAddr": "01ab23cd", "time": NOW.isoformat()}
    commands = {"EUI": EUI, "fcnt": 4, "port": 0, "data": "0307"}
    assert hear(driver, json.dumps([join, commands]).encode()) == ([], {})


def test_a_stream_of_lines_and_a_list(driver):
    listener, radio = driver.listener({}), meter()
    one, two, three = (radio.uplink("loriot", NOW)[1] for _ in range(3))
    stream = one + b"\n" + b"[" + two + b"," + three + b"]\r\n"
    found = [heard for at in range(len(stream)) for heard in listener.feed(stream[at : at + 1])]
    assert [heard.telegram["uplink"]["f_cnt"] for heard in found] == [0, 1, 2]


@pytest.mark.parametrize("codec", ["", "nothing-like-it", "/nowhere/x.toml", 5, {"layout": [{}]}])
def test_a_codec_that_is_none_is_a_mistake_of_the_configuration(driver, codec):
    (heard,), _ = hear(driver, meter().uplink("loriot", NOW)[1])
    with pytest.raises(ConfigError):
        driver.open_heard(heard, device(codec=codec))
    with pytest.raises(ConfigError):
        driver.sender_of(device(codec=codec))


def test_a_codec_of_the_users_own(driver, tmp_path, monkeypatch):
    (tmp_path / "codecs").mkdir()
    (tmp_path / "codecs" / "mine.toml").write_text(
        "[[layout]]\nname = 'mine'\n"
        "field = [{ quantity = 'volume', unit = 'm3', at = 1, type = 'u32', factor = '0.01' }]\n"
    )
    (heard,), _ = hear(driver, meter().uplink("loriot", NOW)[1])
    path = str(tmp_path / "codecs" / "mine.toml")
    push = driver.open_heard(heard, device(codec=path))
    assert push.result.samples["volume"].value == Decimal("543.21")
    monkeypatch.setenv("ACTWIN_COLLECTOR_STATE", str(tmp_path))
    assert codec_of("mine") == codec_of(path)


def test_an_address_that_is_no_eui(driver):
    with pytest.raises(ConfigError):
        driver.sender_of(device(address="1234"))
    assert driver.sender_of(device(address="70-b3-d5-e7-5e-00-47-11")) == EUI
    (heard,), _ = hear(driver, meter().uplink("loriot", NOW)[1])
    assert refusal(driver, heard, device(address="70B3D5E75E004712")) == "wrong_address"


def test_decode_command():
    body = json.loads(meter().uplink("thingpark", NOW)[1])
    telegram = LoraDriver.decode({"json": body, "codec": "zenner"})
    assert telegram.meter.id == EUI
    assert telegram.records[0].value == Decimal("54.321")
    bare = LoraDriver.decode({"telegram": "11FC010000", "codec": "zenner"})
    assert bare.records[0].value == Decimal("0.508")
    for wrong in ({}, {"telegram": "zz"}, {"telegram": "11", "codec": "zenner"}, {"json": [1]}):
        with pytest.raises(CollectorError):
            LoraDriver.decode(wrong)


def test_noise_never_raises(driver):
    noise = random.Random(4)
    bodies = [meter().uplink(network, NOW)[1] for network in NETWORKS]
    listener = driver.listener({})
    for _ in range(1500):
        piece = bytearray(noise.choice(bodies))
        for _ in range(noise.randrange(6)):
            piece[noise.randrange(len(piece))] = noise.randrange(32, 127)
        for heard in listener.message(bytes(piece)):
            for codec in ("object", "en13757", "cayenne-lpp", "zenner"):
                try:
                    driver.open_heard(heard, device(codec=codec, counter_reset="yes"))
                except CollectorError:
                    continue
    assert len(listener.errors) < 12


def test_random_payloads_into_every_codec():
    noise = random.Random(5)
    for name in codec_names():
        codec = codec_of(name)
        for _ in range(300):
            data, port = noise.randbytes(noise.randrange(70)), noise.choice((1, 85, 100))
            try:
                read_payload(codec, port, data)
            except CollectorError:
                continue


def test_padding_of_base64_is_checked(driver):
    message = json.loads(meter().uplink("chirpstack-v4", NOW)[1])
    message["data"] = base64.b64encode(b"\x11\xfc\x01").decode().rstrip("=") + "=A"
    found, errors = hear(driver, json.dumps(message).encode())
    assert found == [] and errors == {"bad_payload": 1}
