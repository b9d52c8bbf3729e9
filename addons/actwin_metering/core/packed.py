"""The packed form of a delivery: base64(zlib(columns)), about 8 bytes a row on the wire.

Columns, little-endian, one after the other: uint32[n] index into ``header['channels']``,
int64[n] epoch seconds, uint8[n] status, then the n values as decimal text joined by newlines.
"""

import binascii
import sys
import zlib
from array import array
from base64 import b64decode

from .batch import BATCH_ROW, Columns, Refused, Reject, digest, parse_header
from .limits import MAX_ROWS

_FIXED = 4 + 8 + 1
_VALUE = 48
"""Bytes a row: the fixed columns, and more than the longest value that would be accepted."""


def parse_packed(header, payload):
    """Batch of the packed form; Refused on a bad header.

    A payload that cannot be read is one reject of the whole; events and dialogues of the header
    are kept.
    """
    result = parse_header(header)
    names = ("n", "channels", "events", "comm")
    result.digest = digest([payload, *(header.get(name) for name in names)])
    try:
        result.columns = _unpack(header, _inflate(header, payload))
    except Refused as refused:
        result.rejects.append(Reject(BATCH_ROW, refused.reason, refused.text))
    return result


def _inflate(header, payload):
    rows = header.get("n")
    if type(rows) is not int or rows < 0:
        raise Refused("bad_header", "n is not a number of rows")
    if rows > MAX_ROWS:
        raise Refused("too_many_rows", f"{rows} rows, at most {MAX_ROWS} are taken at once")
    if not isinstance(payload, (str, bytes)):
        raise Refused("bad_type", "the payload is not base64 text")
    limit = rows * (_FIXED + _VALUE) + 1
    try:
        inflater = zlib.decompressobj()
        data = inflater.decompress(b64decode(payload, validate=True), limit)
    except (binascii.Error, ValueError, zlib.error) as error:
        raise Refused("bad_type", f"the payload is damaged: {error}") from error
    if not inflater.eof:  # truncated, or swelling past what n rows can need
        raise Refused("bad_type", f"the payload does not hold {rows} rows")
    return data


def _unpack(header, data):
    rows = header["n"]
    keys = header.get("channels")
    if not isinstance(keys, list):
        raise Refused("bad_type", "channels is not a list of keys")
    if len(data) < rows * _FIXED:
        raise Refused("unequal_lengths", f"the columns are shorter than {rows} rows")
    index = _array("I", data[: 4 * rows])
    ts = _array("q", data[4 * rows : 12 * rows])
    status = list(data[12 * rows : _FIXED * rows])
    # a damaged character makes its own row unreadable, not the others
    values = data[_FIXED * rows :].decode("utf-8", "replace")
    values = values.split("\n") if values or rows else []
    if len(values) != rows:
        raise Refused("unequal_lengths", f"{len(values)} values for {rows} rows")
    known = len(keys)
    channel = [keys[i] if i < known else None for i in index]
    return Columns(channel, ts.tolist(), values, status)


def _array(code, data):
    column = array(code)
    column.frombytes(data)
    if sys.byteorder == "big":
        column.byteswap()
    return column
