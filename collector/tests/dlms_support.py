# SPDX-License-Identifier: MIT
"""What the DLMS tests share: keys, self-made ciphered messages, the recorded session."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from pathlib import Path

from mbus_support import PROTOCOLS, lines

from actwin_collector.protocol.dlms import hdlc, wrapper
from actwin_collector.protocol.dlms.axdr import encode_length
from actwin_collector.protocol.dlms.gcm import PROTECTED, Keys, seal
from actwin_collector.protocol.mbus.link import long_frame

DLMS = PROTOCOLS / "dlms"
PUSHES = lines(DLMS / "push_and_apdu.jsonl")
FRAGMENTS = lines(DLMS / "apdu_fragments_dlms_cosem.jsonl")
SESSION_FILE = DLMS / "ciphered_session_wrapper.json"
SESSION = json.loads(SESSION_FILE.read_text("utf-8")) if SESSION_FILE.is_file() else None

ENCRYPTION = "00112233445566778899AABBCCDDEEFF"
AUTHENTICATION = "0F0E0D0C0B0A09080706050403020100"
KEYS = Keys(bytes.fromhex(ENCRYPTION), bytes.fromhex(AUTHENTICATION))
WITH_KEYS = {"encryption_key": ENCRYPTION, "authentication_key": AUTHENTICATION}
METER = b"ACT\x01\x02\x03\x04\x05"
CLIENT = b"CLI\x00\x00\x00\x00\x01"

# 1.8.0 = 1234567, 32.7.0 = 230.1 V, the first without, the second with scaler and unit
BODY = bytes.fromhex("0202020209060100010800FF060012D687020309060100200700FF1208FD02020FFF1623")
PLAIN_PUSH = bytes.fromhex("0F000000010C07EA0801060C1E0000FF4C00") + BODY


def sealed(plain: bytes, counter: int, title: bytes = METER, keys: Keys = KEYS, control=PROTECTED):
    """Return control byte, counter and protected content."""
    return (
        bytes((control,)) + counter.to_bytes(4, "big") + seal(control, title, counter, keys, plain)
    )


def general(plain: bytes, counter: int, **more) -> bytes:
    """Return a general-glo-ciphering message."""
    body = sealed(plain, counter, **more)
    title = more.get("title", METER)
    return b"\xdb" + bytes((len(title),)) + title + encode_length(len(body)) + body


def glo(tag: int, plain: bytes, counter: int, **more) -> bytes:
    """Return a service-specific ciphered message."""
    body = sealed(plain, counter, **more)
    return bytes((tag,)) + encode_length(len(body)) + body


def got(value: str, invoke: int = 1) -> bytes:
    """Return a get response with a value."""
    return bytes((0xC4, 1, 0xC0 | invoke, 0)) + bytes.fromhex(value)


def in_hdlc(message: bytes, pieces: int = 1, control: int = 0x13) -> bytes:
    """Return a message as a push in one or more HDLC segments."""
    data = hdlc.LLC_RESPONSE + message
    size = -(-len(data) // pieces)
    parts = [data[at : at + size] for at in range(0, len(data), size)]
    client, meter = hdlc.encode_address(0x10), hdlc.encode_address(1, 17)
    return b"".join(
        hdlc.build(client, meter, control, part, more=part is not parts[-1]) for part in parts
    )


def in_wrapper(message: bytes, source: int = 1, target: int = 1) -> bytes:
    """Return a message in a wrapper frame."""
    return wrapper.build(source, target, message)


def segments(message: bytes, size: int) -> list[bytes]:
    """Return a message as M-Bus frames, each with so many bytes of it."""
    parts = [message[at : at + size] for at in range(0, len(message), size)]
    last = len(parts) - 1
    return [
        long_frame(0x53, 0xFF, bytes((n & 0x0F | (0x10 if n == last else 0), 0x01, 0x67)) + part)
        for n, part in enumerate(parts)
    ]


def flat(value: object):
    """The leaves of nested lists."""
    if isinstance(value, list):
        for each in value:
            yield from flat(each)
    else:
        yield value


def flipped(data: bytes):
    """Every variation of ``data`` by one bit."""
    for at in range(8 * len(data)):
        copy = bytearray(data)
        copy[at // 8] ^= 1 << at % 8
        yield bytes(copy)


@contextlib.contextmanager
def running_meter(framing: str, *more: str):
    """Run the independent meter in a process of its own; gives framing and ``host:port``."""
    script = Path(__file__).with_name("dlms_meter.py")
    process = subprocess.Popen(
        [sys.executable, str(script), framing, *more],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        port = process.stdout.readline().strip()
        assert port, "the simulated meter did not start"
        yield framing, f"127.0.0.1:{port}"
    finally:
        process.stdin.close()
        process.terminate()
        process.wait(10)
