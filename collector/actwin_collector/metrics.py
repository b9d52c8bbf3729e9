# SPDX-License-Identifier: MIT
"""The collector's figures in Prometheus' text format, and the loopback port that serves them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field

from . import __version__
from .backlog import backlog_of
from .device import DeviceState
from .health import BUCKETS, Durations
from .listening.line import LineHealth
from .outbox import Stats
from .sender import Totals

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
HOST = "127.0.0.1"
_PREFIX = "actwin_collector_"
_LONGEST_REQUEST = 8192
_PATIENCE = 5.0

_log = logging.getLogger(__name__)
Labels = Mapping[str, str]


@dataclass
class UplinkState:
    """How the way to Odoo fares; instants are epoch seconds."""

    up: bool = False
    last_success: float | None = None
    failures: int = 0
    totals: Totals = field(default_factory=Totals)

    def success(self, now: float) -> None:
        """Note an exchange that worked."""
        self.up, self.last_success = True, now

    def failure(self) -> None:
        """Note one that did not."""
        self.up = False
        self.failures += 1

    def status(self) -> dict:
        """Return the state for the status file."""
        return {"up": self.up, "last_success": self.last_success, "failures": self.failures}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the figures are made of."""

    started: float
    config_version: int
    states: Mapping[str, DeviceState]
    broken: Iterable[str]
    lines_open: Mapping[str, bool]
    heard: Mapping[str, LineHealth]
    stats: Stats
    dead_messages: int
    quota_bytes: int
    uplink: UplinkState | None


@dataclass
class Page:
    """Collects metric families in the order they are added."""

    lines: list[str] = field(default_factory=list)

    def family(self, name: str, kind: str, text: str) -> None:
        """Begin a family."""
        self.lines += [f"# HELP {_PREFIX}{name} {text}", f"# TYPE {_PREFIX}{name} {kind}"]

    def sample(self, name: str, value: float, labels: Labels | None = None) -> None:
        """Add one sample."""
        inside = ",".join(f'{key}="{_escaped(text)}"' for key, text in (labels or {}).items())
        shown = f"{{{inside}}}" if inside else ""
        self.lines.append(f"{_PREFIX}{name}{shown} {_number(value)}")

    def single(self, name: str, kind: str, text: str, value: float | None) -> None:
        """Add a family of one sample; without a value there is none."""
        if value is not None:
            self.family(name, kind, text)
            self.sample(name, value)

    def text(self) -> str:
        """Return the page."""
        return "\n".join(self.lines) + "\n"


def render(shot: Snapshot) -> str:
    """Return all figures as text."""
    page = Page()
    page.family("build_info", "gauge", "The version that runs.")
    page.sample("build_info", 1, {"version": __version__})
    page.single("start_time_seconds", "gauge", "When the process began.", shot.started)
    page.single("config_version", "gauge", "Version of the configuration.", shot.config_version)
    _outbox(page, shot)
    if shot.uplink is not None:
        _uplink(page, shot.uplink)
    _lines(page, shot)
    _devices(page, shot)
    return page.text()


def _outbox(page: Page, shot: Snapshot) -> None:
    stats = shot.stats
    page.single("outbox_pending_rows", "gauge", "Rows that wait for Odoo.", stats.pending)
    page.single("outbox_rejected_rows", "gauge", "Rows Odoo rejected.", stats.dead)
    text = "Messages the collector failed on."
    page.single("dead_messages", "gauge", text, shot.dead_messages)
    page.single("outbox_size_bytes", "gauge", "Size of the outbox.", stats.bytes)
    page.single("outbox_quota_bytes", "gauge", "Size at which reading stops.", shot.quota_bytes)
    text = "Time of the oldest reading that waits."
    page.single("outbox_oldest_timestamp_seconds", "gauge", text, stats.oldest)


def _uplink(page: Page, uplink: UplinkState) -> None:
    page.single("uplink_up", "gauge", "1 when the last exchange with Odoo worked.", uplink.up)
    text = "When an exchange with Odoo last worked."
    page.single("uplink_last_success_timestamp_seconds", "gauge", text, uplink.last_success)
    page.single("uplink_failures_total", "counter", "Failed exchanges.", uplink.failures)
    page.single("uplink_batches_total", "counter", "Batches delivered.", uplink.totals.batches)
    page.single("uplink_readings_total", "counter", "Readings delivered.", uplink.totals.rows)
    page.single("uplink_rejected_total", "counter", "Rows rejected.", uplink.totals.rejected)


