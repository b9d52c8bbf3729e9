"""Decoding M-Bus telegrams: ours against pymeterbus, in processor time of one core."""

import os
import time
from pathlib import Path

import measure
import meterbus

from actwin_collector.protocol.mbus import MbusDriver

REPEAT = 10
WANTED = 22.0
"""50,000 frames/s where pymeterbus makes 2,300 of the same ones into JSON (protocols.md, 9)."""

_ROOT = Path(__file__).resolve().parents[3]
_CASES = _ROOT / "collector" / "tests" / "cases" / "mbus"


def main():
    source, found = _frames()
    frames = [frame for frame in found if _both_read(frame)]
    times = measure.alternate(
        {"ours": lambda _n: _ours(frames), "peer": lambda _n: _peer(frames)},
        clock=time.process_time,
    )
    ours = measure.rates(times, len(frames) * REPEAT)["ours"]
    peer = measure.rates(times, len(frames))["peer"]
    name = f"M-Bus: {len(frames)} {source}, decode vs pymeterbus to_JSON"
    measure.write([measure.at_least("mbus", name, ours, peer, WANTED, "frames/s")])


def _frames():
    """(what they are, [telegram]): real ones when they are here, else the repository's own."""
    data = Path(os.environ.get("ACTWIN_TEST_DATA") or "/nonexistent")
    real = sorted((data / "protocols" / "mbus" / "libmbus" / "test-frames").glob("*.hex"))
    if real:
        return "real telegrams", [bytes.fromhex(path.read_text()) for path in real]
    lines = [
        line
        for path in sorted(_CASES.glob("*/frames.txt"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    ]
    return "own telegrams", [bytes.fromhex(line) for line in lines if _is_hex(line)]


def _is_hex(line):
    try:
        return bool(bytes.fromhex(line))
    except ValueError:
        return False


def _both_read(frame):
    try:
        MbusDriver.decode({"telegram": frame.hex()})
        meterbus.load(frame).to_JSON()
    except Exception:  # whatever the peer stumbles over is no telegram to compare on
        return False
    return True


def _ours(frames):
    for _time in range(REPEAT):
        for frame in frames:
            MbusDriver.decode({"telegram": frame.hex()})


def _peer(frames):
    for frame in frames:
        meterbus.load(frame).to_JSON()


if __name__ == "__main__":
    main()
