# SPDX-License-Identifier: MIT
"""``check``: is the configuration right, is Odoo there, do the lines open, do devices answer."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from ..config import Settings, load_settings
from ..known_settings import device_mistakes, line_mistakes
from ..listening.start import is_polled, listens
from ..model import CollectorError, DeviceSpec
from ..protocol.registry import get_driver, make_link
from ..site import Site, combine, load_cache, parse_site, save_cache, unused_overrides
from .common import add_config, fetch_document
from .read import read_once

HELP = "check the configuration, Odoo and the lines, and name every mistake"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_config(parser)
    parser.add_argument("--offline", action="store_true", help="no Odoo: the file and the cache")
    parser.add_argument(
        "--save", type=Path, metavar="FILE", help="write the site's document there as JSON"
    )
    parser.add_argument("--read", action="store_true", help="also read every device once")


def run(args: argparse.Namespace) -> int:
    """Check; 0 when nothing is wrong. A mistake in the file itself ends the check at once."""
    settings = load_settings(args.config)
    print(f"file: ok ({settings.path})")
    mistakes: list[str] = []
    if settings.odoo is not None and _is_open_to_others(settings.odoo.api_key_file):
        print(f"warning: {settings.odoo.api_key_file} can be read by others (chmod 600)")
    document = _document(settings, args.offline, mistakes)
    if document is not None:
        site = _site(settings, document, mistakes)
        if args.save and site is not None:
            save_cache(combine(document, settings.local), args.save)
            print(f"saved: {args.save}")
        if site is not None:
            mistakes += _settings(site)
            mistakes += asyncio.run(_reach(settings, site, args.read))
    for text in mistakes:
        print(f"mistake: {text}")
    print("ok" if not mistakes else f"{len(mistakes)} mistake(s)")
    return 1 if mistakes else 0


def _is_open_to_others(path: Path) -> bool:
    return path.exists() and bool(path.stat().st_mode & 0o077)


def _document(settings: Settings, offline: bool, mistakes: list[str]) -> dict | None:
    if settings.odoo is not None and not offline:
        try:
            document = fetch_document(settings)
            print(f"odoo: ok ({settings.odoo.url}, configuration {document.get('version')})")
            if settings.collector.config_from == "odoo":
                return document
        except CollectorError as error:
            mistakes.append(f"odoo: {error.message} [{error.code}]")
    if settings.collector.config_from == "file":
        return {}
    try:
        return load_cache(settings.collector.cache_path)
    except CollectorError as error:
        mistakes.append(error.message)
        return None


def _site(settings: Settings, document: dict, mistakes: list[str]) -> Site | None:
    unused = unused_overrides(document, settings.local)
    mistakes += [f"{path}: there is nothing of this key to override" for path in unused]
    try:
        source = "the site's configuration"
        site = parse_site(combine(document, settings.local), source, strict=not document)
    except CollectorError as error:
        mistakes.append(error.message)
        return None
    print(f"site: {len(site.lines)} lines, {len(site.devices)} devices")
    return site


def _settings(site: Site) -> list[str]:
    devices = site.devices.values()
    mistakes = [(f"line {each.key}", line_mistakes(each, devices)) for each in site.lines.values()]
    mistakes += [(f"device {each.key}", device_mistakes(each)) for each in devices]
    return [f"{place}: {text}" for place, texts in mistakes for text in texts]


async def _reach(settings: Settings, site: Site, read: bool) -> list[str]:
    mistakes = []
    for line in site.lines.values():
        if listens(line):
            print(f"line {line.key}: listens")
            continue
        link = None
        try:
            link = make_link(line)
            await link.open()
            print(f"line {line.key}: ok")
        except CollectorError as error:
            mistakes.append(f"line {line.key}: {error.message} [{error.code}]")
        finally:
            if link is not None:
                await link.close()
    asked = [each for each in site.devices.values() if _is_asked(each, site)]
    for device in asked if read else ():
        try:
            await read_once(settings, device, site.lines[device.line])
            print(f"device {device.key}: ok")
        except CollectorError as error:
            mistakes.append(f"device {device.key}: {error.message} [{error.code}]")
    return mistakes


def _is_asked(device: DeviceSpec, site: Site) -> bool:
    line = site.lines[device.line]
    try:
        return not listens(line) and is_polled(line, get_driver(device.driver), device)
    except CollectorError:
        return True  # asking it tells what is wrong
