"""Real telegrams where they are, our own simulators' elsewhere; what the decode groups share."""

import json
import os
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import measure

from actwin_collector.simulate.wmbus import RadioMeter

_ROOT = Path(__file__).resolve().parents[3]
_CASES = _ROOT / "collector" / "tests" / "cases"
_DATA = Path(os.environ.get("ACTWIN_TEST_DATA") or "/nonexistent") / "protocols"
KEY = bytes(range(16))


def wired():
    """(what they are, [telegram])"""
    real = sorted((_DATA / "mbus" / "libmbus" / "test-frames").glob("*.hex"))
    if real:
        return "real telegrams", [bytes.fromhex(path.read_text()) for path in real]
    lines = [
        line
        for path in sorted((_CASES / "mbus").glob("*/frames.txt"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if line[:2] == "68"
    ]
    return "own telegrams", [bytes.fromhex(line) for line in lines]


def sealed_radio():
    """(what they are, [(telegram, key)]): Wireless M-Bus in security mode 5"""
    path = _DATA / "wmbus" / "derived_encrypted.jsonl"
    if path.is_file():
        rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
        found = [
            (bytes.fromhex(row["telegram"]), bytes.fromhex(row["key"]))
            for row in rows
            if row.get("security_mode") in (5, "5")
        ]
        return "real telegrams, mode 5", found
    start = datetime(2026, 3, 1, tzinfo=UTC)
    meters = [
        RadioMeter(
            lambda _now: {"volume": Decimal("54.321"), "volume_flow": Decimal("0.1")},
            id=f"{number:08d}", mode=5, key=KEY,
        )
        for number in range(20)
    ]  # fmt: skip
    own = [(each.telegram(start + timedelta(hours=n)), KEY) for n, each in enumerate(meters)]
    return "own telegrams, mode 5", own


def readouts():
    """(what they are, [text]): IEC 62056-21"""
    real = sorted((_DATA / "iec62056-21").glob("*.json"))
    rows = [json.loads(path.read_text(encoding="utf-8")) for path in real]
    texts = [f"{row['identification']}\r\n{row['data']}" for row in rows if row.get("data")]
    if texts:
        return "real readouts", texts
    inputs = sorted((_CASES / "iec62056-21").glob("*/input.json"))
    rows = [json.loads(path.read_text(encoding="utf-8")) for path in inputs]
    return "own readouts", [row["text"] for row in rows if "text" in row]


def readable(items, *decoders):
    """Those that every one of the decoders takes."""
    return [item for item in items if all(_takes(decode, item) for decode in decoders)]


def _takes(decode, item):
    try:
        decode(item)
    except Exception:  # whatever a peer stumbles over is nothing to compare on
        return False
    return True


def rates(items, **decoders):
    """Items a second of processor time: ``{decoder: [rate of each round…]}``.

    Each decoder repeats the items often enough to be timed, the slow ones less often.
    """
    repeats = {name: repeat for name, (_decode, repeat) in decoders.items()}
    times = measure.alternate(
        {
            name: (lambda _n, decode=decode, repeat=repeat: _all(items, decode, repeat))
            for name, (decode, repeat) in decoders.items()
        },
        clock=measure.time.process_time,
    )
    return {
        name: [len(items) * repeats[name] / value for value in values]
        for name, values in times.items()
    }


def _all(items, decode, repeat):
    for _time in range(repeat):
        for item in items:
            decode(item)
