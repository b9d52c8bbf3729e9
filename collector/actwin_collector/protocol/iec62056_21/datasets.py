# SPDX-License-Identifier: MIT
"""Splits the text of a readout into data sets.

The grammar is wider than the standard's, because meters are: several data sets on a line, LF LF or
no line ends, codes with letters, empty brackets, brackets continued on the next line, line noise.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

# The code's length is bounded so that a long run of letters costs linear time.
_TOKEN = re.compile(
    r"(?P<end>!)"
    r"|(?P<code>[0-9A-Za-z][0-9A-Za-z.:*&#-]{0,31})?"
    r"(?P<brackets>(?:\([^()\r\n\x02\x03]*\))+)"
)
_NOTHING = re.compile(r"[\s\x00\x7f]*")


@dataclass(frozen=True, slots=True)
class DataSet:
    """One data set: the code as printed and the texts of its brackets."""

    code: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Parsed:
    """Data sets of a readout; ``clean`` says that nothing else but white space was between."""

    data_sets: tuple[DataSet, ...]
    clean: bool


def parse_data_sets(text: str) -> Parsed:
    """Return the data sets up to the closing ``!``; brackets without a code join the set before."""
    found: list[DataSet] = []
    clean = True
    for code, values, gap in tokens(text):
        clean = clean and not gap
        if code:
            found.append(DataSet(code, values))
        elif found and values:
            found[-1] = DataSet(found[-1].code, found[-1].values + values)
    return Parsed(tuple(found), clean)


def tokens(text: str) -> Iterator[tuple[str, tuple[str, ...], bool]]:
    """Yield (code or "", bracket texts, whether garbage stood before); the last one is empty."""
    at = 0
    for match in _TOKEN.finditer(text):
        gap = not _NOTHING.fullmatch(text, at, match.start())
        at = match.end()
        if match["end"]:
            yield "", (), gap
            return
        yield match["code"] or "", tuple(match["brackets"][1:-1].split(")(")), gap
    yield "", (), not _NOTHING.fullmatch(text, at)
