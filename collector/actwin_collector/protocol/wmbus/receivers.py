# SPDX-License-Identifier: MIT
"""What radio receivers say on their serial port or socket: from bytes to telegrams.

Each takes bytes as they come, keeps at most one message's worth of them, finds its place again
after noise, and counts what it could not use by name.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping

from ...model import CollectorError, ConfigError, FrameError
from .captures import Capture, capture, may_begin, wire_length
from .frame import FORMAT_A, FORMAT_B, RAW
from .lines import cc1101_rssi, parse_line
from .receiver_frames import amber_is_sound, amber_length, imst_is_sound, imst_length

Note = Callable[[str], None]

_LONGEST_LINE = 4096


class Receiver(ABC):
    """One receiver's stream."""

    def __init__(self, note: Note) -> None:
        self.note = note
        self._buffer = bytearray()
        self._in_noise = False

    def feed(self, data: bytes) -> list[Capture]:
        """Take bytes; return the telegrams that are whole now."""
        self._buffer += data
        found: list[Capture] = []
        while self._buffer:
            length = self._length()
            if length > len(self._buffer) or length == 0:
                break
            self._take(length, found)
        return found

    def pause(self) -> None:
        """The line was silent for long: what is unfinished will never be whole."""
        if self._buffer:
            self.note("truncated")
            self._buffer.clear()

    @abstractmethod
    def _length(self) -> int:
        """Bytes of the message the buffer begins with; 0: too few to tell; -1: none begins here."""

    @abstractmethod
    def _open(self, message: bytes) -> list[Capture]:
        """Return the telegrams in one message; raises CollectorError."""

    def _take(self, length: int, found: list[Capture]) -> None:
        if length < 0:
            self._skip()
            return
        try:
            found += self._open(bytes(self._buffer[:length]))
        except CollectorError as error:
            self.note(error.code)
            if not self._keeps_place(error):
                self._skip()
                return
        self._in_noise = False
        del self._buffer[:length]

    def _keeps_place(self, error: CollectorError) -> bool:
        """Whether a message that could not be opened still was one, as long as it seemed."""
        return False

    def _skip(self) -> None:
        """Leave one byte behind; a run of them is one piece of noise."""
        if not self._in_noise:
            self.note("noise")
        self._in_noise = True
        del self._buffer[:1]


class TextReceiver(Receiver):
    """Lines: rtl-wmbus, CUL, rtl_433 (JSON or CSV), hex."""

    def _length(self) -> int:
        end = self._buffer.find(b"\n")
        if end < 0 and len(self._buffer) > _LONGEST_LINE:
            self.note("oversized")
            self._buffer.clear()
        return end + 1

    def _open(self, message: bytes) -> list[Capture]:
        return parse_line(message.decode("ascii", "replace"))

    def _keeps_place(self, error: CollectorError) -> bool:
        return True


class RawReceiver(Receiver):
    """Telegrams one after another: Amber and Würth modules in transparent mode, RC1180, ttys."""

    def __init__(self, note: Note, form: str | None = None, rssi_byte: bool = False) -> None:
        super().__init__(note)
        self._form = form
        self._rssi = 1 if rssi_byte else 0

    def _length(self) -> int:
        if not may_begin(bytes(self._buffer[:13])):
            return -1
        length = wire_length(bytes(self._buffer[:12]), self._form)
        return length + self._rssi if length else 0

    def _open(self, message: bytes) -> list[Capture]:
        if not self._rssi:
            return [capture(message, self._form)]
        return [capture(message[:-1], self._form, cc1101_rssi(message[-1]))]


