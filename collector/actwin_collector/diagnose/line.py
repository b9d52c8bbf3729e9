# SPDX-License-Identifier: MIT
"""Mistakes of a line, whatever is spoken on it."""

from __future__ import annotations

import errno
import socket
from pathlib import Path

from ..model import CollectorError, LineSpec
from .base import Diagnoser
from .case import Attempt, Case, SerialForm
from .finding import Finding

_PORTS = ("ttyUSB*", "ttyACM*", "ttyS[0-9]", "ttyAMA*")


def not_open(line: LineSpec, error: CollectorError) -> Finding:
    """Return why a line cannot be opened."""
    cause = error.__cause__
    if line.kind == "serial":
        return _serial(line, error, getattr(cause, "errno", None))
    return _network(line, error, cause)


def _network(line: LineSpec, error: CollectorError, cause: BaseException | None) -> Finding:
    where, seen = f"line {line.key}", f"{line.host}:{line.port}: {error.message}"
    if isinstance(cause, ConnectionRefusedError):
        return Finding(
            where, "port_refused", seen,
            "The address is reached, but nothing listens at this port.",
            "Compare the port with the gateway's own settings (502 is Modbus TCP, 4059 DLMS).",
            "port",
        )
    if isinstance(cause, socket.gaierror):
        return Finding(
            where, "host_unknown", seen, "The name cannot be resolved.",
            "Write the IP address, or mend the name service.", "host",
        )
    if isinstance(cause, TimeoutError):
        return Finding(
            where, "host_silent", seen,
            "Nobody answers at this address: switched off, another network, or a firewall.",
            "Ping the gateway from this machine; compare address and network mask.", "host",
        )
    if getattr(cause, "errno", None) in (errno.EHOSTUNREACH, errno.ENETUNREACH):
        return Finding(
            where, "host_unreachable", seen, "There is no way to this network from here.",
            "Check cable, address and default gateway of this machine.", "host",
        )
    return Finding(where, error.code, error.message or seen, "The line cannot be opened.")


def _serial(line: LineSpec, error: CollectorError, number: int | None) -> Finding:
    where, seen = f"line {line.key}", error.message
    if number == errno.ENOENT:
        ports = _known_ports()
        return Finding(
            where, "port_missing", seen,
            f"There is no such port. Ports here: {', '.join(ports) or 'none'}.",
            "Plug the converter in, or name the right port (/dev/serial/by-id/… stays the same).",
            "device_path", ports[0] if len(ports) == 1 else "",
        )
    if number == errno.EACCES:
        return Finding(
            where, "port_denied", seen, "This user may not use the port.",
            "Add the user to the group dialout and log in again.", "device_path",
        )
    if number in (errno.EAGAIN, errno.EBUSY, errno.EWOULDBLOCK):
        return Finding(
            where, "port_busy", seen, "Another program has the port open, perhaps the daemon.",
            "Stop the daemon while checking (systemctl stop actwin-collector).", "device_path",
        )
    return Finding(where, error.code, seen, "The port cannot be opened.", key="device_path")


def _known_ports() -> list[str]:
    by_id = sorted(map(str, Path("/dev/serial/by-id").glob("*")))
    return by_id or sorted(str(path) for each in _PORTS for path in Path("/dev").glob(each))


def echo(case: Case, attempt: Attempt) -> Finding | None:
    """Return the finding when the line gave back what was sent."""
    if not attempt.sent or not attempt.heard.startswith(attempt.sent[0]):
        return None
    alone = attempt.heard == attempt.sent[0] * len(attempt.sent)
    means = (
        "Only the request came back: the converter echoes, and the meter is silent besides."
        if alone
        else "The converter returns what is sent, and the answer comes behind it."
    )
    return Finding(
        case.where, "echo", f"the request came back: {attempt.sent[0][:12].hex(' ')} …", means,
        "Switch the echo of the converter off, or tell the driver of it.",
        "settings.echo", "true",
    )


async def other_form(case: Case, diagnoser: Diagnoser) -> Finding | None:
    """Return the speed and form at which somebody answers, trying the protocol's usual ones."""
    if case.line.kind != "serial":
        return None
    configured = SerialForm.of(case.line)
    for form in diagnoser.forms:
        if form == configured or not case.left():
            continue
        if told := await diagnoser.greet(case, case.quick(form.on(case.line))):
            return _form_finding(case, configured, form, told)
    return None


def _form_finding(case: Case, old: SerialForm, new: SerialForm, told: str) -> Finding:
    changed = [
        (name, getattr(new, name))
        for name in ("baudrate", "bytesize", "parity", "stopbits")
        if getattr(new, name) != getattr(old, name)
    ]
    what = "speed" if changed[0][0] == "baudrate" else "parity or stop bits"
    return Finding(
        case.on_line, "wrong_serial_form", f"silent at {old}, but at {new} there is {told}",
        f"The {what} of the line is not that of the meter.",
        f"Set the line to {new}.",
        ", ".join(name for name, _ in changed), ", ".join(str(value) for _, value in changed),
    )


def silence(case: Case, attempt: Attempt) -> Finding:
    """Return what remains to be said when nothing was found."""
    serial = case.line.kind == "serial"
    if attempt.heard:
        return Finding(
            case.on_line if serial else case.where, "garbage",
            f"{len(attempt.heard)} bytes came that make no answer: {attempt.heard[:16].hex(' ')}",
            "Something answers, but not in a form that is understood: "
            + ("another speed or parity, two meters at once, or A and B swapped."
               if serial else "another protocol, or two meters at once."),
            "Compare speed, parity and protocol with the meter's own settings.",
        )
    if serial:
        return Finding(
            case.on_line, "line_silent", "not one byte came, at any usual speed and address",
            "The line is dead: A and B swapped, no power, no common ground, a broken wire, or the "
            "wrong port.",
            "Swap A and B first; then measure the wires at the meter.", "device_path",
        )
    return Finding(
        case.where, "silent", f"{case.line.host}:{case.line.port} accepts, but never answers",
        "The gateway is there; the meter behind it is off, has another address, or the gateway's "
        "serial side has another speed or parity.",
        "Check the meter's address and the serial settings inside the gateway.", "address",
    )
