# SPDX-License-Identifier: MIT
"""The way from a failed reading to the mistake behind it."""

from __future__ import annotations

from ..model import CollectorError, ConfigError, NoAnswer, ReadResult
from ..poller import drift_of, to_channels
from ..protocol.registry import DIAGNOSERS, load_named, names
from . import line as of_line
from .base import Diagnoser
from .case import Attempt, Case
from .finding import WARNING, Finding

_CLOCK_OFF = 60.0


def diagnoser(driver: str) -> Diagnoser:
    """Return who knows the mistakes of a driver; for unknown ones, one that knows none."""
    try:
        return load_named(DIAGNOSERS, driver)()
    except ConfigError:
        return Diagnoser()


async def examine(case: Case) -> list[Finding]:
    """Read a device and return what is wrong with it, most important first; never raises."""
    attempt = await case.attempt(tries=1 + case.line.retries)
    known = diagnoser(case.device.driver)
    if attempt.result is not None:
        return [*check_values(case, attempt.result), *await known.judge(case, attempt.result)]
    if attempt.line_down:
        return [of_line.not_open(case.line, attempt.error)]
    if isinstance(attempt.error, ConfigError):
        plain = Finding(case.where, attempt.error.code, attempt.error.message)
        return await known.refused(case, attempt) or [plain]
    return await _failed(case, attempt, known)


async def _failed(case: Case, attempt: Attempt, known: Diagnoser) -> list[Finding]:
    if echoed := of_line.echo(case, attempt):
        return [echoed]
    answered = not isinstance(attempt.error, NoAnswer) or bool(attempt.heard)
    found = await known.refused(case, attempt) if answered else []
    if not found:
        with case.within(0.4):
            found = await known.search(case)
    if not found:
        with case.within(0.6):
            form = await of_line.other_form(case, known)
        found = [form] if form else []
    if not found:
        found = await _other_protocol(case)
    return found or [_rest(case, attempt)]


async def _other_protocol(case: Case) -> list[Finding]:
    for name in names(DIAGNOSERS):
        if name == case.device.driver or not case.left():
            continue
        if told := await diagnoser(name).greet(case, case.quick()):
            return [
                Finding(
                    case.where, "wrong_driver", f"{told} answers to {name}",
                    f"The meter speaks {name}, not {case.device.driver}.",
                    f"Set the driver to {name}.", "driver", name,
                )
            ]
    return []


def _rest(case: Case, attempt: Attempt) -> Finding:
    error = attempt.error
    if isinstance(error, NoAnswer) or not attempt.heard or error.code in ("bad_frame",):
        return of_line.silence(case, attempt)
    return Finding(
        case.where, error.code, error.message,
        "The meter is reached; it does not give a reading.",
        f"See the bytes with: actwin-collector trace {case.device.key}",
    )


def check_values(case: Case, result: ReadResult) -> list[Finding]:
    """Return what a reading lacks, and how far the meter's clock is off."""
    found: list[Finding] = []

    def note(error: CollectorError) -> None:
        have = ", ".join(sorted(result.samples)[:12])
        found.append(
            Finding(
                case.where, error.code, error.message,
                f"The meter gave: {have or 'nothing'}.",
                "Name a register the meter has, with a unit of the same kind.",
                "parameters",
            )
        )

    to_channels(case.device, result.samples, False, note)
    drift = drift_of(result, case.clock.wall())
    if drift is not None and abs(drift) > _CLOCK_OFF:
        found.append(
            Finding(
                case.where, "clock_off", f"the meter's clock is {drift:+.0f} s from ours",
                "Hours of difference are usually a time zone, seconds a clock to be set. Above "
                "300 s readings are marked suspect.",
                "Compare utc_offset with the meter's display, or set its clock.",
                "settings.utc_offset", severity=WARNING,
            )
        )
    return found
