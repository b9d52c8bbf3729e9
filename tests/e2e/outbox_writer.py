"""Put a known sequence of readings into an outbox, a slot at a time, and exit when it is whole.

usage (collector's Python): outbox_writer.py OUTBOX FIRST_EPOCH SLOTS CHANNELS PAUSE
Started again after a kill it begins anew: what the outbox or Odoo has already is a duplicate.
"""

import sys
import time

from actwin_collector.model import Reading
from actwin_collector.outbox import Outbox


def value(channel, slot):
    """Reading of a channel in a slot; test_survival.py expects the same."""
    return f"{slot * 7 + channel}.{slot % 1000:03d}"


def main(path, first, slots, channels, pause):
    outbox = Outbox(path)
    for slot in range(int(slots)):
        outbox.append([
            Reading(f"OSB1/CRASH:{channel}", int(first) + 60 * slot, value(channel, slot))
            for channel in range(int(channels))
        ])
        time.sleep(float(pause))
    outbox.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
