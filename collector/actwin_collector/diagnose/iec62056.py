# SPDX-License-Identifier: MIT
"""Mistakes of IEC 62056-21 lines: address, speed, parity, mode, password."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from ..model import CollectorError, FrameError, LineSpec, NoAnswer, ReadResult
from ..protocol.iec62056_21.codec import Identification, parse_identification, request_message
from ..protocol.iec62056_21.programming import Programming
from .base import Diagnoser
from .case import Attempt, Case, SerialForm
from .finding import WARNING, Finding

_ANYBODY = request_message("")
_SHORTEST_VISIT = 5.0


class Iec62056Diagnoser(Diagnoser):
    """See the module."""

    name: ClassVar[str] = "iec62056-21"
    forms: ClassVar[Sequence[SerialForm]] = tuple(
        SerialForm(baudrate, bytesize, parity)
        for baudrate in (300, 9600, 19200, 4800, 2400, 1200, 600)
        for bytesize, parity in ((7, "E"), (8, "N"))
    )

    async def greet(self, case: Case, line: LineSpec) -> str:
        """Ask whoever is there to identify itself."""
        found = await identified(case, line, _ANYBODY)
        return f"a meter that says {found.text}" if found else ""

    async def judge(self, case: Case, result: ReadResult) -> list[Finding]:
        """Give the password once where there is one: readouts come without it."""
        if not (case.device.secret or case.device.settings.get("read_with_password")):
            return []
        error = await _unlocked(case)
        if error is None:
            return []
        if error.code in _PASSWORDS:
            return [_password(case, error)]
        return [_no_programming(case, error)]

    async def refused(self, case: Case, attempt: Attempt) -> list[Finding]:
        """Name what came instead of a readout."""
        code = attempt.error.code
        if code == "dlms_meter":
            return [_speaks_dlms(case, attempt.error.message)]
        if code in _PASSWORDS:
            return [_password(case, attempt.error)]
        if code == "wrong_address":
            return [_another_meter(case, attempt.error.message)]
        if code == "parity_error":
            return [_parity(case, attempt.error.message)]
        if attempt.heard.startswith(b"/") or b"\r\n/" in attempt.heard:
            return [found] if (found := await self._other_mode(case)) else [_no_data(case, attempt)]
        return []

    async def search(self, case: Case) -> list[Finding]:
        """Ask without address; with parity bits made by hand; at the form the mode begins with."""
        if case.device.address:
            for line in self._beginnings(case):
                if found := await identified(case, line, _ANYBODY):
                    return [await self._wrong_address(case, found)]
        if not case.line.software_7e1:
            for line in self._beginnings(case):
                by_hand = replace(line, software_7e1=True)
                questions = (request_message(case.device.address), _ANYBODY)
                if found := await identified(case, by_hand, *questions):
                    return [_needs_parity(case, found)]
        return await self._other_speed(case)

    def _beginnings(self, case: Case) -> list[LineSpec]:
        """Return the line as the driver opens the dialogue on it."""
        line = case.quick()
        settings = case.device.settings
        if line.kind != "serial" or settings.get("mode", "c") == "fixed":
            return [line]
        baudrate = int(settings.get("baudrate") or 300)
        return [case.quick(SerialForm(baudrate, 7, "E").on(line))]

    async def _wrong_address(self, case: Case, found: Identification) -> Finding:
        anybody = await case.attempt(replace(case.device, address=""))
        serial = anybody.result.meter.id if anybody.result else ""
        named = f" with serial number {serial}" if serial else ""
        return Finding(
            case.where, "wrong_address",
            f"{case.device.address} does not answer, but without address {found.text} does{named}",
            "The line is right; the meter does not have this address.",
            "Use the meter's serial number, or no address when it is alone on its line.",
            "address", serial,
        )

    async def _other_speed(self, case: Case) -> list[Finding]:
        """Return the fixed speed at which a meter identifies itself on a line of mode C."""
        if case.line.kind != "serial" or case.device.settings.get("mode", "c") == "fixed":
            return []
        for form in self.forms:
            if not case.left():
                break
            if found := await identified(case, case.quick(form.on(case.line)), _ANYBODY):
                return [_fixed_speed(case, form, found)]
        return []

    async def _other_mode(self, case: Case) -> Finding | None:
        """Return the mode in which data follows the identification."""
        for settings, means in _MODES:
            if case.left() < 2 or settings.items() <= {"mode": "c", **case.device.settings}.items():
                continue
            changed = replace(case.device, settings={**case.device.settings, **settings})
            if (await case.attempt(changed)).result is not None:
                key, value = next(iter(settings.items()))
                return Finding(
                    case.where, "wrong_mode", "the meter identifies itself, then no data comes",
                    means, f"Set {key} to {value}.", f"settings.{key}", str(value).lower(),
                )
        return None


_PASSWORDS = {
    "password_missing": (
        "What was asked for needs the meter's password.", "Enter the password.", "secret",
    ),
    "password_refused": (
        "The meter refuses this password; it is not sent again, because meters lock.",
        "Compare it with the list of the meter's maker, then change the secret.", "secret",
    ),
    "password_disabled": (
        "The meter refused this password earlier; until somebody says otherwise it is not sent.",
        "Change the secret, or set password_confirm once the password is known to be right.",
        "settings.password_confirm",
    ),
}
_MODES = (
    ({"mode": "c"}, "The meter changes to the speed it offers (mode C)."),
    ({"max_speed": "0"}, "The meter or the converter does not change speed."),
    ({"mode": "fixed"}, "The line keeps one speed: device servers do."),
    ({"acknowledge": False}, "The meter sends its data without being acknowledged (mode A)."),
    ({"protocol": "2"}, "The meter wants protocol character 2 in the acknowledgement."),
)


async def _unlocked(case: Case) -> CollectorError | None:
    """Return why the programming mode does not take the password; None when it does."""
    link = case.make_link(case.line)
    visit = Programming(link, case.device, case.line.timeout_s)
    try:
        await link.open()
        async with asyncio.timeout(max(_SHORTEST_VISIT, case.left())):
            await visit.hold(Programming.authenticate)
    except CollectorError as error:
        return error
    except TimeoutError:
        return NoAnswer("the visit in programming mode did not end")
    finally:
        await link.close()
    return None


async def identified(case: Case, line: LineSpec, *questions: bytes) -> Identification | None:
    """Return how a meter identifies itself to a request, None when none does."""
    heard = await case.ask(line, *questions)
    for part in heard.splitlines(keepends=True):
        try:
            return parse_identification(part)
        except FrameError:
            continue
    return None


def _password(case: Case, error: CollectorError) -> Finding:
    means, change, key = _PASSWORDS[error.code]
    return Finding(case.where, error.code, error.message, means, change, key)


def _no_programming(case: Case, error: CollectorError) -> Finding:
    return Finding(
        case.where, "no_programming_mode", f"programming mode: {error.message} [{error.code}]",
        "The meter is read, but whatever needs its password is not reached: load profile, logs, "
        "setting the clock.",
        "Ask the meter's maker whether this port has a programming mode, and at which speed.",
        "settings.max_speed", severity=WARNING,
    )


def _speaks_dlms(case: Case, text: str) -> Finding:
    return Finding(
        case.where, "wrong_driver", text,
        "The meter identifies itself as IEC 62056-21 and then speaks DLMS (mode E).",
        "Set the driver to dlms with mode_e.", "driver, settings.mode_e", "dlms, true",
    )


def _another_meter(case: Case, text: str) -> Finding:
    return Finding(
        case.where, "wrong_address", text,
        "Another meter is on this line or has been put in its place.",
        "Compare the serial number with the meter's plate.", "settings.serial",
    )


def _parity(case: Case, text: str) -> Finding:
    return Finding(
        case.on_line, "parity_error", text,
        "The characters come with parity bits: the meter speaks 7E1.",
        "Set the line to 7E1, or software_7e1 where the device server is fixed to 8N1.",
        "software_7e1", "true",
    )


def _needs_parity(case: Case, found: Identification) -> Finding:
    return Finding(
        case.on_line, "needs_7e1", f"silent to 8N1, but to 7E1 {found.text} answers",
        "The meter wants 7 bits with even parity; the device server passes 8 bits as they are.",
        "Set the serial side to 7E1, or let the collector make the parity bits.",
        "software_7e1", "true",
    )


def _fixed_speed(case: Case, form: SerialForm, found: Identification) -> Finding:
    return Finding(
        case.where, "wrong_speed",
        f"silent at the opening speed, but at {form} there is {found.text}",
        "The meter does not open at 300 Bd: it has one speed (RS-485 ports mostly do).",
        f"Set the device to mode fixed and the line to {form}.",
        "settings.mode", f"fixed, baudrate {form.baudrate}",
    )


def _no_data(case: Case, attempt: Attempt) -> Finding:
    return Finding(
        case.where, attempt.error.code, attempt.error.message,
        "The meter identifies itself, but its readout does not arrive whole.",
        f"See the bytes with: actwin-collector trace {case.device.key}", "settings.max_speed",
    )
