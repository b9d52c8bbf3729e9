"""Print what the demo's simulated meters show at instants: {device: {obis: {epoch: kWh}}}.

usage (collector's Python): meter_indices.py EPOCH...
"""

import json
import sys

from actwin_collector.simulate.scenario import load_scenario

BANDED = ("1.8.0", "1.8.1", "1.8.2", "1.8.3", "5.8.0", "8.8.0")
PLAIN = ("1.8.0",)


def main(instants):
    scenario = load_scenario("osb")
    print(json.dumps({
        device: {
            obis: {str(at): str(scenario.index_at(device, obis, at)) for at in instants}
            for obis in (BANDED if number <= 6 else PLAIN)
        }
        for number, device in ((n, f"T{n:02d}") for n in range(1, 13))
    }))


if __name__ == "__main__":
    main([int(text) for text in sys.argv[1:]])
