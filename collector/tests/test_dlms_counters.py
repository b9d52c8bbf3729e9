# SPDX-License-Identifier: MIT
"""Invocation counters: none given out twice, whatever happens to the process."""

from __future__ import annotations

import subprocess
import sys

import pytest
from dlms_support import CLIENT, KEYS, METER

from actwin_collector.model import CollectorError, ConfigError
from actwin_collector.protocol.dlms.counters import LIMIT, RESERVE, CounterStore, default_store
from actwin_collector.protocol.dlms.gcm import Keys

KEY = KEYS.fingerprint


@pytest.fixture
def store(tmp_path):
    return CounterStore(tmp_path / "state" / "counters.sqlite")


def test_reserved_ahead_and_never_twice(store):
    assert [store.reserve(CLIENT, KEY) for _ in range(3)] == [0, RESERVE, 2 * RESERVE]
    assert store.reserve(CLIENT, KEY, at_least=1000) == 1000
    assert store.reserve(CLIENT, KEY, at_least=5) == 1000 + RESERVE


def test_a_killed_process_leaves_its_reserve_unused(store, tmp_path):
    program = (
        "import os, sys; from pathlib import Path;"
        "from actwin_collector.protocol.dlms.counters import CounterStore;"
        "store = CounterStore(Path(sys.argv[1]));"
        "print(store.reserve(b'CLI\\0\\0\\0\\0\\1', sys.argv[2]), flush=True);"
        "os.kill(os.getpid(), 9)"
    )
    path = tmp_path / "state" / "counters.sqlite"
    given = []
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", program, str(path), KEY], capture_output=True, text=True
        )
        assert done.returncode == -9
        given.append(int(done.stdout))
    assert [*given, store.reserve(CLIENT, KEY)] == [0, RESERVE, 2 * RESERVE]


def test_unused_ones_come_back_unless_another_has_reserved(store):
    start = store.reserve(CLIENT, KEY)
    store.give_back(CLIENT, KEY, start + RESERVE, start + 7)
    assert store.reserve(CLIENT, KEY) == start + 7
    late = store.reserve(CLIENT, KEY)
    store.give_back(CLIENT, KEY, late, late - 50)  # of the one before; somebody has gone on
    assert store.reserve(CLIENT, KEY) == late + RESERVE


def test_each_title_and_key_counts_alone(store):
    store.reserve(CLIENT, KEY)
    assert store.reserve(METER, KEY) == 0
    assert store.reserve(CLIENT, Keys(bytes(16)).fingerprint) == 0
    assert store.last_received(CLIENT, KEY) == -1


def test_the_meter_is_asked_at_first_and_after_a_refusal(store):
    assert store.needs_meter(CLIENT, KEY)
    store.reserve(CLIENT, KEY)
    assert not store.needs_meter(CLIENT, KEY)
    store.mark_stale(CLIENT, KEY)
    store.give_back(CLIENT, KEY, RESERVE, 3)
    assert store.needs_meter(CLIENT, KEY)


def test_received_counters_only_rise(store):
    for counter in (5, 3, 9, 7):
        store.received(METER, KEY, counter)
    assert store.last_received(METER, KEY) == 9


def test_counters_that_run_out_are_an_error_and_not_a_wrap(store):
    with pytest.raises(ConfigError) as caught:
        store.reserve(CLIENT, KEY, at_least=LIMIT - RESERVE + 1)
    assert caught.value.code == "exhausted"


def test_key_is_not_in_the_file(store, tmp_path):
    store.reserve(CLIENT, KEY)
    content = (tmp_path / "state" / "counters.sqlite").read_bytes()
    assert KEYS.encryption not in content and KEYS.encryption.hex().encode() not in content


def test_damaged_or_unwritable_store_is_a_named_error(tmp_path):
    path = tmp_path / "counters.sqlite"
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(CollectorError) as caught:
        CounterStore(path).reserve(CLIENT, KEY)
    assert caught.value.code == "counter_store"


def test_place_comes_from_setting_environment_or_configuration(tmp_path, monkeypatch):
    for name in ("ACTWIN_COLLECTOR_STATE", "STATE_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ACTWIN_COLLECTOR_CONFIG", str(tmp_path / "none.toml"))
    with pytest.raises(ConfigError) as caught:
        default_store()
    assert caught.value.code == "counter_store"
    config = tmp_path / "config.toml"
    config.write_text('[collector]\ncode = "C"\nstate_dir = "state"\nconfig_from = "file"\n')
    monkeypatch.setenv("ACTWIN_COLLECTOR_CONFIG", str(config))
    default_store().reserve(CLIENT, KEY)
    assert list((tmp_path / "state").glob("*.sqlite"))
    monkeypatch.setenv("STATE_DIRECTORY", f"{tmp_path / 'systemd'}:elsewhere")
    default_store().reserve(CLIENT, KEY)
    assert list((tmp_path / "systemd").glob("*.sqlite"))
    default_store(str(tmp_path / "own")).reserve(CLIENT, KEY)
    assert list((tmp_path / "own").glob("*.sqlite"))
