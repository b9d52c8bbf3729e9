# SPDX-License-Identifier: MIT
"""Layers between the radio frame and the records: ELL, AFL, transport header, encryption."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass

from ...model import CollectorError, FrameError, MeterIdentity, ProtocolError
from ..mbus.header import LONG, NONE, SHORT, Header, meter_address, parse_header
from ..mbus.media import manufacturer_letters
from . import ccm, prios
from .frame import RadioFrame, crc16
from .security import (
    PLAIN_START,
    Authentication,
    counter_mode,
    decrypt_des,
    decrypt_mode5,
    decrypt_mode7,
    need_key,
    verify_mac,
)

COMPACT = 0x79
# Compact frames with a transport header: which header that is.
_COMPACT_BEHIND = {0x73: LONG, 0x7B: SHORT}
_HEADERS = {SHORT: SHORT, LONG: LONG, **_COMPACT_BEHIND}
ELL_LENGTHS = {0x8C: 2, 0x8D: 8, 0x8E: 10, 0x8F: 16}
AFL = 0x90
_LONG_HEADER = 13
_MAC_LENGTHS = {3: 2, 4: 4, 5: 8, 6: 12, 7: 16}
_FRAGMENTED, _HAS_MCL, _HAS_LENGTH, _HAS_COUNTER, _HAS_MAC, _HAS_KEY = (
    1 << bit for bit in (14, 13, 12, 11, 10, 9)
)
_MAKERS_OWN = range(0xA0, 0xB8)
# Security modes with encryption: which bits of the configuration word count the bytes under it.
# Other numbers are old headers whose bits meant something else.
_MODES: Mapping[int, int] = {2: 0xF8, 3: 0xF8, 5: 0xF0, 7: 0xF0}
# Modes that encrypt in ways not known here (AES-CTR, GCM, TLS): never read as records. Nor is any
# other number where there is a key, so that changed bytes of a sealed telegram give no reading.
_UNKNOWN_MODES = frozenset({4, 8, 9, 13})


@dataclass(frozen=True, slots=True)
class Payload:
    """Opened application data: ``form`` is 78 for records, 79 compact, else the maker's own CI.

    ``sealed``: how many bytes of ``data`` were under encryption without a MAC over all of it.
    ``proved``: the CRC of the extended link layer was right.
    """

    meter: MeterIdentity
    data: bytes
    form: int = NONE
    status: int = 0
    address: bytes = b""
    secured: bool = False
    counter: int | None = None
    sealed: int | None = None
    proved: bool = False


@dataclass(slots=True)
class _State:
    """What the layers passed so far have said; ``secured``: a key opened or proved something."""

    manufacturer: bytes
    address: bytes
    data: bytes
    sealed: Authentication | None = None
    secured: bool = False
    counter: int | None = None
    length: int | None = None
    proved: bool = False

    @property
    def whole_address(self) -> bytes:
        """Maker 2, id 4, version, medium."""
        return self.manufacturer + self.address


def open_payload(frame: RadioFrame, key: bytes | None) -> Payload:
    """Go through all layers of a frame and decrypt; raises CollectorError."""
    state = _State(frame.manufacturer, frame.address, frame.data)
    while (ci := _first(state.data)) in ELL_LENGTHS:
        _extended_link(state, ci, key)
    if ci == AFL:
        _authentication(state)
        ci = _first(state.data)
    if frame.data is state.data:
        letters = manufacturer_letters(frame.manufacturer)
        state.address = prios.plain_address(letters, frame.address, frame.data)
        if prios.is_real_data(letters, frame.data):
            return _real_data(frame, state, key)
    if ci in _HEADERS:
        return _transport(state, key)
    if ci in (NONE, COMPACT) or ci in _MAKERS_OWN:
        return _payload(state, {}, state.data[1:], ci)
    raise FrameError(f"CI field {ci:02X} carries no readings", "unsupported_ci")


def sender_address(frame: RadioFrame) -> bytes:
    """Return maker, id, version and medium of the meter as far as they stand there unencrypted."""
    state = _State(frame.manufacturer, frame.address, frame.data)
    try:
        while (ci := _first(state.data)) in ELL_LENGTHS:
            if ci in (0x8D, 0x8F) and not _crc_matches(state.data[ELL_LENGTHS[ci] - 1 :]):
                # What follows is encrypted; CI 8F still names the meter.
                _renamed(state, ci)
                return state.whole_address
            _extended_link(state, ci, None)
        if ci == AFL:
            _authentication(state)
        if _HEADERS.get(_first(state.data)) == LONG and len(state.data) >= _LONG_HEADER:
            _named_by_transport(state)
        elif frame.data is state.data:
            letters = manufacturer_letters(frame.manufacturer)
            state.address = prios.plain_address(letters, frame.address, frame.data)
    except CollectorError:
        pass
    return state.whole_address


def _payload(
    state: _State, extra: Mapping[str, str], data: bytes, form: int = NONE, status: int = 0
) -> Payload:
    return Payload(
        _identity(state, extra),
        data,
        form,
        status,
        state.whole_address,
        state.secured,
        state.counter,
        state.length,
        state.proved,
    )


def _real_data(frame: RadioFrame, state: _State, key: bytes | None) -> Payload:
    head = bytes((len(frame.data) + 9, frame.control)) + frame.manufacturer + frame.address
    plain = prios.real_data(head + frame.data, key)
    if plain is None:
        code = "key_missing" if key is None else "wrong_key"
        raise ProtocolError("no key opens this telegram", code)
    state.secured = key is not None
    header = parse_header(state.data)
    return _payload(state, header.meter.extra, plain, status=header.status)


def _first(data: bytes) -> int:
    if not data:
        raise FrameError("the telegram ends between two layers", "truncated")
    return data[0]


def _taken(data: bytes, length: int) -> tuple[bytes, bytes]:
    if len(data) < length:
        raise FrameError("the telegram ends inside a layer", "truncated")
    return data[:length], data[length:]


def _identity(state: _State, extra: Mapping[str, str]) -> MeterIdentity:
    raw = state.address[:4] + state.manufacturer + state.address[4:]
    return MeterIdentity(*meter_address(raw), extra)


def _extended_link(state: _State, ci: int, key: bytes | None) -> None:
    header, rest = _taken(state.data[1:], ELL_LENGTHS[ci])
    control, position = header[0], 2
    if ci in (0x8E, 0x8F):
        _renamed(state, ci)
        position = 10
    if ci in (0x8D, 0x8F):
        session = header[position : position + 4]
        rest = _link_plain(state, control, session, header[position + 4 :] + rest, key)
        state.proved = True
    state.data = rest


def _renamed(state: _State, ci: int) -> None:
    if ci in (0x8E, 0x8F) and len(state.data) >= 11:
        state.manufacturer, state.address = state.data[3:5], state.data[5:11]


def _link_plain(
    state: _State, control: int, session: bytes, protected: bytes, key: bytes | None
) -> bytes:
    """Return the data after the payload CRC, deciphered when the session number says so."""
    if _crc_matches(protected):
        return protected[2:]
    if session[3] >> 5 == 0:
        raise FrameError("the payload CRC is wrong", "bad_checksum")
    if session[3] >> 5 != 1:
        raise ProtocolError("unknown link encryption", "unsupported_security")
    initial = state.manufacturer + state.address + bytes((control,)) + session + bytes(3)
    plain = counter_mode(need_key(key, "link layer"), initial, protected)
    if not _crc_matches(plain):
        raise ProtocolError("the key does not open this telegram", "wrong_key")
    state.secured = True
    return plain[2:]


def _crc_matches(data: bytes) -> bool:
    return len(data) > 2 and crc16(data[2:]) == int.from_bytes(data[:2], "little")


def _authentication(state: _State) -> None:
    header, rest = _taken(state.data[2:], _taken(state.data, 2)[0][1])
    control = int.from_bytes(_taken(header, 2)[0], "little")
    if control & _FRAGMENTED:
        raise ProtocolError("the message is split over several telegrams", "fragmented")
    fields, counter, mac, form = b"", b"", b"", 0
    header = header[2:]
    if control & _HAS_MCL:
        part, header = _taken(header, 1)
        fields, form = part, part[0] & 0x0F
    if control & _HAS_KEY:
        _part, header = _taken(header, 2)
    if control & _HAS_COUNTER:
        counter, header = _taken(header, 4)
    if control & _HAS_MAC:
        mac, header = _taken(header, _MAC_LENGTHS.get(form, 0))
    length, header = _taken(header, 2 if control & _HAS_LENGTH else 0)
    if header:
        raise FrameError("the authentication layer is longer than its flags say", "bad_frame")
    state.sealed = Authentication(fields + counter + length, counter, mac)
    state.data = rest


def _transport(state: _State, key: bytes | None) -> Payload:
    ci = state.data[0]
    header = parse_header(bytes((_HEADERS[ci],)) + state.data[1:])
    if _HEADERS[ci] == LONG:
        _named_by_transport(state)
    opened = _decrypted(state, header, key)
    form = COMPACT if ci in _COMPACT_BEHIND else NONE
    return _payload(state, header.meter.extra, opened, form, header.status)


def _named_by_transport(state: _State) -> None:
    state.manufacturer = state.data[5:7]
    state.address = state.data[1:5] + state.data[7:9]


def _decrypted(state: _State, header: Header, key: bytes | None) -> bytes:
    mode, body = header.configuration >> 8 & 0x1F, header.body
    sealed = state.sealed
    if mode == ccm.MODE:
        secret = need_key(key, f"mode {mode}")
        start = state.data[: len(state.data) - len(body)]
        plain, state.counter = ccm.open_ccm(secret, state.whole_address, start, body)
        state.secured = True
        return plain
    if mode == 7:
        # One more byte follows the configuration word.
        body = _taken(body, 1)[1]
    if sealed and sealed.mac and (key or not body.startswith(PLAIN_START)):
        verify_mac(need_key(key, f"mode {mode}"), state.address[:4], sealed, state.data)
        state.secured = True
        state.counter = int.from_bytes(sealed.counter, "little") if sealed.counter else None
    unknown = mode in _UNKNOWN_MODES or (key and mode and mode not in _MODES)
    if unknown and not body.startswith(PLAIN_START):
        raise ProtocolError(f"security mode {mode} cannot be opened", "unsupported_security")
    if mode not in _MODES or body.startswith(PLAIN_START):
        return body
    ciphered, clear = _taken(body, header.configuration & _MODES[mode])
    if not ciphered:
        return clear
    plain = _opened(state, header, key, mode, ciphered)
    if not state.secured:
        state.length = len(plain)
    state.secured = True
    return plain + clear


def _opened(state: _State, header: Header, key: bytes | None, mode: int, ciphered: bytes) -> bytes:
    if mode == 5:
        return _mode5(state, header, key, ciphered)
    secret = need_key(key, f"mode {mode}")
    if mode in (2, 3):
        vector = bytes(8) if mode == 2 else state.whole_address
        return decrypt_des(secret, vector, ciphered)
    sealed = state.sealed
    if sealed is None or not (sealed.counter and sealed.mac):
        raise ProtocolError("mode 7 without message counter or MAC", "unsupported_security")
    return decrypt_mode7(secret, state.address[:4], sealed, ciphered)


def _mode5(state: _State, header: Header, key: bytes | None, ciphered: bytes) -> bytes:
    args = (state.whole_address, header.access_number, ciphered)
    if key is None and manufacturer_letters(state.manufacturer) in prios.MANUFACTURERS:
        with contextlib.suppress(ProtocolError):
            return decrypt_mode5(prios.FACTORY_KEY, *args)
    return decrypt_mode5(need_key(key, "mode 5"), *args)