def _lines(page: Page, shot: Snapshot) -> None:
    page.family("line_open", "gauge", "1 while the line is open.")
    for key, is_open in shot.lines_open.items():
        page.sample("line_open", is_open, {"line": key})
    for name, text in (
        ("heard", "Messages that came unasked."),
        ("duplicates", "Messages that came twice."),
        ("unassigned", "Messages that no device stands for."),
    ):
        page.family(f"line_{name}_total", "counter", text)
        for key, health in shot.heard.items():
            page.sample(f"line_{name}_total", getattr(health, name), {"line": key})
    page.family("line_errors_total", "counter", "Messages refused, by the error's name.")
    for key, health in shot.heard.items():
        for code, count in sorted(health.errors.items()):
            page.sample("line_errors_total", count, {"line": key, "error": code})
    page.family("poll_duration_seconds", "histogram", "How long dialogues with meters took.")
    sums: dict[str, Durations] = {}
    for state in shot.states.values():
        sums.setdefault(state.spec.line, Durations()).add(state.health.durations)
    for line, durations in sums.items():
        _histogram(page, "poll_duration_seconds", durations, {"line": line})


def _histogram(page: Page, name: str, durations: Durations, labels: Labels) -> None:
    count = 0
    for limit, more in zip(BUCKETS, durations.counts, strict=False):
        count += more
        page.sample(f"{name}_bucket", count, {**labels, "le": _number(limit)})
    page.sample(f"{name}_bucket", durations.count, {**labels, "le": "+Inf"})
    page.sample(f"{name}_sum", durations.seconds, labels)
    page.sample(f"{name}_count", durations.count, labels)


def _devices(page: Page, shot: Snapshot) -> None:
    states = shot.states.values()
    page.single("devices", "gauge", "Devices configured.", len(shot.states))
    broken = len(list(shot.broken))
    page.single("devices_broken", "gauge", "Devices that cannot be tried.", broken)
    page.family("device_reads_total", "counter", "Dialogues that gave a reading.")
    for state in states:
        page.sample("device_reads_total", state.health.ok, _labels(state))
    page.family("device_errors_total", "counter", "Errors by name.")
    for state in states:
        for code, count in sorted(state.health.errors.items()):
            page.sample("device_errors_total", count, {**_labels(state), "error": code})
    for name, text, value in (
        ("device_last_success_timestamp_seconds", "When it last gave a reading.", _last_ok),
        ("device_clock_drift_seconds", "The meter's clock minus ours.", _drift),
        ("device_probing", "1 while it is believed dead and asked rarely.", _probing),
        ("device_signal_dbm", "How strongly its last radio telegram was heard.", _signal),
        ("device_missing_slots", "Slots that have no reading yet.", _missing),
        ("device_missing_since_timestamp_seconds", "End of the first of them.", _since),
    ):
        page.family(name, "gauge", text)
        for state in states:
            if (number := value(state)) is not None:
                page.sample(name, number, _labels(state))


def _labels(state: DeviceState) -> Labels:
    return {"device": state.spec.key, "line": state.spec.line}


def _last_ok(state: DeviceState) -> float | None:
    return state.health.last_ok


def _drift(state: DeviceState) -> float | None:
    return state.health.drift


def _probing(state: DeviceState) -> float:
    return state.probing


def _signal(state: DeviceState) -> float | None:
    return state.rssi


def _missing(state: DeviceState) -> float:
    return backlog_of(state).missing


def _since(state: DeviceState) -> float | None:
    return backlog_of(state).oldest


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    whole = int(value)
    return str(whole) if whole == value else repr(float(value))


class MetricsServer:
    """Answers ``GET /metrics`` on loopback and nothing else."""

    def __init__(self, port: int, page: Callable[[], Awaitable[str]]) -> None:
        self._port = port
        self._page = page
        self._server: asyncio.Server | None = None

    async def start(self) -> int:
        """Listen; returns the port. Raises OSError when it is taken."""
        self._server = await asyncio.start_server(
            self._serve, HOST, self._port, limit=_LONGEST_REQUEST
        )
        return self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close the port."""
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_PATIENCE):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(await self._answer(head))
                await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            _log.debug("a client of the metrics port left or sent nonsense")
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _answer(self, head: bytes) -> bytes:
        words = head.split(b"\r\n", 1)[0].split()
        if len(words) != 3 or words[0] not in (b"GET", b"HEAD"):
            return _response("405 Method Not Allowed", "", True)
        if words[1].partition(b"?")[0] != b"/metrics":
            return _response("404 Not Found", "see /metrics\n", words[0] == b"GET")
        return _response("200 OK", await self._page(), words[0] == b"GET")


def _response(status: str, text: str, with_body: bool) -> bytes:
    body = text.encode()
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {CONTENT_TYPE}\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + (body if with_body else b"")
