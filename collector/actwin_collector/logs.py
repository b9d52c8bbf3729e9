# SPDX-License-Identifier: MIT
"""Logging as text or as one JSON object a line; neither ever shows a secret."""

from __future__ import annotations

import contextlib
import json
import logging
import time
from collections.abc import Iterator
from contextvars import ContextVar

from .masking import Masker

FORMATS = ("text", "json")
_about: ContextVar[dict[str, str] | None] = ContextVar("about", default=None)


@contextlib.contextmanager
def about(**keys: str) -> Iterator[None]:
    """Name the line or device that everything logged inside is about, by whichever module."""
    token = _about.set({**(_about.get() or {}), **keys})
    try:
        yield
    finally:
        _about.reset(token)


class TextFormatter(logging.Formatter):
    """A line for people."""

    def __init__(self, masker: Masker) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._masker = masker

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, with a traceback below where there is one."""
        return self._masker.text(super().format(record))


class JsonFormatter(logging.Formatter):
    """One object a line: ``ts``, ``level``, ``logger``, ``message``; ``line``, ``device``."""

    def __init__(self, masker: Masker) -> None:
        super().__init__()
        self._masker = masker

    def format(self, record: logging.LogRecord) -> str:
        """Return the object; a traceback stands in ``traceback``."""
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        entry = {
            "ts": f"{stamp}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self._masker.text(record.getMessage()),
            **(_about.get() or {}),
        }
        if record.exc_info:
            entry["traceback"] = self._masker.text(self.formatException(record.exc_info))
        return json.dumps(entry, ensure_ascii=False)


def configure(verbose: int, form: str, masker: Masker) -> None:
    """Log to standard error: warnings, with ``verbose`` 1 more, with 2 everything."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter(masker) if form == "json" else TextFormatter(masker))
    level = (logging.WARNING, logging.INFO, logging.DEBUG)[min(verbose, 2)]
    logging.basicConfig(level=level, handlers=[handler])
    # pymodbus reports every retry as an error; the drivers name failures themselves.
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
