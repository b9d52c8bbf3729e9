# SPDX-License-Identifier: MIT
"""Mistakes of radio meters: key, number and maker; a receiver that is silent or another one."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from ..model import CollectorError, Heard, ReadResult, Sample
from ..protocol.wmbus.driver import WmbusDriver
from ..protocol.wmbus.memory import Memory, default_memory
from ..protocol.wmbus.survey import HeardMeter, identity_of
from .base import Diagnoser
from .case import Case
from .device import check_values
from .finding import WARNING, Finding
from .line import not_open
from .receiver import Air, listen, not_started, of_receiver

_MOST_NAMED = 8
_WEAK = -100
_KEY_CODES = ("wrong_key", "bad_mac", "key_missing", "bad_key")
_KEY = "Enter the key of this very meter (32 hex digits, from its maker or the delivery note)."
_SENDER = "Compare with the number printed on the meter; scan LINE --driver wmbus lists all."


class Peeking(Memory):
    """Knows what the collector has taken, and notes nothing: a check must not change it."""

    def __init__(self) -> None:
        self._real: Memory | None = None
        with contextlib.suppress(CollectorError):
            real = default_memory()
            self._real = real if real.exists() else None

    def last(self, meter: bytes, key: bytes) -> int | None:
        """Return the highest counter the collector has taken."""
        return self._real.last(meter, key) if self._real else None

    def check(self, meter: bytes, key: bytes, counter: int) -> bool:
        """Take any: the daemon may have heard the same telegram a moment ago."""
        return False

    def layouts(self) -> Mapping[int, bytes]:
        """Return what the collector has learned."""
        return self._real.layouts() if self._real else {}

    def learn(self, layouts: Mapping[int, bytes]) -> None:
        """Keep nothing."""


class WmbusDiagnoser(Diagnoser):
    """Listens once for all devices of a receiver, then judges each by what came."""

    name: ClassVar[str] = "wmbus"

    async def overhear(self, cases: Sequence[Case]) -> list[Finding]:
        """Return what is wrong with the receiver, else with each device."""
        driver = WmbusDriver(Peeking())
        wanted = {_sender(driver, case) for case in cases}
        try:
            air = await listen(cases[0], wanted - {""})
        except CollectorError as error:
            return [not_open(cases[0].line, error)]
        if not air.heard:
            return of_receiver(cases[0], air)
        judged = [found for case in cases for found in _judged(driver, case, air, wanted)]
        return [*not_started(cases[0], air), *judged]


def _sender(driver: WmbusDriver, case: Case) -> str:
    try:
        return driver.sender_of(case.device)
    except CollectorError:
        return ""


def _judged(driver: WmbusDriver, case: Case, air: Air, wanted: set[str]) -> list[Finding]:
    try:
        sender = driver.sender_of(case.device)
    except CollectorError as error:
        return [_refused(case, error)]
    if sender not in air.heard:
        return [_not_heard(case, air, sender, wanted)]
    opened: list[ReadResult] = []
    refusal: CollectorError | None = None
    for heard in air.heard[sender]:
        try:
            opened.append(_opened(driver, heard, case))
        except CollectorError as error:
            refusal = error
    if refusal is not None and not opened:
        return [_refused(case, refusal, air.heard[sender][-1])]
    values = [_with_records(each, opened) for each in check_values(case, _merged(opened))]
    return [*values, *_weak(case, air.heard[sender])]


def _opened(driver: WmbusDriver, heard: Heard, case: Case) -> ReadResult:
    push = driver.open_heard(heard, case.device)
    driver.forget_heard(heard, case.device)
    dated = {name: sample for row in push.rows for name, sample in row.samples.items()}
    return replace(push.result, samples={**dated, **push.result.samples})


def _merged(results: list[ReadResult]) -> ReadResult:
    # A meter may tell its registers in several telegrams.
    samples: dict[str, Sample] = {}
    for result in results:
        samples |= result.samples
    return ReadResult(results[-1].meter, samples)


def _with_records(finding: Finding, results: list[ReadResult]) -> Finding:
    if finding.code != "missing_register":
        return finding
    sent = {f"{each.quantity} {each.unit}".strip() for result in results for each in result.records}
    return replace(finding, means=f"The meter sent: {', '.join(sorted(sent)[:16]) or 'nothing'}.")


def _refused(case: Case, error: CollectorError, heard: Heard | None = None) -> Finding:
    code, seen = error.code, error.message
    if code in _KEY_CODES:
        means = (
            "The meter encrypts, and no key is set."
            if code == "key_missing"
            else "The key is mistyped, or that of another meter."
        )
        code = code if code in ("key_missing", "bad_key") else "wrong_key"
        return Finding(case.where, code, seen, means, _KEY, "secret")
    if code == "wrong_address":
        there = _identity(heard).address if heard else ""
        means = "A meter with this number is heard, but its maker, version or medium is another."
        return Finding(
            case.where, code, f"{seen}; heard: {there}", means, _SENDER, "address", there
        )
    if code == "security_downgrade":
        return Finding(
            case.where, code, seen, "This meter sends unencrypted, or somebody else in its name.",
            "Remove the key, or allow both, when the meter is known to send so.",
            "settings.allow_unencrypted",
        )
    key = "address" if code == "bad_address" else ""
    return Finding(case.where, code, seen, "The meter is heard; it gives no reading.", key=key)


def _not_heard(case: Case, air: Air, sender: str, wanted: set[str]) -> Finding:
    others = [_identity(air.heard[each][-1]) for each in sorted(air.heard)]
    strangers = [each for each in others if each.meter.id not in wanted]
    alike = [each for each in strangers if _is_alike(sender, each.meter.id)]
    named = ", ".join(f"{each.address} ({each.meter.medium})" for each in others[:_MOST_NAMED])
    more = f" and {len(others) - _MOST_NAMED} more" if len(others) > _MOST_NAMED else ""
    seen = f"{sender} was not heard in {air.seconds:.0f} s; heard: {named}{more}"
    if len(alike) == 1:
        return Finding(
            case.where, "wrong_address", seen, f"{alike[0].address} looks like the meter meant.",
            _SENDER, "address", alike[0].address,
        )
    return Finding(
        case.where, "not_heard", seen,
        "The receiver works. The meter is out of its reach, sends rarely or in another mode, or "
        "has another number.",
        f"Listen longer (--limit 300), move the receiver or its antenna. {_SENDER}",
        "address", severity=WARNING,
    )


def _is_alike(wanted: str, heard: str) -> bool:
    """Whether one was probably written for the other: a slip, two places changed, bytes turned."""
    turned = "".join(reversed([wanted[at : at + 2] for at in range(0, len(wanted), 2)]))
    wrong = sum(left != right for left, right in zip(wanted, heard, strict=False))
    return heard == turned or wrong == 1 or (wrong == 2 and sorted(wanted) == sorted(heard))


def _weak(case: Case, heard: Sequence[Heard]) -> list[Finding]:
    best = max((each.rssi for each in heard if each.rssi is not None), default=0)
    if best >= _WEAK:
        return []
    return [
        Finding(
            case.where, "weak_signal", f"the meter is heard at {best} dBm only",
            "Some of its telegrams will be lost, more when doors and weather change.",
            "Move the receiver or its antenna nearer.", severity=WARNING,
        )
    ]


def _identity(heard: Heard) -> HeardMeter:
    return identity_of(bytes.fromhex(str(heard.telegram["telegram"])), heard.rssi)
