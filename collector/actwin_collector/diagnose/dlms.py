# SPDX-License-Identifier: MIT
"""Mistakes of DLMS devices: framing, addresses, and which of key, password and suite is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import ClassVar

from ..model import DeviceSpec, LineSpec, ReadResult
from ..protocol.dlms import hdlc, wrapper
from ..protocol.iec62056_21.codec import Identification, request_message
from .base import Diagnoser
from .case import Attempt, Case, SerialForm
from .finding import Finding
from .iec62056 import identified

# An association request of the public client: logical names, no authentication, nothing secret.
_PUBLIC_AARQ = bytes.fromhex("601DA109060760857405080101BE10040E01000000065F1F0400001E1DFFFF")
_PUBLIC = 16
_SECURITY_SETTINGS = ("authentication", "ciphered", "suite", "system_title", "meter_title")
_MODE_E_FORM = SerialForm(300, 7, "E")
_LOGICAL = (1, 0, 2, 16, 17, 100, 3, 4, 5, 6, 7, 8)
# Codes that only an answer of the meter itself can have.
_FROM_THE_METER = ("meter_refused", "missing_register", "replayed", "unprotected", "unsupported")
_PHYSICAL = (0, 16, 17, 1, 127, 100)


class DlmsDiagnoser(Diagnoser):
    """See the module."""

    name: ClassVar[str] = "dlms"
    forms: ClassVar[Sequence[SerialForm]] = tuple(
        SerialForm(baudrate) for baudrate in (9600, 300, 19200, 38400, 57600, 115200, 4800, 2400)
    )

    async def greet(self, case: Case, line: LineSpec) -> str:
        """Ask for an association of the public client, in a wrapper and in HDLC."""
        for framing in ("wrapper", "hdlc"):
            if await _speaks(case, line, framing, *_address(case)):
                return f"a DLMS meter ({framing})"
        return ""

    async def refused(self, case: Case, attempt: Attempt) -> list[Finding]:
        """Name what of the security settings the meter did not take."""
        code, text = attempt.error.code, attempt.error.message
        if code == "bad_authentication":
            return [await _key_or_suite(case, text)]
        if code == "access_denied" and "mechanism" in text:
            return [_mechanism(case, text)]
        if code == "access_denied" and "context" in text:
            return [_context(case, text)]
        if code == "access_denied" and "password" in text:
            return [_password(case, text)]
        if code == "stale_counter":
            return [_counter(case, text)]
        if code == "wrong_address":
            return [_another(case, text)]
        if code == "access_denied":
            return [_not_shown(case, text)]
        return [_reached(case, attempt)] if code in _FROM_THE_METER else []

    async def search(self, case: Case) -> list[Finding]:
        """Try the other framing, mode E or its absence, then other addresses, as public client."""
        configured = _framing(case)
        other = "hdlc" if configured == "wrapper" else "wrapper"
        line = case.quick()
        if await _speaks(case, line, configured, *_address(case)):
            in_vain = case.device.settings.get("mode_e")
            return [_no_mode_e(case) if in_vain else _wrong_client(case)]
        if await _speaks(case, line, other, *_address(case)):
            return [_wrong_framing(case, configured, other)]
        if case.device.settings.get("mode_e"):
            return []
        if found := await _wants_mode_e(case):
            return [_mode_e(case, found)]
        for logical, physical in _places(configured, _address(case)):
            if not case.left():
                break
            if await _speaks(case, line, configured, logical, physical):
                return [_wrong_place(case, logical, physical)]
        return []

    async def judge(self, case: Case, result: ReadResult) -> list[Finding]:
        """A reading that came is right: its tag was verified."""
        return []


def _framing(case: Case) -> str:
    told = case.device.settings.get("framing") if case.device.driver == "dlms" else ""
    return str(told or ("hdlc" if case.line.kind == "serial" else "wrapper"))


def _address(case: Case) -> tuple[int, int]:
    logical, _, physical = case.device.address.partition("/")
    mine = case.device.driver == "dlms" and logical.isdecimal()
    return (int(logical), int(physical or 0)) if mine else (1, 0)


def _places(framing: str, known: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """Return other addresses, the likeliest first: each is waited for."""
    likely = [(logical, each) for logical in (known[0], 1) for each in _PHYSICAL]
    others = [(logical, known[1]) for logical in _LOGICAL]
    if framing == "wrapper":
        likely, others = [], [(logical, 0) for logical in _LOGICAL]
    yield from (place for place in dict.fromkeys((*likely, *others)) if place != known)


async def _wants_mode_e(case: Case) -> Identification | None:
    """Return who identifies itself as IEC 62056-21 does and offers DLMS behind it."""
    line = case.line
    if line.kind == "serial":
        line = _MODE_E_FORM.on(line)
    found = await identified(case, case.quick(replace(line, software_7e1=True)), request_message())
    return found if found and found.offers_dlms else None


async def _speaks(case: Case, line: LineSpec, framing: str, logical: int, physical: int) -> bool:
    if framing == "wrapper":
        heard = await case.ask(line, wrapper.build(_PUBLIC, logical, _PUBLIC_AARQ))
        return heard[:2] == b"\0\1" and len(heard) > 8 and heard[8] in (0x61, 0xD8, 0x0E)
    try:
        server = hdlc.encode_address(logical, physical)
    except ValueError:
        return False
    client = hdlc.encode_address(_PUBLIC)
    question = hdlc.build(server, client, hdlc.SNRM)
    heard = (await case.ask(line, question)).removeprefix(question)
    if len(heard) < 9 or heard[0] != hdlc.FLAG or heard[1] & 0xF0 != 0xA0:
        return False
    await case.ask(line, hdlc.build(server, client, hdlc.DISC))
    return True


async def _key_or_suite(case: Case, text: str) -> Finding:
    suite = int(case.device.settings.get("suite") or 0)
    other = replace(case.device, settings={**case.device.settings, "suite": 1 - suite})
    if case.left() > 2 and (await case.attempt(other)).result is not None:
        return Finding(
            case.where, "wrong_suite", text,
            f"The keys are right, but the meter uses security suite {1 - suite}.",
            f"Set suite to {1 - suite}.", "settings.suite", str(1 - suite),
        )
    reached = await _public(case)
    return Finding(
        case.where, "wrong_key", text,
        f"{reached}The encryption or the authentication key is not the meter's, or they are "
        "swapped; also the system title must be one the meter knows.",
        "Compare both keys with the list of the meter's maker.", "secret",
    )


async def _public(case: Case) -> str:
    """Return that the meter answers without keys, when it does."""
    settings = {k: v for k, v in case.device.settings.items() if k not in _SECURITY_SETTINGS}
    settings.pop("client", None)
    device: DeviceSpec = replace(case.device, settings=settings, secret="", parameters=())
    attempt = await case.attempt(device)
    if attempt.result is None:
        return ""
    return f"Line and address are right: meter {attempt.result.meter.id} answers without keys. "


def _password(case: Case, text: str) -> Finding:
    return Finding(
        case.where, "wrong_password", text,
        "The meter is reached and refuses this password for this client.",
        "Compare password and client; do not guess: meters lock after some attempts.", "secret",
    )


def _mechanism(case: Case, text: str) -> Finding:
    return Finding(
        case.where, "wrong_authentication", text,
        "The meter wants another kind of authentication for this client.",
        "Set authentication to none, low (password) or gmac (keys), or use another client.",
        "settings.authentication",
    )


def _context(case: Case, text: str) -> Finding:
    ciphered = case.device.settings.get("ciphered") or (
        case.device.settings.get("authentication") == "gmac"
    )
    return Finding(
        case.where, "wrong_ciphering", text,
        "The meter expects this client to speak "
        + ("in clear." if ciphered else "ciphered."),
        "Change ciphered, or use the client meant for it.",
        "settings.ciphered", "false" if ciphered else "true",
    )


def _counter(case: Case, text: str) -> Finding:
    return Finding(
        case.where, "stale_counter", text,
        "Another program used the same key and system title, or the state folder was lost.",
        "Give this collector a system title of its own; counter_name lets it ask the meter.",
        "settings.system_title",
    )


def _another(case: Case, text: str) -> Finding:
    title = str(case.device.settings.get("meter_title") or "").upper()
    key = "meter_title" if title and title in text else "serial"
    return Finding(
        case.where, "wrong_address", text, "Another meter is reached than the one configured.",
        "Compare serial number and system title with the plate.", f"settings.{key}",
    )


def _not_shown(case: Case, text: str) -> Finding:
    if case.device.settings.get("authentication", "none") == "none":
        return Finding(
            case.where, "wrong_authentication", text,
            "The meter lets anybody in and shows them nothing: it wants a password or keys.",
            "Set authentication to low (password) or gmac (keys) and enter the secret.",
            "settings.authentication",
        )
    return Finding(
        case.where, "access_denied", text,
        "Password or keys are right; this client may not read what was asked for.",
        "Use the client that may (1 is mostly the management client), or leave the register out.",
        "settings.client",
    )


def _reached(case: Case, attempt: Attempt) -> Finding:
    return Finding(
        case.where, attempt.error.code, attempt.error.message,
        "The meter is reached; it does not give a reading.",
        f"See the bytes with: actwin-collector trace {case.device.key}",
    )


def _mode_e(case: Case, found: Identification) -> Finding:
    return Finding(
        case.where, "wrong_mode", f"silent to HDLC, but at 300 Bd there is {found.text}",
        "The meter begins as IEC 62056-21 does and then goes over to DLMS (mode E).",
        "Set mode_e to true.", "settings.mode_e", "true",
    )


def _no_mode_e(case: Case) -> Finding:
    return Finding(
        case.where, "wrong_mode", "no identification comes, but DLMS is answered at once",
        "The meter speaks DLMS from the beginning, at the speed of the line.",
        "Set mode_e to false.", "settings.mode_e", "false",
    )


def _wrong_framing(case: Case, old: str, new: str) -> Finding:
    return Finding(
        case.where, "wrong_framing", f"silent to {old}, but {new} is answered",
        f"The meter, or the modem before it, speaks {new}.", f"Set framing to {new}.",
        "settings.framing", new,
    )


def _wrong_place(case: Case, logical: int, physical: int) -> Finding:
    place = f"{logical}/{physical}" if physical else str(logical)
    return Finding(
        case.where, "wrong_address",
        f"{case.device.address or '1'} is silent, but the public client is answered at {place}",
        "The meter has another logical or physical address.", f"Set the address to {place}.",
        "address", place,
    )


def _wrong_client(case: Case) -> Finding:
    return Finding(
        case.where, "wrong_client",
        "the public client is answered, the configured one is not",
        "The meter does not know this client address.",
        "Compare the client (SAP): 1 is mostly the management client, 16 the public one.",
        "settings.client", str(_PUBLIC),
    )
