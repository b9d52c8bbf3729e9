# SPDX-License-Identifier: MIT
"""Keys and passwords appear nowhere: not printed, not logged, not in errors, not in a repr."""

from __future__ import annotations

import json
import logging
import traceback

import pytest
from dlms_rig import BOTH_KEYS, GMAC, GUARDED, KEYED, PASSWORD, meters, serving, spec
from dlms_support import CLIENT, KEYS, METER, PLAIN_PUSH, general, in_wrapper
from protocol_rig import hold, read, tcp_link

from actwin_collector.model import CollectorError
from actwin_collector.protocol.dlms import DlmsDriver
from actwin_collector.protocol.dlms.counters import CounterStore
from actwin_collector.protocol.dlms.options import Options
from actwin_collector.protocol.dlms.protection import Security

LOW_CIPHERED = json.dumps({"password": PASSWORD, **KEYED})
SECRETS = (
    KEYED["encryption_key"],
    KEYED["authentication_key"],
    PASSWORD,
    PASSWORD.encode().hex(),
    repr(KEYS.encryption)[2:-1],
    str(list(KEYS.encryption))[1:-1],
    str(list(KEYS.authentication))[1:-1],
)


def assert_untold(text: str) -> None:
    for secret in SECRETS:
        assert secret.lower() not in text.lower(), secret


@pytest.fixture
def driver(tmp_path):
    return DlmsDriver(CounterStore(tmp_path / "counters.sqlite"))


WAYS = {
    "low": ({"authentication": "low"}, PASSWORD),
    "gmac": (GMAC, BOTH_KEYS),
    "low ciphered": (
        {"authentication": "low", "ciphered": True, "system_title": CLIENT.hex()},
        LOW_CIPHERED,
    ),
    "another meter": ({**GMAC, "meter_title": METER.hex()}, BOTH_KEYS),
    "another suite": ({**GMAC, "suite": 1}, BOTH_KEYS),
    "keys turned round": (GMAC, ":".join(reversed(BOTH_KEYS.split(":")))),
}


@pytest.mark.parametrize("framing", ["wrapper", "hdlc"])
@pytest.mark.parametrize("way", WAYS)
def test_a_whole_dialogue_tells_no_secret(driver, capfd, caplog, framing, way):
    settings, secret = WAYS[way]
    caplog.set_level(logging.DEBUG)
    told = ""
    with serving(meters({"framing": framing, **GUARDED})) as address:
        wanted = spec("1.8.0", secret=secret, framing=framing, **settings)
        try:
            told = repr(read(driver, tcp_link(address), wanted, 0.5))
            link = tcp_link(address)
            hold(link, lambda: driver.set_clock(link, wanted, 0.5))
        except CollectorError as error:
            told = "".join(traceback.format_exception(error)) + repr(error)
    out, err = capfd.readouterr()
    assert out == ""
    assert_untold(out + err + told + caplog.text)


@pytest.mark.parametrize("secret", [BOTH_KEYS, LOW_CIPHERED, ""])
def test_pushes_and_their_refusals_tell_no_secret(driver, capfd, caplog, secret):
    caplog.set_level(logging.DEBUG)
    told = ""
    for message in (general(PLAIN_PUSH, 1), general(PLAIN_PUSH, 1), PLAIN_PUSH, b"\x0f\x00"):
        for heard in driver.listener({}).feed(in_wrapper(message)):
            told += repr(heard)
            try:
                told += repr(driver.open_heard(heard, spec(secret=secret)))
            except CollectorError as error:
                told += repr(error) + "".join(traceback.format_exception(error))
    out, err = capfd.readouterr()
    assert_untold(out + err + told + caplog.text)


def test_no_repr_holds_a_secret():
    [meter] = meters(GUARDED)
    for thing in (
        Options.of(spec(secret=BOTH_KEYS, **GMAC)),
        Options.of(spec(secret=PASSWORD, authentication="low")),
        Security(KEYS, dedicated=KEYS.encryption),
        KEYS,
        meter.identity,
        spec(secret=BOTH_KEYS),
    ):
        assert_untold(repr(thing))


def test_decode_tells_no_key_in_its_errors():
    for given in (
        {"telegram": general(PLAIN_PUSH, 1).hex(), **KEYED, "authentication_key": "11" * 16},
        {"telegram": "zz", **KEYED},
        {"telegram": general(PLAIN_PUSH, 1).hex(), "key": KEYED["encryption_key"] + "00"},
    ):
        with pytest.raises(CollectorError) as caught:
            DlmsDriver.decode(given)
        assert_untold(repr(caught.value) + caught.value.message)
