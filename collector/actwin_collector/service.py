# SPDX-License-Identifier: MIT
"""The daemon: scheduler, outbox, uplink and configuration together, until told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from pathlib import Path

from .clock import Clock
from .commands import Commander
from .commands.bench import Bench
from .commands.ledger import Ledger
from .commands.ring import LogRing
from .config import OdooSettings, Settings
from .files import write_atomic
from .listening.again import HearAgain
from .masking import Masker
from .metrics import MetricsServer, Snapshot, UplinkState, render
from .model import CollectorError, ConfigError
from .outbox import Outbox
from .raw_archive import RawArchive
from .scheduler import Scheduler
from .sdnotify import notify, watchdog_seconds
from .sender import Backoff, Sender
from .site import Site, combine, load_cache, parse_site, save_cache, secrets_of
from .status import (
    broken_status,
    collector_status,
    device_status,
    line_status,
    summary,
    unassigned_status,
    write_status,
)
from .threads import in_thread
from .tracing.files import TraceFolder
from .uplink import Uplink, UplinkError, make_uplink
from .watch import each_of, kept_pushes, traced, traced_pushes

_log = logging.getLogger(__name__)

_STATUS_FILE_SECONDS = 5.0  # at most
_STALL_ALLOWANCE = 60.0
_STOP_SECONDS = 3.0
_COMMAND_PAUSE = 30.0


class Service:
    """Everything of one collector process. ``run`` returns after a stop; nothing read is lost."""

    def __init__(
        self,
        settings: Settings,
        uplink_factory: Callable[[OdooSettings], Uplink] = make_uplink,
        clock: Clock | None = None,
        masker: Masker | None = None,
    ) -> None:
        collector = settings.collector
        self.settings = settings
        self.outbox = Outbox(collector.outbox_path, collector.outbox_quota_mb * 1024 * 1024)
        self.scheduler = Scheduler(self._store, collector, clock)
        self.masker = masker or Masker()
        self.traces = TraceFolder(collector.trace_path, self.masker, collector.trace_devices)
        self.scheduler.watch = traced(self.traces)
        self._again = HearAgain(self.scheduler.intake, self.scheduler.place)
        self.raw = RawArchive(collector.raw_path, collector.raw_days, collector.raw_mb)
        notes = (traced_pushes(self.traces), kept_pushes(self.raw))
        self.scheduler.intake.note_heard = each_of(*notes)
        self.scheduler.raw = self.raw
        self.uplink_state = UplinkState()
        self.site = Site()
        self.problems: dict[str, str] = {}
        self._started = time.time()
        self._has_config = False
        self._status_pause = min(_STATUS_FILE_SECONDS, collector.status_seconds)
        odoo = settings.odoo
        # Connections of their own: a long upload must not hold up the health report or a command.
        self._uplink = uplink_factory(odoo) if odoo else None
        self._control = uplink_factory(odoo) if odoo else None
        self._orders = uplink_factory(odoo) if odoo else None
        self.log = LogRing()

    async def run(self, stop: asyncio.Event, ready_file: Path | None = None) -> None:
        """Work until ``stop`` is set; tells systemd and ``ready_file`` when work has begun."""
        logging.getLogger(__package__).addHandler(self.log)
        metrics = await self._serve_metrics()
        await self._start_site()
        await self._write_status()
        if ready_file:
            write_atomic(ready_file, "ready\n", mode=0o644)
        notify("READY=1")
        tasks = [asyncio.create_task(loop) for loop in self._loops()]
        stopping = asyncio.create_task(stop.wait())
        try:
            done, _ = await asyncio.wait(
                [*tasks, stopping], return_when=asyncio.FIRST_COMPLETED
            )
            for task in done - {stopping}:
                task.result()  # the loops never end by themselves: show why one did
        finally:
            notify("STOPPING=1")
            if metrics is not None:
                await metrics.stop()
            await self._wind_down([*tasks, stopping])

    def _loops(self) -> list:
        loops = [self._status_loop(), self._watchdog_loop(), self._again_loop()]
        if self._uplink:
            loops += [self._send_loop(self._uplink), self._control_loop(self._control)]
            loops.append(self._command_loop(self._orders))
        return loops

    async def _wind_down(self, tasks: list[asyncio.Task]) -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.scheduler.stop(_STOP_SECONDS)
        with contextlib.suppress(CollectorError, OSError):
            await in_thread(self.raw.flush, time.time())
        with contextlib.suppress(CollectorError, OSError):
            await self._write_status(stopped=True)
        self.outbox.close()
        logging.getLogger(__package__).removeHandler(self.log)

    async def _serve_metrics(self) -> MetricsServer | None:
        port = self.settings.collector.metrics_port
        if not port:
            return None
        server = MetricsServer(port, self._metrics)
        try:
            await server.start()
        except OSError as error:
            # Figures are worth less than readings: the collector works without.
            self._report_problem("metrics", error)
            return None
        return server

    async def _metrics(self) -> str:
        collector, scheduler = self.settings.collector, self.scheduler
        return render(
            Snapshot(
                started=self._started,
                config_version=self.site.version,
                states=scheduler.states,
                broken=scheduler.broken,
                lines_open={key: w.link.is_open for key, w in scheduler.workers.items()},
                heard=scheduler.lines,
                stats=await in_thread(self.outbox.stats),
                dead_messages=await in_thread(scheduler.intake.dead.count),
                quota_bytes=collector.outbox_quota_mb * 1024 * 1024,
                uplink=self.uplink_state if self._uplink else None,
            )
        )

    async def _store(self, readings, events, comms, marks, memory) -> int:
        return await in_thread(self.outbox.append, readings, events, comms, marks, memory)

    async def _start_site(self) -> None:
        if self.settings.collector.config_from == "file":
            await self._apply({}, "the file")
            return
        try:
            document = load_cache(self.settings.collector.cache_path)
            if document is not None:
                await self._apply(document, "the cache")
        except ConfigError as error:
            # Odoo's copy will mend it; without Odoo there is nothing to read anyway.
            self._report_problem("config", error)

    async def _apply(self, document: dict, source: str) -> None:
        local = self.settings.local
        site = parse_site(combine(document, local), source, strict=not document)
        marks = await in_thread(self.outbox.marks)
        self.masker.learn(secrets_of(site))
        memory = await in_thread(self.outbox.memory)
        await self.scheduler.apply(site, marks, memory)
        self.site = site
        self._has_config = True
        _log.info("configuration version %s from %s", site.version, source)

    async def _refresh(self, uplink: Uplink) -> None:
        code = self.settings.collector.code
        document = await in_thread(uplink.get_config, code)
        await self._apply(document, "Odoo")
        await in_thread(save_cache, document, self.settings.collector.cache_path)
        self.problems.pop("config", None)

    async def _control_loop(self, uplink: Uplink) -> None:
        collector = self.settings.collector
        backoff = Backoff(longest=collector.backoff_max_seconds)
        while True:
            pause = collector.status_seconds
            try:
                await self._control_once(uplink)
                self.uplink_state.success(time.time())
                backoff.success()
                self.problems.pop("control", None)
            except UplinkError as error:
                self._report_problem("control", error)
                pause = backoff.failure(error.retryable)
            except (CollectorError, OSError) as error:
                # The last good configuration stays in force.
                self._report_problem("config", error)
            await asyncio.sleep(pause)

    async def _control_once(self, uplink: Uplink) -> None:
        collector = self.settings.collector
        from_odoo = collector.config_from == "odoo"
        if from_odoo and not self._has_config:
            await self._refresh(uplink)
        answer = await in_thread(uplink.report_status, collector.code, await self._status())
        wanted = answer.get("config_version")
        if from_odoo and wanted is not None and wanted != self.site.version:
            await self._refresh(uplink)

    async def _send_loop(self, uplink: Uplink) -> None:
        collector = self.settings.collector
        sender = Sender(self.outbox, uplink, collector.code, collector.batch_size)
        self.uplink_state.totals = sender.totals
        backoff = Backoff(longest=collector.backoff_max_seconds)
        while True:
            pause = 0.0
            try:
                if await in_thread(sender.send_one):
                    self.uplink_state.success(time.time())
                else:
                    pause = collector.send_seconds
                backoff.success()
                self.problems.pop("uplink", None)
            except CollectorError as error:
                self._report_problem("uplink", error)
                pause = backoff.failure(getattr(error, "retryable", True))
            await asyncio.sleep(pause)

    async def _command_loop(self, uplink: Uplink) -> None:
        collector = self.settings.collector
        bench = Bench(
            collector,
            self.scheduler,
            self.outbox,
            self._store,
            self.masker,
            self.log,
            lambda: self.site,
            lambda: self.problems,
        )
        commander = Commander(uplink, collector.code, bench, Ledger(collector.commands_path))
        # Somebody is waiting: after an outage it must not take minutes until commands come again.
        backoff = Backoff(first=collector.command_seconds, longest=_COMMAND_PAUSE)
        try:
            while True:
                pause = collector.command_seconds
                try:
                    await commander.once()
                    backoff.success()
                    self.problems.pop("commands", None)
                except (CollectorError, OSError) as error:
                    self._report_problem("commands", error)
                    pause = backoff.failure(getattr(error, "retryable", True))
                await asyncio.sleep(pause)
        finally:
            await commander.stop()

    async def _status_loop(self) -> None:
        while True:
            await asyncio.sleep(self._status_pause)
            try:
                await in_thread(self.raw.flush, time.time())
                status = await self._write_status()
                notify(f"STATUS={summary(status)}")
                self.problems.pop("status", None)
            except (CollectorError, OSError) as error:
                self._report_problem("status", error)

    async def _again_loop(self) -> None:
        while True:
            await asyncio.sleep(self._status_pause)
            try:
                await self._again.once()
                self.problems.pop("dead messages", None)
            except (CollectorError, OSError) as error:
                self._report_problem("dead messages", error)

    async def _watchdog_loop(self) -> None:
        pause = watchdog_seconds()
        while True:
            await asyncio.sleep(pause or 3600)
            if self.scheduler.is_alive(_STALL_ALLOWANCE):
                notify("WATCHDOG=1")
            else:
                _log.critical("a line has stalled; the watchdog is not fed")

    def _report_problem(self, place: str, error: Exception) -> None:
        text = self.masker.text(f"{getattr(error, 'code', 'os_error')}: {error}")
        if isinstance(error, UplinkError):
            self.uplink_state.failure()
        if self.problems.get(place) != text:
            _log.error("%s: %s", place, text)
        self.problems[place] = text

    async def _status(self) -> dict:
        devices = {key: device_status(s) for key, s in self.scheduler.states.items()}
        devices |= {key: broken_status(text) for key, text in self.scheduler.broken.items()}
        for each in devices.values():
            each["last_error"] = self.masker.text(each["last_error"])
        for key in self.scheduler.stopped & devices.keys():
            devices[key]["stopped"] = True
        scheduler = self.scheduler
        running = (*scheduler.workers.values(), *scheduler.listeners.values())
        stored = {each.store_error for each in running if each.store_error}
        problems = [f"{place}: {text}" for place, text in self.problems.items()]
        problems += [f"outbox: {text}" for text in sorted(stored)]
        lines = {key: line_status(each) for key, each in scheduler.lines.items()}
        problems += [f"line {k}: {line['problem']}" for k, line in lines.items() if line["problem"]]
        stats = await in_thread(self.outbox.stats)
        status = collector_status(self._started, self.site.version, devices, stats, problems)
        return status | {
            "lines": lines,
            "unassigned": unassigned_status(scheduler.unassigned),
            "dead_messages": await in_thread(scheduler.intake.dead.count),
        }

    async def _write_status(self, stopped: bool = False) -> dict:
        status = await self._status() | {"stopped": stopped}
        if self._uplink is not None:
            status["uplink"] = self.uplink_state.status()
        strangers = self.scheduler.unassigned
        if (text := strangers.changed()) is not None:
            await in_thread(strangers.write, text)
        path = self.settings.collector.status_path
        await in_thread(write_status, path, status, self._status_pause)
        return status
