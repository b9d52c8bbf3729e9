# SPDX-License-Identifier: MIT
import asyncio
import socket
import urllib.request

import pytest
from fake_odoo import FakeOdoo
from line_meter import LineMeter, command, install_driver, site_document, start, write_config
from prometheus_client.parser import text_string_to_metric_families
from test_cli import wait_for

from actwin_collector.device import DeviceState
from actwin_collector.health import BUCKETS, Durations
from actwin_collector.listening.line import LineHealth
from actwin_collector.metrics import MetricsServer, Snapshot, UplinkState, render
from actwin_collector.model import DeviceSpec, ProtocolError, ScheduleSpec
from actwin_collector.outbox import Stats
from actwin_collector.slots import SlotKeeper


def parsed(text):
    """Parse with the official client; by sample name and labels."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def state(key="T01", line="L1"):
    spec = DeviceSpec(key, "modbus", line)
    return DeviceState(spec, ScheduleSpec("S", 60, 900), None, SlotKeeper(900, "last", None))


def snapshot(*states, **changes):
    values = {
        "started": 1_700_000_000.5,
        "config_version": 7,
        "states": {each.spec.key: each for each in states},
        "broken": (),
        "lines_open": {"L1": True},
        "heard": {"L2": LineHealth("udp", heard=5, unassigned=2)},
        "stats": Stats(pending=12, dead=1, events=0, oldest=1_700_000_100, bytes=4096),
        "dead_messages": 3,
        "quota_bytes": 2**31,
        "uplink": UplinkState(),
    }
    return Snapshot(**values | changes)


def test_an_independent_parser_reads_every_figure():
    one = state()
    one.health.success(1_700_000_200.0)
    one.health.failure(ProtocolError("no", "bad_checksum"), 1_700_000_300.0)
    one.health.failure(ProtocolError("no", "bad_checksum"), 1_700_000_300.0)
    one.health.durations.observe(0.3)
    one.health.drift = -4.5
    found = parsed(render(snapshot(one)))
    device = (("device", "T01"), ("line", "L1"))
    prefix = "actwin_collector_"
    assert found[f"{prefix}device_reads_total", device] == 1
    named = (device[0], ("error", "bad_checksum"), device[1])
    assert found[f"{prefix}device_errors_total", named] == 2
    assert found[f"{prefix}device_last_success_timestamp_seconds", device] == 1_700_000_200
    assert found[f"{prefix}device_clock_drift_seconds", device] == -4.5
    assert found[f"{prefix}outbox_pending_rows", ()] == 12
    assert found[f"{prefix}outbox_rejected_rows", ()] == 1
    assert found[f"{prefix}dead_messages", ()] == 3
    assert found[f"{prefix}outbox_size_bytes", ()] == 4096
    assert found[f"{prefix}uplink_up", ()] == 0
    assert found[f"{prefix}line_open", (("line", "L1"),)] == 1
    assert found[f"{prefix}line_heard_total", (("line", "L2"),)] == 5
    assert found[f"{prefix}line_unassigned_total", (("line", "L2"),)] == 2
    assert found[f"{prefix}start_time_seconds", ()] == 1_700_000_000.5
    assert [key for key in found if key[0] == f"{prefix}build_info"]


def test_the_histogram_counts_up_and_ends_with_everything():
    one, two = state("A"), state("B")
    for seconds in (0.01, 0.3, 0.3, 400):
        one.health.durations.observe(seconds)
    two.health.durations.observe(-5)  # the clock was set back meanwhile
    found = parsed(render(snapshot(one, two)))
    name = "actwin_collector_poll_duration_seconds"
    buckets = [
        (float(dict(labels)["le"]), value)
        for (key, labels), value in found.items()
        if key == f"{name}_bucket"
    ]
    buckets.sort()
    counts = [value for _, value in buckets]
    assert counts == sorted(counts)
    assert counts[-1] == found[f"{name}_count", (("line", "L1"),)] == 5
    assert dict(buckets)[0.05] == 2 and dict(buckets)[0.5] == 4
    assert found[f"{name}_sum", (("line", "L1"),)] == pytest.approx(400.61)
    assert len(buckets) == len(BUCKETS) + 1


def test_odd_names_are_escaped():
    found = parsed(render(snapshot(state('T"1\\\n'))))
    assert any(('device', 'T"1\\\n') in labels for _, labels in found)


def test_names_follow_the_official_rules():
    text = render(snapshot(state()))
    kinds = dict(line.split()[2:4] for line in text.splitlines() if line.startswith("# TYPE"))
    assert all(name.startswith("actwin_collector_") for name in kinds)
    assert all(name.endswith("_total") == (kind == "counter") for name, kind in kinds.items())


def test_durations_of_devices_add_up():
    total, one = Durations(), Durations()
    one.observe(1.0)
    total.add(one)
    total.add(one)
    assert (total.count, total.seconds) == (2, 2.0)


@pytest.mark.parametrize(
    "request_line, status",
    [
        (b"GET /metrics HTTP/1.1", b"200"),
        (b"GET /metrics?x=1 HTTP/1.0", b"200"),
        (b"HEAD /metrics HTTP/1.1", b"200"),
        (b"GET /secret HTTP/1.1", b"404"),
        (b"POST /metrics HTTP/1.1", b"405"),
        (b"nonsense", b"405"),
    ],
)
def test_the_port_gives_the_page_and_nothing_else(request_line, status):
    async def page():
        return "x 1\n"

    async def ask():
        server = MetricsServer(0, page)
        port = await server.start()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request_line + b"\r\nHost: a\r\n\r\n")
        answer = await reader.read()
        writer.close()
        await server.stop()
        return answer

    answer = asyncio.run(ask())
    assert answer.split()[1] == status
    assert answer.endswith(b"x 1\n") == (status == b"200" and request_line[:1] == b"G")


def test_the_daemon_serves_metrics_that_hold_no_secret(tmp_path):
    install_driver(tmp_path)
    meter = LineMeter()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with FakeOdoo() as odoo:
        odoo.config = site_document(meter.port)
        odoo.config["devices"][0]["secret"] = "device-password"
        config = write_config(tmp_path, odoo, metrics_port=port)
        daemon = start(tmp_path, "run", "--config", config)
        try:
            wait_for(lambda: len(odoo.readings) >= 2)
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
                text = answer.read().decode()
            status = command(tmp_path, "status", "--config", config, "--json").stdout
        finally:
            daemon.terminate()
            daemon.wait(20)
            daemon.stderr.close()
            meter.stop()
    found = parsed(text)
    assert found["actwin_collector_uplink_up", ()] == 1
    assert found["actwin_collector_uplink_readings_total", ()] >= 2
    assert found["actwin_collector_device_reads_total", (("device", "D1"), ("line", "L1"))] >= 2
    assert "device-password" not in text + status and "secret-key" not in text + status
