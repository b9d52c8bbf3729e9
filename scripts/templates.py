"""Writes the device templates of the metering add-on from the collector's register maps.

usage: templates.py [--check]    --check: change nothing, fail when the file is not up to date
"""

import json
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MAPS = ROOT / "collector" / "actwin_collector" / "devices"
TARGET = ROOT / "addons" / "actwin_metering" / "data" / "device_templates.json"


def templates():
    """Template by code: what the add-on knows of each map that the collector ships."""
    found = {}
    for path in sorted(MAPS.glob("*.toml")):
        head = tomllib.loads(path.read_text(encoding="utf-8"))
        registers = head.pop("register")
        found[path.stem] = {
            "driver": "modbus",
            "settings": {"map": path.stem},
            "head": head,
            "registers": registers,
        }
    return found


def text():
    """The file's contents: one register a line, so that changes can be reviewed."""
    blocks = []
    for code, item in templates().items():
        rows = ",\n".join(f"   {dumps(row)}" for row in item["registers"])
        parts = [f'  "{key}": {dumps(item[key])}' for key in ("driver", "settings", "head")]
        blocks.append(
            f"{dumps(code)}: {{\n" + ",\n".join(parts) + f',\n  "registers": [\n{rows}\n  ]\n }}'
        )
    return "{\n " + ",\n ".join(blocks) + "\n}\n"


def dumps(value):
    return json.dumps(value, ensure_ascii=False)


def main(arguments):
    current = TARGET.read_text(encoding="utf-8") if TARGET.exists() else ""
    if arguments == ["--check"]:
        if current != text():
            print(f"{TARGET} is not up to date: run scripts/templates.py")
            return 1
        return 0
    TARGET.write_text(text(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
