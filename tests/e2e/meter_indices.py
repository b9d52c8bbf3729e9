"""Print what the demo's simulated meters show at instants: {device: {obis: {epoch: kWh}}}.

usage (collector's Python): meter_indices.py EPOCH...
"""

import json
import sys
from decimal import Decimal

from actwin_collector.simulate.scenario import load_scenario

BANDED = ("1.8.0", "1.8.1", "1.8.2", "1.8.3", "5.8.0", "8.8.0")
PLAIN = ("1.8.0",)


def main(instants):
    scenario = load_scenario("osb")
    found = {}
    for number in range(1, 13):
        device = f"T{number:02d}"
        meter = scenario.meters[device]
        found[device] = {
            obis: {
                str(instant): str(meter.value(obis, instant)[0] / Decimal(1000))
                for instant in instants
            }
            for obis in (BANDED if number <= 6 else PLAIN)
        }
    print(json.dumps(found))


if __name__ == "__main__":
    main([int(text) for text in sys.argv[1:]])
