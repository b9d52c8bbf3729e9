# SPDX-License-Identifier: MIT
"""Simulated IEC 62056-21 meters for tests, with a clock that is set by hand."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

from protocol_rig import device

from actwin_collector.protocol.iec62056_21 import Iec62056Driver
from actwin_collector.protocol.iec62056_21.passwords import PasswordGuard
from actwin_collector.simulate.runner import ScenarioRunner
from actwin_collector.simulate.scenario import parse_scenario

TURKEY = timezone(timedelta(hours=3))
NOW = int(datetime(2026, 9, 15, 8, 20, 34, tzinfo=UTC).timestamp())
QUICK = {"switch_delay": 0.01, "reaction": 0.0}
PASSWORD = "12345678"


def site(*rows):
    """Return a scenario; each row is (key, protocol, place, settings)."""
    tables = [
        {"key": key, "serial": f"8000000{at}", "protocol": protocol, "profile": "workshop",
         "peak": 60_000, "inductive": 200, "opening": [5_000_000, 1_000_000, 2_000_000],
         "settings": settings, **place}
        for at, (key, protocol, place, settings) in enumerate(rows)
    ]
    top = {"site": "S", "seed": 3, "first_day": date(2026, 1, 1), "meter": tables}
    return parse_scenario(top, "test")


def meter(place=None, **settings):
    """Return a site of one meter ``T``."""
    settings = {"password": PASSWORD, **settings}
    return site(("T", "iec62056-21", place or {"port": 0}, settings))


def spec(address="", secret="", **settings):
    """Return the device that reads it."""
    found = device("iec62056-21", "1.8.0", address=address, **{**QUICK, **settings})
    return replace(found, secret=secret)


class Rig:
    """Serves a scenario in a loop of its own while blocking test code runs beside it."""

    def __init__(self, scenario, folder, now: int = NOW) -> None:
        self.scenario = scenario
        self.now = now
        self.guard = PasswordGuard(folder / "passwords.sqlite")
        self.driver = Iec62056Driver(
            self.guard, now=lambda: datetime.fromtimestamp(self.now, UTC)
        )
        self._folder = folder

    def run(self, work):
        """Return what ``work(addresses)`` returns."""

        async def main():
            runner = ScenarioRunner(self.scenario, 0, self._folder, clock=lambda: self.now)
            await runner.start()
            try:
                return await asyncio.to_thread(work, runner.addresses)
            finally:
                await runner.stop()

        return asyncio.run(main())

    @staticmethod
    def hold(link, call):
        """Return what ``call(link)`` gives on an opened link."""

        async def dialogue():
            await link.open()
            try:
                return await call(link)
            finally:
                await link.close()

        return asyncio.run(dialogue())


def local(*parts: int) -> datetime:
    """Return an instant of the meter's local time."""
    return datetime(*parts, tzinfo=TURKEY)
