"""Parsing IEC 62056-21 readouts: no public decoder is usable, so against one bare regex pass."""

import re

import measure
import telegrams

from actwin_collector.protocol.iec62056_21 import Iec62056Driver

WANTED = 0.03
"""Finding the data sets is all the regex does; values, units, times and checks are the rest."""

_SETS = re.compile(r"([^()\r\n]*)((?:\([^()]*\))+)")


def main():
    source, found = telegrams.readouts()
    texts = telegrams.readable(found, ours)
    rates = telegrams.rates(texts, ours=(ours, 5), regex=(regex, 50))
    sets = sum(len(regex(text)) for text in texts) / len(texts)
    name = f"IEC 62056-21, {len(texts)} {source} of {sets:.0f} data sets: parse vs one regex pass"
    own, bare = ([rate * sets for rate in rates[who]] for who in ("ours", "regex"))
    measure.write([measure.at_least("iec", name, own, bare, WANTED, "sets/s")])


def ours(text):
    return Iec62056Driver.decode({"text": text})


def regex(text):
    return _SETS.findall(text)


if __name__ == "__main__":
    main()
