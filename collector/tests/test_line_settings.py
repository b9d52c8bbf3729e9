# SPDX-License-Identifier: MIT
"""Every mistake in a line's settings is named with its place."""
import pytest

from actwin_collector.known_settings import device_mistakes, line_mistakes
from actwin_collector.listening.settings import KINDS, TABLES, settings_of
from actwin_collector.model import ConfigError, DeviceSpec, LineSpec
from actwin_collector.protocol.registry import CHANNELS, LISTENING, make_link, names
from actwin_collector.site import parse_site

GOOD = {
    "udp": {"host": "h", "port": 1},
    "dialin": {"port": 1},
    "mqtt": {"host": "h", "port": 1, "settings": {"topics": ["t"]}},
    "http": {"port": 1, "secret": "s"},
    "tcp": {"host": "h", "port": 1},
}


def mistakes(kind, **changes):
    settings = GOOD[kind].get("settings", {}) | changes.pop("settings", {})
    entry = {"key": "L", "kind": kind, **GOOD[kind], **changes, "settings": settings}
    try:
        parse_site({"lines": [entry]}, "test")
    except ConfigError as error:
        return error.message
    return ""


@pytest.mark.parametrize("kind", GOOD)
def test_what_is_needed_is_enough(kind):
    assert mistakes(kind) == ""


@pytest.mark.parametrize(
    ("kind", "changes", "text"),
    [
        ("udp", {"port": 0}, "lines[0].port: is required for a udp line"),
        ("udp", {"host": "", "port": 0}, "lines[0].port: is required for a udp line"),
        ("dialin", {"port": 0}, "lines[0].port: is required for a dialin line"),
        ("dialin", {"settings": {"hello": "(?P<modem>"}}, "settings.hello: is no regular"),
        ("dialin", {"settings": {"hello": "x"}}, "settings.hello: needs a group"),
        ("dialin", {"settings": {"heartbeat": "["}}, "settings.heartbeat: is no regular"),
        ("dialin", {"settings": {"heartbeat_answer": "x"}}, "settings.heartbeat: is required"),
        ("dialin", {"settings": {"allow": ["10.0.0.1/8"]}}, "settings.allow[0]: 10.0.0.1/8 has"),
        ("dialin", {"settings": {"allow": [7]}}, "settings.allow[0]: '7' does not appear"),
        ("dialin", {"settings": {"allow": "10.0.0.0/8"}}, "settings.allow: '10.0.0.0/8' is not a"),
        ("dialin", {"settings": {"hello_seconds": 0}}, "settings.hello_seconds: 0.0 is below"),
        ("mqtt", {"host": ""}, "lines[0].host: is required for a mqtt line: the broker"),
        ("mqtt", {"settings": {"topics": []}}, "settings.topics: needs a topic"),
        ("mqtt", {"settings": {"topics": [""]}}, "settings.topics[0]: '' is not a topic"),
        ("mqtt", {"settings": {"topics": "t"}}, "settings.topics: 't' is not a list"),
        ("mqtt", {"settings": {"qos": 3}}, "settings.qos: 3 is not one of 0, 1, 2"),
        ("mqtt", {"settings": {"key_file": "k"}}, "settings.cert_file: is required beside"),
        ("dialin", {"settings": {"heartbeat": "€"}}, "settings.heartbeat: is no regular"),
        ("http", {"secret": ""}, "lines[0].secret: is required for settings.auth = 'bearer'"),
        ("http", {"settings": {"path": "x"}}, "settings.path: must begin with /"),
        ("http", {"settings": {"cert_file": "c"}}, "settings.key_file: is required"),
        ("http", {"settings": {"body": "xml"}}, "settings.body: 'xml' is not one of raw"),
        ("tcp", {"settings": {"listen": 1}}, "settings.listen: 1 is not true or false"),
    ],
)
def test_mistakes_are_named(kind, changes, text):
    found = mistakes(kind, **changes)
    assert text in found
    assert found.startswith("1 mistake(s)"), found


def test_no_secret_is_needed_where_none_is_asked():
    assert mistakes("http", secret="", settings={"auth": "none"}) == ""


def test_unknown_settings_of_lines_and_devices_are_named():
    device = DeviceSpec("D", "wmbus", "L", settings={"poll": False, "colour": 1})
    line = LineSpec("L", "tcp", settings={"receiver": "cul", "listen": True, "topics": []})
    assert [text[:24] for text in line_mistakes(line, [device])] == ["unknown setting 'topics'"]
    assert [text[:24] for text in device_mistakes(device)] == ["unknown setting 'colour'"]
    lost = DeviceSpec("D", "nothing", "L")
    assert "unknown driver" in device_mistakes(lost)[0]
    assert line_mistakes(LineSpec("L", "tcp"), [lost]) == []


def test_every_kind_has_a_table_and_a_help_text_for_each_key():
    assert set(TABLES) == set(KINDS)
    assert all(field.help for table in TABLES.values() for field in table.values())
    assert set(KINDS) == set(names(CHANNELS)) | set(LISTENING)


@pytest.mark.parametrize("kind", LISTENING)
def test_nobody_is_called_on_a_line_that_listens(kind):
    with pytest.raises(ConfigError, match="listens"):
        make_link(LineSpec("L", kind))


def test_defaults_fill_what_is_not_said():
    assert settings_of(LineSpec("L", "dialin"))["hello_seconds"] == 30.0
