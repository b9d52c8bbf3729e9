"""Every add-on's tr.po holds every term of its .pot, translated and with the same placeholders.

usage: translations.py [--merge] ADDON_DIR...

--merge first takes the terms of the .pot into tr.po: new ones empty, lost ones out, and keeps what
is translated. (Odoo's own export of a language forgets the terms of Python code.)
"""

import re
import sys
from pathlib import Path

import polib

PLACEHOLDER = re.compile(r"%\(\w+\)[sdrf]|%[sdrf]|\{\w*\}")


def problems(addon: Path):
    """Yield one line for each untranslated or damaged term of an add-on."""
    template = addon / "i18n" / f"{addon.name}.pot"
    turkish = addon / "i18n" / "tr.po"
    if not template.exists() or not turkish.exists():
        yield f"{addon}: i18n/{addon.name}.pot and i18n/tr.po are required"
        return
    known = {entry.msgid: entry for entry in polib.pofile(str(turkish))}
    for term in polib.pofile(str(template)):
        entry = known.get(term.msgid)
        if entry is None or not entry.msgstr.strip() or entry.fuzzy:
            yield f"{turkish}: not translated: {term.msgid[:70]!r}"
        elif sorted(PLACEHOLDER.findall(entry.msgid)) != sorted(PLACEHOLDER.findall(entry.msgstr)):
            yield f"{turkish}: placeholders differ: {term.msgid[:70]!r}"


def merge(addon: Path):
    """Bring an add-on's tr.po to the terms of its .pot."""
    template = polib.pofile(str(addon / "i18n" / f"{addon.name}.pot"), wrapwidth=78)
    turkish = polib.pofile(str(addon / "i18n" / "tr.po"), wrapwidth=78)
    turkish.merge(template)
    for entry in turkish.obsolete_entries():
        turkish.remove(entry)
    turkish.save()


def main(paths):
    if paths[:1] == ["--merge"]:
        paths = paths[1:]
        for path in paths:
            merge(Path(path))
    found = [line for path in paths for line in problems(Path(path))]
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
