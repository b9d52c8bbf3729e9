# SPDX-License-Identifier: MIT
"""systemd's notification protocol: one datagram with KEY=VALUE lines (sd_notify(3))."""

from __future__ import annotations

import contextlib
import os
import socket


def notify(*messages: str) -> None:
    """Tell the service manager, if there is one; never fails."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.sendto("\n".join(messages).encode(), address)


def watchdog_seconds() -> float | None:
    """Return how often to report life (half the limit), None when nobody watches.

    WATCHDOG_PID names who is meant: a child of the watched process inherits the variables.
    """
    if os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    limit = os.environ.get("WATCHDOG_USEC", "")
    return int(limit) / 2_000_000 if limit.isdecimal() and int(limit) else None