class ImstReceiver(Receiver):
    """IMST iM871A and iM170A: HCI messages."""

    _RADIO_LINK, _DATA = 0x2, 0x03

    def _length(self) -> int:
        return imst_length(self._buffer)

    def _open(self, message: bytes) -> list[Capture]:
        control = message[1]
        if not imst_is_sound(message):
            raise FrameError("the receiver's CRC is wrong", "bad_checksum")
        if control & 0x0F != self._RADIO_LINK or message[2] != self._DATA:
            return []
        payload = message[4 : 4 + message[3]]
        rssi = None
        if control & 0x40:
            # From the curve in the radio's data sheet: 45 is -100 dBm, 205 is -20 dBm.
            raw = message[4 + message[3] + 4 * (control >> 5 & 1)]
            rssi = min(0, (raw - 45) // 2 - 100)
        found = capture(bytes((len(payload),)) + payload, RAW, rssi)
        return [Capture(found.wire, found.rssi, bool(control & 0x80))]


class AmberReceiver(Receiver):
    """Amber AMB8465 and Würth Metis in command mode."""

    _DATA = (0x03, 0x83)

    def _length(self) -> int:
        return amber_length(self._buffer)

    def _open(self, message: bytes) -> list[Capture]:
        if not amber_is_sound(message):
            raise FrameError("the receiver's check byte is wrong", "bad_checksum")
        if message[1] not in self._DATA:
            return []
        length = message[2]
        rssi = cc1101_rssi(message[-2]) if len(message) == length + 5 else None
        found = capture(message[2 : 3 + length], RAW, rssi)
        return [Capture(found.wire, found.rssi, True)]


def _silent(name: str) -> None:
    """Nobody wants to hear why a candidate did not understand."""


class AutoReceiver(Receiver):
    """Finds out which receiver speaks: the first whose check values prove a telegram.

    Telegrams without any check value cannot be told from noise, so that form must be named.
    """

    def __init__(self, note: Note) -> None:
        super().__init__(note)
        kinds = (TextReceiver, ImstReceiver, AmberReceiver, RawReceiver)
        self._candidates: list[Receiver] = [kind(_silent) for kind in kinds]
        self._chosen: Receiver | None = None
        self._undecided = 0

    def feed(self, data: bytes) -> list[Capture]:
        """Take bytes; return the telegrams that are whole now."""
        if self._chosen is not None:
            return self._chosen.feed(data)
        for candidate in self._candidates:
            found = candidate.feed(data)
            text = isinstance(candidate, TextReceiver)
            if found and (text or any(each.proven for each in found)):
                candidate.note = self.note
                self._chosen = candidate
                return found
        self._undecided += len(data)
        if self._undecided > _LONGEST_LINE:
            self._undecided = 0
            self.note("unknown_receiver")
        return []

    def pause(self) -> None:
        """The line was silent for long."""
        if self._chosen is not None:
            self._chosen.pause()

    def _length(self) -> int:
        return 0

    def _open(self, message: bytes) -> list[Capture]:
        return []


_TEXT = ("rtl-wmbus", "rtl-433", "cul", "hex", "text")
_RAW = ("raw", "rc1180", "amb8465-transparent")
NAMES = ("auto", *_TEXT, *_RAW, "im871a", "amb8465")
_FORMS = ("", RAW, FORMAT_A, FORMAT_B)


def receiver_name(settings: Mapping[str, object]) -> str:
    """Return the receiver that a line's settings name, as it is written here."""
    return str(settings.get("receiver") or "auto").lower().replace("_", "-")


def has_rssi_byte(settings: Mapping[str, object]) -> bool:
    """Whether a byte of signal strength follows each raw telegram."""
    return str(settings.get("rssi_byte", "no")).lower() in ("yes", "true", "1")


def make_receiver(settings: Mapping[str, object], note: Note) -> Receiver:
    """Return the receiver a line's settings name; raises ConfigError."""
    name = receiver_name(settings)
    form = str(settings.get("frame_format") or "").lower()
    if name not in NAMES or form not in _FORMS:
        raise ConfigError(
            f"receiver is one of {', '.join(NAMES)}; format is raw, a, b or empty", "bad_receiver"
        )
    if name in _RAW:
        return RawReceiver(note, form or None, has_rssi_byte(settings))
    if name in _TEXT:
        return TextReceiver(note)
    return {"im871a": ImstReceiver, "amb8465": AmberReceiver}.get(name, AutoReceiver)(note)
