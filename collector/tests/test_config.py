# SPDX-License-Identifier: MIT
import re
import tomllib
from decimal import Decimal
from pathlib import Path

import pytest

from actwin_collector import config, site
from actwin_collector.config import load_settings
from actwin_collector.listening.settings import TABLES
from actwin_collector.model import ConfigError, ParameterSpec
from actwin_collector.protocol.registry import DRIVERS, driver_class, names
from actwin_collector.site import (
    combine,
    load_cache,
    parse_site,
    save_cache,
    unused_overrides,
)

EXAMPLE = Path(__file__).parents[1] / "config.example.toml"
MINIMAL = '[collector]\ncode = "C1"\nstate_dir = "state"\nconfig_from = "file"\n'
LINE = {"key": "L1", "kind": "tcp", "host": "127.0.0.1", "port": 502}
SCHEDULE = {"key": "S1", "poll_seconds": 60, "store_seconds": 900, "mode": "last"}
PARAMETER = {"register": "1.8.0", "channel": "S/D1:1.8.0", "unit": "kWh", "scale": "1"}
DEVICE = {
    "key": "D1", "driver": "modbus", "line": "L1", "address": "1", "schedule": "S1",
    "settings": {"map": "x"}, "secret": "", "parameters": [PARAMETER],
}


def document(**changes):
    """A good document with parts replaced: lines=, schedules=, devices=."""
    return {"version": 3, "lines": [LINE], "schedules": [SCHEDULE], "devices": [DEVICE]} | changes


def mistakes(action):
    """Return the listed mistakes of a ConfigError."""
    with pytest.raises(ConfigError) as caught:
        action()
    return [line.strip() for line in caught.value.message.splitlines()[1:]]


def settings_of(tmp_path, text):
    file = tmp_path / "config.toml"
    file.write_text(text)
    return load_settings(file)


def test_a_good_document_becomes_frozen_values():
    parsed = parse_site(document(), "test")
    assert parsed.version == 3
    assert parsed.lines["L1"].timeout_s == 2.0
    assert parsed.devices["D1"].parameters == (
        ParameterSpec("1.8.0", "S/D1:1.8.0", "kWh", Decimal(1)),
    )
    with pytest.raises(AttributeError):
        parsed.lines["L1"].port = 1


