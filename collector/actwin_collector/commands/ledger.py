# SPDX-License-Identifier: MIT
"""Which commands were begun, and results Odoo has not taken yet; survives a restart."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from pathlib import Path

from ..files import write_atomic
from .command import Result

_log = logging.getLogger(__name__)

# Odoo repeats a command for an hour at most.
_REMEMBERED = 1000


class Ledger:
    """A command is noted before it is begun: after a crash it is reported, never done twice.

    ``_rows`` holds every remembered command by id: its result, and None once Odoo has it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rows: dict[str, dict | None] = {}
        lost = Result(False, "interrupted", "the collector was stopped meanwhile")
        for command_id, row in self._load().items():
            # An empty row was begun and never finished.
            self._rows[command_id] = _row(command_id, lost) if row == {} else row

    def is_known(self, command_id: str) -> bool:
        """Whether the command was begun before."""
        return command_id in self._rows

    def begin(self, command_id: str) -> None:
        """Note a command on disk; raises OSError, and then it must not be begun."""
        self._rows[command_id] = {}
        try:
            self._save()
        except OSError:
            del self._rows[command_id]
            raise

    def finish(self, command_id: str, result: Result) -> None:
        """Keep a result until Odoo has taken it; raises OSError."""
        self._rows[command_id] = _row(command_id, result)
        self._save()

    def waiting(self, limit: int) -> list[dict]:
        """Return results to report, oldest first."""
        return [row for row in self._rows.values() if row][:limit]

    def taken(self, ids: Iterable[str]) -> None:
        """Forget results that Odoo has, not that they were begun; raises OSError."""
        for command_id in ids:
            if self._rows.get(command_id):
                self._rows[command_id] = None
        told = [command_id for command_id, row in self._rows.items() if row is None]
        for old in told[:-_REMEMBERED]:
            del self._rows[old]
        self._save()

    def _load(self) -> dict[str, dict | None]:
        try:
            rows = json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            _log.error("%s is damaged, what was done before is not known: %s", self._path, error)
            return {}
        if not isinstance(rows, dict):
            return {}
        return {key: row for key, row in rows.items() if row is None or isinstance(row, dict)}

    def _save(self) -> None:
        write_atomic(self._path, json.dumps(self._rows, ensure_ascii=False))


def _row(command_id: str, result: Result) -> dict:
    return {
        "id": command_id,
        "ok": result.ok,
        "code": result.code,
        "text": result.text,
        "data": dict(result.data),
    }
