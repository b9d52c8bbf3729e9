# SPDX-License-Identifier: MIT
"""``trace``: the bytes of dialogues with a device and what they mean; live or from a file."""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Iterable
from pathlib import Path

from ..channel.base import Trace
from ..masking import Masker
from ..model import CollectorError, ConfigError
from ..protocol.registry import driver_class
from ..tracing.files import NOTE, Recorder, TraceFolder, read_trace
from ..tracing.show import Show
from .common import add_config, find_device
from .read import read_once

HELP = "show every byte sent and received, with what it means"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_config(parser)
    parser.add_argument("device", metavar="DEVICE", nargs="?", help="key of the device")
    parser.add_argument("--count", type=int, default=1, help="dialogues (default 1, 0 = endless)")
    parser.add_argument("--pause", type=float, default=5.0, help="seconds between dialogues")
    parser.add_argument("--save", type=Path, metavar="FILE", help="also keep them in a trace file")
    parser.add_argument("--file", type=Path, help="show a trace file instead of a device")
    parser.add_argument("--driver", help="the protocol of --file, when the file does not tell")
    daemon = parser.add_mutually_exclusive_group()
    daemon.add_argument("--on", action="store_true", help="the daemon shall trace DEVICE in a file")
    daemon.add_argument("--off", action="store_true", help="the daemon shall end the trace")
    daemon.add_argument("--last", action="store_true", help="show what the daemon has traced")


def run(args: argparse.Namespace) -> int:
    """Trace; the exit code tells whether the last dialogue succeeded."""
    if args.file:
        return _show_files([args.file], args.driver)
    if not args.device:
        raise ConfigError("DEVICE or --file is needed")
    settings, device, line = find_device(args)
    folder = TraceFolder(settings.collector.trace_path, args.masker)
    if args.on or args.off:
        return _ask_daemon(folder, device.key, args.on)
    if args.last:
        path = folder.path(device.key)
        found = [each for each in (path.with_name(f"{path.name}.1"), path) if each.exists()]
        if not found:
            raise ConfigError(f"there is no trace of {device.key} (trace {device.key} --on)")
        return _show_files(found, device.driver)
    if not driver_class(device.driver).POLLS:
        told = f"{device.key} only sends by itself: --on lets the daemon keep what it hears"
        raise ConfigError(f"{told}, --last shows it", "only_heard")
    show = Show(args.masker, device.driver)
    keep = _recorder(args, device, line.kind)
    done, code = 0, 0
    while True:
        code = _one(settings, device, line, show, keep)
        done += 1
        if done == args.count:
            return code
        time.sleep(args.pause)


def _recorder(args: argparse.Namespace, device, kind: str) -> Recorder | None:
    title = {"device": device.key, "driver": device.driver, "kind": kind}
    return Recorder(args.save, title, args.masker) if args.save else None


def _one(settings, device, line, show: Show, keep: Recorder | None) -> int:
    sinks: list[Trace] = [show, keep] if keep else [show]

    def trace(direction: str, data: bytes) -> None:
        for sink in sinks:
            sink(direction, data)

    code, text = 0, "ok"
    try:
        asyncio.run(read_once(settings, device, line, trace))
    except CollectorError as error:
        code, text = 1, f"{error.code}: {error.message}"
    show.note(text)
    if keep:
        keep.note(text)
    return code


def _ask_daemon(folder: TraceFolder, device: str, wanted: bool) -> int:
    try:
        folder.mark(device, wanted)
    except OSError as error:
        raise ConfigError(f"the state folder cannot be written: {error}") from error
    told = "traced from its next poll or telegram on" if wanted else "no longer traced"
    print(f"{device}: {told}")
    print(folder.path(device))
    return 0


def _show_files(paths: Iterable[Path], driver: str | None) -> int:
    for path in paths:
        title, entries = read_trace(path)
        show = Show(Masker(), driver or title.get("driver", ""))
        for entry in entries:
            if entry.direction == NOTE:
                show.note(entry.text, entry.stamp)
            else:
                show(entry.direction, entry.data, entry.stamp)
        show.end()
    return 0