def test_odoo_says_false_for_absent_and_may_say_more_than_we_know():
    line = LINE | {"device_path": False, "baudrate": False, "colour": "red", "bytesize": 0}
    parsed = parse_site(document(lines=[line]), "Odoo", strict=False)
    assert (parsed.lines["L1"].device_path, parsed.lines["L1"].baudrate) == ("", 9600)
    assert parsed.lines["L1"].bytesize == 8


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"lines": [LINE | {"port": 70000}]}, "lines[0].port: 70000 is above 65535"),
        ({"lines": [LINE | {"port": "x"}]}, "lines[0].port: 'x' is not a whole number"),
        ({"lines": [LINE | {"port": True}]}, "lines[0].port: True is not a whole number"),
        ({"lines": [LINE | {"kind": "usb"}]},
         "lines[0].kind: 'usb' is not one of serial, tcp, rtu_tcp, replay, udp, dialin, mqtt,"
         " http"),
        ({"lines": [LINE | {"host": ""}]}, "lines[0].host: is required for a tcp line"),
        ({"lines": [{"key": "L1", "kind": "serial"}]},
         "lines[0].device_path: is required for a serial line"),
        ({"lines": [LINE, LINE]}, "lines[1].key: 'L1' is used twice"),
        ({"lines": "L1"}, "lines: must be a list of tables"),
        ({"lines": [LINE | {"parity": "X"}]}, "lines[0].parity: 'X' is not one of N, E, O"),
        ({"schedules": [SCHEDULE | {"poll_seconds": 0}]},
         "schedules[0].poll_seconds: 0 is below 1"),
        ({"schedules": [SCHEDULE | {"mode": "sum"}]},
         "schedules[0].mode: 'sum' is not one of last, mean, max, min"),
        ({"schedules": [SCHEDULE | {"poll_plan": "* * *"}]},
         "schedules[0].poll_plan: '* * *' has 3 fields, not 5"
         " (minute, hour, day of the month, month, day of the week)"),
        ({"schedules": [SCHEDULE | {"store_plan": "61 * * * *"}]},
         "schedules[0].store_plan: '61' is no minute (0-59)"),
        ({"schedules": [SCHEDULE | {"snapshots": ["month_end", "0 0 31 2 *"]}]},
         "schedules[0].snapshots[1]: '0 0 31 2 *' never comes: there is no such day"),
        ({"tz": "Mars/Olympus"}, "tz: there is no time zone 'Mars/Olympus' on this machine"),
        ({"devices": [DEVICE | {"priority": 10}]}, "devices[0].priority: 10 is above 9"),
        ({"devices": [DEVICE | {"parameters": [PARAMETER | {"mode": "sum"}]}]},
         "devices[0].parameters[0].mode: 'sum' is not one of , last, mean, max, min"),
        ({"devices": [DEVICE | {"line": "L9"}]}, "devices[0].line: there is no line 'L9'"),
        ({"devices": [DEVICE | {"schedule": "S9"}]},
         "devices[0].schedule: there is no schedule 'S9'"),
        ({"devices": [DEVICE | {"driver": None}]}, "devices[0].driver: is required"),
        ({"devices": [DEVICE | {"parameters": []}]},
         "devices[0].parameters: a device without parameters would deliver nothing"),
        ({"devices": [DEVICE | {"parameters": [PARAMETER, PARAMETER]}]},
         "devices[0].parameters[1].channel: 'S/D1:1.8.0' is already fed by D1"),
        ({"devices": [DEVICE, DEVICE | {"key": "D2"}]},
         "devices[1].parameters[0].channel: 'S/D1:1.8.0' is already fed by D1"),
        ({"devices": [DEVICE | {"parameters": [PARAMETER | {"scale": "1,5"}]}]},
         "devices[0].parameters[0].scale: '1,5' is not a decimal number"),
        ({"devices": [DEVICE | {"parameters": [PARAMETER | {"scale": "NaN"}]}]},
         "devices[0].parameters[0].scale: 'NaN' is not a decimal number"),
        ({"devices": [DEVICE | {"settings": {"phase_seconds": "x"}}]},
         "devices[0].settings.phase_seconds: 'x' is not a number"),
        ({"devices": [DEVICE | {"secret_file": "/nonexistent/key"}]},
         "devices[0].secret_file: cannot be read: [Errno 2] No such file or directory: "
         "'/nonexistent/key'"),
        ({"devices": [7]}, "devices[0]: must be a table, not int"),
    ],
)
def test_each_mistake_is_named_with_its_key_path(changes, expected):
    assert expected in mistakes(lambda: parse_site(document(**changes), "test"))


def test_the_zone_of_the_file_goes_before_the_documents():
    given = document(schedules=[SCHEDULE | {"poll_plan": "5 0 * * *"}], tz="Europe/Berlin")
    assert parse_site(given, "x").schedules["S1"].tz == "Europe/Berlin"
    assert parse_site(combine(given, {}), "x").schedules["S1"].tz == "Europe/Berlin"
    assert parse_site(combine(given, {"tz": "UTC"}), "x").schedules["S1"].tz == "UTC"
    assert parse_site(document(), "x").schedules["S1"].tz == "Europe/Istanbul"


def test_all_mistakes_are_listed_at_once():
    bad = document(
        lines=[LINE | {"port": -1, "parity": "X"}], devices=[DEVICE | {"line": "L9", "colour": 1}]
    )
    assert len(mistakes(lambda: parse_site(bad, "test"))) == 4


def test_local_entries_and_overrides_are_applied():
    local = {
        "lines": [LINE | {"key": "L2"}],
        "overrides": {"lines": {"L1": {"host": "10.0.0.9"}, "L7": {"port": 1}}},
    }
    parsed = parse_site(combine(document(), local), "test")
    assert parsed.lines["L1"].host == "10.0.0.9"
    assert set(parsed.lines) == {"L1", "L2"}
    assert unused_overrides(document(), local) == ["overrides.lines.L7"]
    assert LINE["host"] == "127.0.0.1"


def test_an_unknown_device_is_named_with_those_known():
    with pytest.raises(ConfigError, match=r"no device 'X' \(known: D1\)"):
        parse_site(document(), "test").device("X")


