# SPDX-License-Identifier: MIT
"""Keys and passwords never reach logs, traces, status, metrics or the output of commands."""

from __future__ import annotations

import socket
import urllib.request

import pytest
from dlms_meter import PASSWORD
from dlms_support import AUTHENTICATION, ENCRYPTION, running_meter
from field_rig import site
from line_meter import command, start
from test_check_meters import GMAC, dlms
from test_cli import wait_for

BOTH = f"{ENCRYPTION}:{AUTHENTICATION}"


@pytest.fixture
def metrics_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def forms_of(secret):
    """Every way a secret could be shown."""
    data = bytes.fromhex(secret) if len(secret) == 32 else secret.encode()
    texts = {secret, data.hex(), data.hex(" "), data.hex(":"), repr(data)[2:-1], str(list(data))}
    return {text.lower() for text in texts}


@pytest.mark.parametrize(
    "device, secrets",
    [
        (dlms(BOTH, **GMAC), [ENCRYPTION, AUTHENTICATION]),
        (dlms(PASSWORD, authentication="low", client=2), [PASSWORD]),
        (dlms(f"{AUTHENTICATION}:{AUTHENTICATION}", **GMAC), [AUTHENTICATION]),
    ],
    ids=["keys", "password", "wrong keys"],
)
def test_a_running_daemon_shows_no_secret_anywhere(tmp_path, metrics_port, device, secrets):
    state = tmp_path / "state"
    with running_meter("wrapper") as (_, address):
        line = {"port": int(address.rpartition(":")[2]), "timeout_s": 2.0}
        path = site(tmp_path, device, line, metrics_port=metrics_port, trace_devices=["T"])
        path.write_text(path.read_text().replace("poll_seconds = 60", "poll_seconds = 1"))
        daemon = start(tmp_path, "-vv", "--log-format", "json", "run", "--config", path)
        try:
            trace = state / "trace" / "T.trace"
            wait_for(lambda: trace.exists() and trace.read_text().count(" -- ") >= 2)
            url = f"http://127.0.0.1:{metrics_port}/metrics"
            with urllib.request.urlopen(url, timeout=10) as answer:
                shown = answer.read().decode()
            shown += command(tmp_path, "status", "--json", "--config", path).stdout
            shown += command(tmp_path, "trace", "T", "--last", "--config", path).stdout
        finally:
            daemon.terminate()
            daemon.wait(20)
            shown += daemon.stderr.read()
            daemon.stderr.close()
        for words in (("check", "--read", "--limit", "5"), ("trace", "T"), ("-vv", "read", "T")):
            done = command(tmp_path, *words, "--config", path)
            shown += done.stdout + done.stderr
    shown += trace.read_text() + (state / "status.json").read_text()
    for secret in secrets:
        for form in forms_of(secret):
            assert form not in shown.lower(), form
    assert "association" in shown  # there was something to be seen
    assert ("** **" in trace.read_text()) == ("low" in str(device["settings"]))  # and to be hidden
