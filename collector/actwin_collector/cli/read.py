# SPDX-License-Identifier: MIT
"""``read DEVICE``: one reading now, printed and not stored."""

from __future__ import annotations

import argparse
import asyncio
import json
from dataclasses import asdict

from ..channel.base import Trace
from ..clock import Clock
from ..config import Settings
from ..model import DeviceSpec, LineSpec, ReadResult
from ..poller import poll, to_channels
from ..protocol.registry import get_driver, make_link
from ..slots import canonical
from .common import add_config, find_device

HELP = "read one device now and print what it answers"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_config(parser)
    parser.add_argument("device", metavar="DEVICE", help="key of the device")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--raw", action="store_true", help="also the answer as received")
    parser.add_argument(
        "--map",
        nargs="?",
        const="",
        metavar="NAME",
        help="Modbus: every register of the map, in every word order",
    )


def run(args: argparse.Namespace) -> int:
    """Read and print; raises the CollectorError that the poll ended with."""
    settings, device, line = find_device(args)
    if args.map is not None:
        return _test_read(device, line, args)
    result = asyncio.run(read_once(settings, device, line))
    mistakes: list[str] = []
    polled = to_channels(device, result.samples, False, lambda error: mistakes.append(str(error)))
    values = {channel: canonical(each.value) for channel, each in polled.items()}
    if args.json:
        print(json.dumps(_document(device, result, values, mistakes), ensure_ascii=False))
    else:
        _print_table(device, result, values, mistakes)
    if args.raw and not args.json:
        print(result.raw)
    return 1 if mistakes else 0


def _test_read(device: DeviceSpec, line: LineSpec, args: argparse.Namespace) -> int:
    from ..protocol.modbus import testread as readmap

    found = readmap.read_map(device, line, args.map)
    if args.json:
        print(json.dumps([readmap.row(each) for each in found], ensure_ascii=False))
    else:
        readmap.print_table(found)
    return 0 if all(each.words for each in found) else 1


async def read_once(
    settings: Settings, device: DeviceSpec, line: LineSpec, trace: Trace | None = None
) -> ReadResult:
    """Poll one device as the daemon would; raises CollectorError."""
    link = make_link(line)
    link.trace = trace
    driver = get_driver(device.driver)
    limit = settings.collector.dialogue_seconds
    try:
        outcome = await poll(link, driver, device, 1 + line.retries, limit, Clock())
    finally:
        await link.close()
    if outcome.error is not None:
        raise outcome.error
    return outcome.result


def _document(
    device: DeviceSpec, result: ReadResult, values: dict[str, str], mistakes: list[str]
) -> dict:
    meter = asdict(result.meter)
    meter["extra"] = dict(result.meter.extra)
    return {
        "device": device.key,
        "meter": meter,
        "channels": values,
        "samples": {
            name: {
                "value": canonical(sample.value),
                "unit": sample.unit,
                "status": sample.status,
                "meter_ts": sample.meter_ts.isoformat() if sample.meter_ts else None,
            }
            for name, sample in result.samples.items()
        },
        "mistakes": mistakes,
        "raw": result.raw,
    }


def _print_table(
    device: DeviceSpec, result: ReadResult, values: dict[str, str], mistakes: list[str]
) -> None:
    meter = result.meter
    print(f"{device.key}: {meter.manufacturer} {meter.version} {meter.id} {meter.medium}".rstrip())
    for parameter in device.parameters:
        value = values.get(parameter.channel, "–")
        print(f"  {parameter.register:<16} {value:>18} {parameter.unit:<6} {parameter.channel}")
    for text in mistakes:
        print(f"  mistake: {text}")