def test_the_cache_survives_and_is_private(tmp_path):
    path = tmp_path / "cache.json"
    assert load_cache(path) is None
    save_cache(document(), path)
    assert parse_site(load_cache(path), "cache") == parse_site(document(), "test")
    assert path.stat().st_mode & 0o777 == 0o600
    save_cache({"version": 4}, path)
    assert load_cache(path) == {"version": 4}
    assert [p.name for p in tmp_path.iterdir()] == ["cache.json"]


@pytest.mark.parametrize("text", ["", "{", "[1]"])
def test_a_damaged_cache_is_an_error_not_a_crash(tmp_path, text):
    path = tmp_path / "cache.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match="cached configuration"):
        load_cache(path)


def test_the_example_documents_every_key_and_is_valid(tmp_path):
    text = EXAMPLE.read_text()
    (tmp_path / "keys").mkdir()
    settings = settings_of(tmp_path, text)
    table = tomllib.loads(re.sub(r"^# (?=[a-z_0-9]+ = |\[)", "", text, flags=re.MULTILINE))
    assert set(table["collector"]) == set(config._COLLECTOR)
    assert set(table["odoo"]) == set(config._ODOO)
    assert set(table["lines"][0]) | set(table["lines"][1]) == set(site._LINE)
    for kind in ("serial", "udp", "dialin", "mqtt", "http"):
        lines = [line for line in table["lines"] if line["kind"] == kind]
        assert {key for line in lines for key in line.get("settings", ())} >= set(TABLES[kind])
    of_drivers = {key for name in names(DRIVERS) for key in driver_class(name).LINE_SETTINGS}
    for line in table["lines"]:
        assert set(line.get("settings", ())) <= set(TABLES[line["kind"]]) | of_drivers
    local = {"lines": [each | {"secret": "s"} for each in table["lines"]]}
    assert parse_site(local | {"schedules": table["schedules"]}, "the example").lines
    assert set(table["schedules"][0]) == set(site._SCHEDULE)
    assert set(table["devices"][0]) == set(site._DEVICE)
    assert set(table["devices"][0]["parameters"][0]) == set(site._PARAMETER)
    assert settings.collector.config_from == "odoo"


def test_paths_are_relative_to_the_file(tmp_path):
    settings = settings_of(tmp_path, MINIMAL)
    assert settings.collector.outbox_path == tmp_path / "state" / "outbox.sqlite"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (MINIMAL.replace('code = "C1"', ""), "collector.code: is required"),
        (MINIMAL + "colour = 1", "collector.colour: unknown key"),
        (MINIMAL + "batch_size = 0", "collector.batch_size: 0 is below 1"),
        (MINIMAL + 'send_seconds = "x"', "collector.send_seconds: 'x' is not a number"),
        (MINIMAL + "first_probe_seconds = 600\nmax_probe_seconds = 60",
         "collector.first_probe_seconds: is above max_probe_seconds"),
        (MINIMAL.replace("file", "odoo"), "odoo: is required"),
        (MINIMAL + "[odo]", "odo: unknown section"),
        (MINIMAL + '[odoo]\nurl = "odoo.example"\ndb = "d"\nlogin = "l"\napi_key_file = "k"',
         "odoo.url: must begin with http:// or https://"),
        (MINIMAL + '[odoo]\nurl = "http://x"', "odoo.api_key_file: is required"),
    ],
)
def test_mistakes_of_the_file_are_named(tmp_path, text, expected):
    listed = mistakes(lambda: settings_of(tmp_path, text))
    assert any(line.startswith(expected) for line in listed), listed


def test_unreadable_files_are_errors_of_one_line(tmp_path):
    with pytest.raises(ConfigError, match="not valid TOML"):
        settings_of(tmp_path, "[collector")
    with pytest.raises(ConfigError, match="there is no configuration file"):
        load_settings(tmp_path / "none.toml")


def test_the_api_key_comes_from_its_file_each_time(tmp_path):
    text = MINIMAL + '[odoo]\nurl = "http://x/"\ndb = "d"\nlogin = "l"\napi_key_file = "k"'
    odoo = settings_of(tmp_path, text).odoo
    assert odoo.url == "http://x"
    with pytest.raises(ConfigError, match="odoo.api_key_file: cannot be read"):
        odoo.api_key()
    for key in ("one", "two"):
        (tmp_path / "k").write_text(f" {key}\n")
        assert odoo.api_key() == key
    (tmp_path / "k").write_text("\n")
    with pytest.raises(ConfigError, match="is empty"):
        odoo.api_key()
