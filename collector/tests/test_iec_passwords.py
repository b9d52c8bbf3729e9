# SPDX-License-Identifier: MIT
"""The guard over passwords: what is on disk decides, whatever process asks."""

from __future__ import annotations

import pytest

from actwin_collector.model import CollectorError
from actwin_collector.protocol.iec62056_21.errors import PasswordDisabled
from actwin_collector.protocol.iec62056_21.passwords import FILE, PasswordGuard, default_guard


@pytest.fixture
def guard(tmp_path):
    """Each call is a new process."""
    return lambda: PasswordGuard(tmp_path / "state" / FILE)


def test_refusal_outlives_the_process_and_ends_with_an_operators_word(guard):
    guard().begin("D", "1")
    guard().refused("D")
    with pytest.raises(PasswordDisabled):
        guard().begin("D", "1")
    guard().begin("D", "1", confirm="2026-10-08")
    guard().refused("D")
    with pytest.raises(PasswordDisabled):
        guard().begin("D", "1", confirm="2026-10-08")
    guard().begin("D", "2")


def test_attempt_without_a_verdict_may_be_repeated_once(guard):
    guard().begin("D", "1")  # killed before the answer
    guard().begin("D", "1")
    with pytest.raises(PasswordDisabled):
        guard().begin("D", "1")
    guard().begin("other", "1")


def test_accepted_password_may_be_used_for_ever(guard):
    for _ in range(5):
        guard().begin("D", "1")
        guard().accepted("D")


def test_going_back_to_a_refused_secret_counts_as_a_new_word(guard):
    for secret in ("1", "2", "1"):
        guard().begin("D", secret)
        guard().refused("D")


def test_file_is_private_and_holds_no_password(guard, tmp_path):
    guard().begin("D", "87654321")
    path = tmp_path / "state" / FILE
    assert path.stat().st_mode & 0o077 == 0
    assert b"87654321" not in path.read_bytes()


def test_unusable_store_stops_before_anything_is_sent(tmp_path):
    (tmp_path / FILE).write_text("no database, " * 100)
    with pytest.raises(CollectorError) as caught:
        PasswordGuard(tmp_path / FILE).begin("D", "1")
    assert caught.value.code == "password_store"


def test_guard_stands_in_the_state_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("ACTWIN_COLLECTOR_STATE", str(tmp_path))
    default_guard().begin("D", "1")
    assert (tmp_path / FILE).exists()
