# SPDX-License-Identifier: MIT
"""``check``: what is wrong with the file, the way to Odoo, the lines and the devices, and why."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path

from ..capacity import busy_lines
from ..config import Settings
from ..diagnose import odoo as of_odoo
from ..diagnose.case import Case
from ..diagnose.device import diagnoser, examine
from ..diagnose.finding import MISTAKE, WARNING, Finding
from ..diagnose.line import not_open
from ..known_settings import device_mistakes, line_mistakes
from ..listening.start import is_polled, listens
from ..masking import Masker
from ..model import CollectorError, ConfigError, DeviceSpec, LineSpec
from ..protocol.registry import get_driver, make_link
from ..site import Site, combine, load_cache, parse_site, save_cache, secrets_of, unused_overrides
from ..uplink import UplinkError
from .common import add_config, fetch_document, open_settings

HELP = "check the configuration, Odoo, the lines and devices, and name every mistake"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_config(parser)
    parser.add_argument("--offline", action="store_true", help="no Odoo: the file and the cache")
    parser.add_argument(
        "--save", type=Path, metavar="FILE", help="write the site's document there as JSON"
    )
    parser.add_argument("--read", action="store_true", help="also read every device once")
    parser.add_argument(
        "--device", action="append", default=[], metavar="KEY", help="read only this one"
    )
    parser.add_argument(
        "--limit", type=float, default=30.0, help="seconds to look for a device's mistake (30)"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object")


class Report:
    """What was found; told as it comes, or as one object at the end."""

    def __init__(self, masker: Masker, as_json: bool) -> None:
        self.findings: list[Finding] = []
        self.steps: list[str] = []
        self._masker = masker
        self._json = as_json

    def say(self, text: str) -> None:
        """Tell what is well."""
        text = self._masker.text(text)
        self.steps.append(text)
        if not self._json:
            print(text, flush=True)

    def add(self, findings: Iterable[Finding]) -> None:
        """Tell what is not."""
        mask = self._masker.text
        for found in findings:
            finding = replace(
                found,
                seen=mask(found.seen),
                means=mask(found.means),
                change=mask(found.change),
                value=mask(found.value),
            )
            self.findings.append(finding)
            if not self._json:
                print("\n".join(finding.lines()), flush=True)

    def mistake(self, where: str, text: str, code: str = "bad_config") -> None:
        """Tell a mistake that needs no explanation."""
        self.add([Finding(where, code, text)])

    def end(self) -> int:
        """Close the report; returns the exit code."""
        mistakes = sum(finding.severity == MISTAKE for finding in self.findings)
        if self._json:
            found = [asdict(finding) for finding in self.findings]
            told = {"ok": not mistakes, "steps": self.steps, "findings": found}
            print(json.dumps(told, ensure_ascii=False))
        else:
            print("ok" if not mistakes else f"{mistakes} mistake(s)")
        return 1 if mistakes else 0


def run(args: argparse.Namespace) -> int:
    """Check; 0 when nothing is wrong. A mistake in the file itself ends the check at once."""
    settings = open_settings(args)
    report = Report(args.masker, args.json)
    report.say(f"file: ok ({settings.path})")
    if settings.odoo is not None and _is_open_to_others(settings.odoo.api_key_file):
        text = f"{settings.odoo.api_key_file} can be read by others (chmod 600)"
        report.add([Finding("file", "open_key_file", text, severity=WARNING)])
    document = _document(settings, args.offline, report)
    if document is not None:
        _check_document(args, settings, document, report)
    return report.end()


def _check_document(
    args: argparse.Namespace, settings: Settings, document: dict, report: Report
) -> None:
    site = _site(settings, document, report)
    if site is None:
        return
    args.masker.learn(secrets_of(site))
    if args.save:
        save_cache(combine(document, settings.local), args.save)
        report.say(f"saved: {args.save}")
    _settings(site, report)
    for load in busy_lines(site):
        means = "retries and missed slots find no room"
        change = "poll less often, or spread the devices over more lines"
        where = f"line {load.line}"
        report.add([Finding(where, "busy_line", load.text, means, change, severity=WARNING)])
    wanted = [site.device(key) for key in args.device]
    if args.read and not wanted:
        wanted = [each for each in site.devices.values() if _is_asked(each, site)]
    asyncio.run(_reach(site, wanted, args.limit, report))


def _is_open_to_others(path: Path) -> bool:
    return path.exists() and bool(path.stat().st_mode & 0o077)


def _document(settings: Settings, offline: bool, report: Report) -> dict | None:
    if settings.odoo is not None and not offline:
        document = _from_odoo(settings, report)
        if document is not None and settings.collector.config_from == "odoo":
            return document
    if settings.collector.config_from == "file":
        return {}
    try:
        return load_cache(settings.collector.cache_path)
    except CollectorError as error:
        report.mistake("file", error.message, error.code)
        return None


def _from_odoo(settings: Settings, report: Report) -> dict | None:
    code, odoo = settings.collector.code, settings.odoo
    try:
        document = fetch_document(settings)
    except UplinkError as error:
        report.add([of_odoo.examine(odoo, code, error)])
        return None
    except ConfigError as error:
        report.mistake("odoo", error.message, error.code)
        return None
    report.say(f"odoo: ok ({odoo.url}, configuration {document.get('version')})")
    return document


def _site(settings: Settings, document: dict, report: Report) -> Site | None:
    for path in unused_overrides(document, settings.local):
        report.mistake("file", f"{path}: there is nothing of this key to override")
    try:
        source = "the site's configuration"
        site = parse_site(combine(document, settings.local), source, strict=not document)
    except CollectorError as error:
        report.mistake("file", error.message, error.code)
        return None
    report.say(f"site: {len(site.lines)} lines, {len(site.devices)} devices")
    return site


def _settings(site: Site, report: Report) -> None:
    devices = site.devices.values()
    mistakes = [(f"line {each.key}", line_mistakes(each, devices)) for each in site.lines.values()]
    mistakes += [(f"device {each.key}", device_mistakes(each)) for each in devices]
    for where, texts in mistakes:
        for text in texts:
            report.mistake(where, text)


def _is_asked(device: DeviceSpec, site: Site) -> bool:
    line = site.lines[device.line]
    try:
        driver = get_driver(device.driver)
        return not listens(line) and (not driver.POLLS or is_polled(line, driver, device))
    except CollectorError:
        return True  # asking it tells what is wrong


async def _reach(site: Site, devices: list[DeviceSpec], limit: float, report: Report) -> None:
    closed = set()
    for line in site.lines.values():
        if listens(line):
            report.say(f"line {line.key}: listens")
        elif not await _opens(line, report):
            closed.add(line.key)
    # Their line was named already.
    devices = [device for device in devices if device.line not in closed]
    heard: dict[tuple[str, str], list[DeviceSpec]] = {}
    for device in devices:
        line = site.lines[device.line]
        if _is_only_heard(device, line):
            heard.setdefault((device.driver, line.key), []).append(device)
        else:
            case = Case(device, line, limit)
            _tell([case], await examine(case), report)
    for (driver, key), group in heard.items():
        # All at once: the time to look is that of the line.
        cases = [Case(device, site.lines[key], limit) for device in group]
        findings = await diagnoser(driver).overhear(cases)
        if findings is not None:
            _tell(cases, findings, report)


def _tell(cases: list[Case], findings: list[Finding], report: Report) -> None:
    report.add(findings)
    named = {finding.where for finding in findings}
    for case in cases:
        if not named & {case.where, case.on_line}:
            report.say(f"{case.where}: ok")


def _is_only_heard(device: DeviceSpec, line: LineSpec) -> bool:
    try:
        return not get_driver(device.driver).POLLS and not listens(line)
    except CollectorError:
        return False


async def _opens(line: LineSpec, report: Report) -> bool:
    try:
        link = make_link(line)
    except CollectorError as error:
        report.mistake(f"line {line.key}", error.message, error.code)
        return False
    try:
        await link.open()
        report.say(f"line {line.key}: ok")
        return True
    except CollectorError as error:
        report.add([not_open(line, error)])
        return False
    finally:
        await link.close()
