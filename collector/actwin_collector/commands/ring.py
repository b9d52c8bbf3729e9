# SPDX-License-Identifier: MIT
"""The last lines of the log, kept in memory for whoever asks from Odoo."""

from __future__ import annotations

import logging
from collections import deque

KEPT = 2000
_LONGEST = 1000


class LogRing(logging.Handler):
    """Keeps the newest records as lines; secrets are masked when they are asked for."""

    def __init__(self, kept: int = KEPT) -> None:
        super().__init__()
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        self._lines: deque[str] = deque(maxlen=kept)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record."""
        try:
            self._lines.append(self.format(record)[:_LONGEST])
        except Exception:
            self.handleError(record)

    def last(self, count: int) -> list[str]:
        """Return the newest lines, oldest first."""
        return list(self._lines)[-count:] if count > 0 else []
