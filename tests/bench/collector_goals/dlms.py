"""Load profiles of DLMS: rows opened, verified and parsed, against the public libraries."""

import measure
import telegrams
from dlms_cosem.security import SecurityControlField, decrypt
from dlms_cosem.utils import parse_as_dlms_data
from gurux_dlms.GXByteBuffer import GXByteBuffer
from gurux_dlms.GXDLMSSettings import GXDLMSSettings
from gurux_dlms.internal._GXCommon import _GXCommon
from gurux_dlms.internal._GXDataInfo import _GXDataInfo

from actwin_collector.protocol.dlms import axdr, gcm

ROWS = 96
FASTEST = 1.0
"""dlms-cosem is the fastest public one (protocols.md, 9): at least as fast."""

GURUX = 4.0
"""Parsing alone, where dlms-cosem is nearly five times as fast as gurux-dlms."""

_TITLE, _COUNTER = b"ACT\x01\x02\x03\x04\x05", 7
_KEYS = gcm.Keys(bytes(range(16)), bytes(range(16, 32)))
_CONTROL = 0x30


def main():
    plain = profile()
    body = gcm.seal(_CONTROL, _TITLE, _COUNTER, _KEYS, plain)
    ciphered = telegrams.rates([body], ours=(ours, 30), cosem=(cosem, 30))
    parsed = telegrams.rates([plain], ours=(axdr.decode, 30), gurux=(gurux, 10))
    rows = [
        (
            f"DLMS, profile of {ROWS} rows, ciphered: open, verify, parse vs dlms-cosem",
            ciphered["ours"], ciphered["cosem"], FASTEST,
        ),
        (
            f"DLMS, profile of {ROWS} rows, plain: parse vs gurux-dlms",
            parsed["ours"], parsed["gurux"], GURUX,
        ),
    ]  # fmt: skip
    measure.write(
        [
            measure.at_least("dlms", name, _rows(own), _rows(other), wanted, "rows/s")
            for name, own, other, wanted in rows
        ]
    )


def _rows(rates):
    return [ROWS * rate for rate in rates]


def profile():
    """A-XDR of a day: clock, status, two registers a row."""
    row = "0204 090C07EA0801060C1E0000FF4C00 1100 06000{0:05X} 06000{1:05X}"
    rows = [bytes.fromhex(row.format(1000 + n, 500 + n)) for n in range(ROWS)]
    return bytes((1, ROWS)) + b"".join(rows)


def ours(body):
    return axdr.decode(gcm.unseal(_CONTROL, _TITLE, _COUNTER, _KEYS, body))


def cosem(body):
    control = SecurityControlField(0, authenticated=True, encrypted=True)
    keys = _KEYS.encryption, _KEYS.authentication
    return parse_as_dlms_data(decrypt(control, _TITLE, _COUNTER, keys[0], body, keys[1]))


def gurux(plain):
    return _GXCommon.getData(_SETTINGS, GXByteBuffer(plain), _GXDataInfo())


_SETTINGS = GXDLMSSettings(False, None)

if __name__ == "__main__":
    main()
