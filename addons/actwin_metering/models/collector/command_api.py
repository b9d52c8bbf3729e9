import json

from odoo import api, fields, models

from ...core.text import as_text, is_key
from .command import OPEN

_AT_ONCE = 20
_RESULTS = 100
_MAX_TEXT = 200_000
_MAX_DATA = 1_000_000
_STEP = 5_000
"""Entries of one list in a result."""


class ActwinCollector(models.Model):
    """How a collector takes its commands and answers them."""

    _inherit = "actwin.collector"

    @api.model
    def fetch_commands(self, code=None):
        """What people asked this collector to do, oldest first.

        :return: ``[{'id': text, 'kind', 'device', 'line', 'args': {…}, 'seconds_left': int}…]``;
            device and line are keys or empty. A command comes again until it is answered or
            given up: the collector remembers the ids it has begun.
        """
        collector = self._authorised(code)
        now = fields.Datetime.now()
        commands = self.env["actwin.collector.command"].sudo()  # sudo: as for the collector itself
        found = commands.search(
            [
                ("collector_id", "=", collector.id),
                ("state", "in", OPEN),
                ("expires_at", ">", now),
            ],
            order="id",
            limit=_AT_ONCE,
        )
        fresh = found.filtered(lambda command: command.state == "queued")
        if fresh:
            fresh.write({"state": "sent", "sent_at": now})
            fresh._notify_user()
        return [
            {
                "id": command.ref,
                "kind": command.kind,
                "device": command.device_id.key or "",
                "line": command.line_id.key or "",
                "args": command.args or {},
                "seconds_left": int((command.expires_at - now).total_seconds()),
            }
            for command in found
        ]

    @api.model
    def report_commands(self, code=None, results=None):
        """Take what came of commands; the same result twice changes nothing.

        :param list results: ``[{'id', 'ok': bool, 'code': error code, 'text', 'data': {…}}…]``;
            what is malformed is left out
        :return: ``{'taken': [id…]}``: what the collector need not report again, be it unknown here
        """
        collector = self._authorised(code)
        results = results if isinstance(results, (list, tuple)) else []
        results = [item for item in results[:_RESULTS] if isinstance(item, dict)]
        told = {item["id"]: item for item in results if is_key(item.get("id"))}
        commands = self.env["actwin.collector.command"].sudo()  # sudo: as for the collector itself
        known = commands.search(
            [
                ("collector_id", "=", collector.id),
                ("ref", "in", list(told)),
                ("state", "not in", ("done", "failed")),
            ]
        )
        for command in known:
            command.write(_answer(told[command.ref]))
        known._notify_user()
        return {"taken": list(told)}


def _answer(result):
    ok = result.get("ok") is True
    return {
        "state": "done" if ok else "failed",
        "done_at": fields.Datetime.now(),
        "error_code": False if ok else as_text(result.get("code") or "error", 80),
        "text": as_lines(result.get("text")),
        "data": _bounded(result.get("data")),
    }


def as_lines(value):
    """Printable text of several lines, cut to a size that can be shown."""
    text = value if isinstance(value, str) else ""
    lines = (as_text(line, 1000) for line in text[:_MAX_TEXT].split("\n"))
    return "\n".join(lines)


def _bounded(data):
    plain = _plain(data, 5) if isinstance(data, dict) else {}
    return plain if len(json.dumps(plain)) <= _MAX_DATA else {}


def _plain(value, depth):
    """JSON-safe copy: mappings, lists, short texts and whole numbers, no deeper than ``depth``."""
    if isinstance(value, dict) and depth:
        items = list(value.items())[:_STEP]
        return {as_text(key, 200): _plain(item, depth - 1) for key, item in items}
    if isinstance(value, (list, tuple)) and depth:
        return [_plain(item, depth - 1) for item in value[:_STEP]]
    if isinstance(value, bool) or (type(value) is int and abs(value) < 2**53):
        return value
    return "" if value in (None, False) else as_text(value, 2000)
