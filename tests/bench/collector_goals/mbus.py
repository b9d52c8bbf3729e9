"""Decoding M-Bus telegrams: ours against the public decoders, in processor time of one core."""

import measure
import meterbus
import pymbusparser
import telegrams

from actwin_collector.protocol.mbus import layout
from actwin_collector.protocol.mbus.header import parse_header
from actwin_collector.protocol.mbus.link import parse_frame
from actwin_collector.protocol.mbus.telegram import decode_telegram

SPEED = {"pymeterbus to_JSON": 50_000 / 2_300, "pymbusparser (Rust)": 50_000 / 20_000}
"""The wanted 50,000 whole telegrams/s, where these two make 2,300 and 20,000 of the same ones."""

VALUES = {"pymeterbus to_JSON": 45, "pymbusparser (Rust)": 45 / 8}
"""What a prototype that gave values without records around them reached (protocols.md, 9)."""


def main():
    source, found = telegrams.wired()
    frames = telegrams.readable(found, ours, values, parser, peer)
    rates = telegrams.rates(
        frames, ours=(ours, 40), values=(values, 40), parser=(parser, 20), peer=(peer, 2)
    )
    others = {"pymeterbus to_JSON": rates["peer"], "pymbusparser (Rust)": rates["parser"]}
    count = f"M-Bus, {len(frames)} {source}"
    rows = [(f"{count}: decode vs {who}", "ours", who, least) for who, least in SPEED.items()]
    rows += [(f"{count}: values vs {who}", "values", who, least) for who, least in VALUES.items()]
    measure.write(
        [
            measure.at_least("mbus", name, rates[own], others[who], wanted, "frames/s")
            for name, own, who, wanted in rows
        ]
    )


def ours(frame):
    return decode_telegram(frame)


def values(frame):
    """Frame, header and values; a telegram of a layout not met before is decoded as a whole."""
    header = parse_header(parse_frame(frame).data)
    known = layout.find(header.body)
    return known[0].values(known[1]) if known else ours(frame)


def parser(frame):
    return pymbusparser.parse(frame)


def peer(frame):
    return meterbus.load(frame).to_JSON()


if __name__ == "__main__":
    main()
