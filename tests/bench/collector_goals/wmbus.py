"""Opening and decoding Wireless M-Bus in security mode 5, against the public decoder."""

import measure
import pymbusparser
import telegrams

from actwin_collector.protocol.wmbus import WmbusDriver

SPEED = 20_000 / 23_600
"""The wanted 20,000 telegrams/s, where pymbusparser (Rust) makes 23,600 (protocols.md, 9)."""


def main():
    source, found = telegrams.sealed_radio()
    items = telegrams.readable(found, ours, parser)
    rates = telegrams.rates(items, ours=(ours, 10), parser=(parser, 10))
    name = f"Wireless M-Bus, {len(items)} {source}: decode vs pymbusparser (Rust)"
    measure.write(
        [measure.at_least("wmbus", name, rates["ours"], rates["parser"], SPEED, "telegrams/s")]
    )


def ours(item):
    wire, key = item
    return WmbusDriver.decode({"telegram": wire.hex(), "key": key.hex(), "format": "raw"})


def parser(item):
    wire, key = item
    found = pymbusparser.parse(wire, key=key)
    if not found["records"]:
        raise ValueError("nothing decoded")
    return found


if __name__ == "__main__":
    main()
