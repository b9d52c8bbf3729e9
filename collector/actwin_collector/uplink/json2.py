# SPDX-License-Identifier: MIT
"""Odoo 19's JSON-2: plain HTTP posts with a bearer key."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from ..config import OdooSettings
from ..outbox import Batch
from .base import (
    Answer,
    Uplink,
    UplinkError,
    pack,
    parse_answer,
    parse_rows,
    parse_table,
    parse_taken,
)

_MAX_ANSWER = 64 * 1024 * 1024


class Json2Uplink(Uplink):
    """Posts to ``/json/2/<model>/<method>``; arguments travel by name."""

    def __init__(self, odoo: OdooSettings) -> None:
        self._odoo = odoo
        self._connection: http.client.HTTPConnection | None = None

    def push(self, collector: str, batch: Batch) -> Answer:
        """Deliver through ``actwin.reading.ingest_packed``."""
        header, payload = pack(collector, batch)
        answer = self._call("actwin.reading", "ingest_packed", header=header, payload=payload)
        return parse_answer(answer)

    def get_config(self, collector: str) -> dict:
        """Return ``actwin.collector.get_config(code)``."""
        answer = self._call("actwin.collector", "get_config", code=collector)
        return parse_table(answer, "get_config")

    def report_status(self, collector: str, status: Mapping) -> dict:
        """Call ``actwin.collector.report_status(code, status)``."""
        answer = self._call("actwin.collector", "report_status", code=collector, status=status)
        return parse_table(answer, "report_status")

    def fetch_commands(self, collector: str) -> list:
        """Return ``actwin.collector.fetch_commands(code)``."""
        answer = self._call("actwin.collector", "fetch_commands", code=collector)
        return parse_rows(answer, "fetch_commands")

    def report_commands(self, collector: str, results: Sequence[Mapping]) -> list[str]:
        """Call ``actwin.collector.report_commands(code, results)``."""
        results = list(results)
        return parse_taken(
            self._call("actwin.collector", "report_commands", code=collector, results=results)
        )

    def close(self) -> None:
        """Drop the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connect(self) -> http.client.HTTPConnection:
        if self._connection is None:
            url, timeout = urlsplit(self._odoo.url), self._odoo.timeout_seconds
            if url.scheme == "https":
                context = ssl.create_default_context(cafile=self._odoo.ca_file or None)
                self._connection = http.client.HTTPSConnection(
                    url.netloc, timeout=timeout, context=context
                )
            else:
                self._connection = http.client.HTTPConnection(url.netloc, timeout=timeout)
        return self._connection

    def _call(self, model: str, method: str, **arguments: object) -> object:
        path = f"{urlsplit(self._odoo.url).path}/json/2/{model}/{method}"
        headers = {
            "Authorization": f"bearer {self._odoo.api_key()}",
            "Content-Type": "application/json; charset=utf-8",
            "X-Odoo-Database": self._odoo.db,
        }
        try:
            connection = self._connect()
            connection.request("POST", path, json.dumps(arguments).encode(), headers)
            response = connection.getresponse()
            status, body = response.status, response.read(_MAX_ANSWER)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise UplinkError(
                f"{self._odoo.url}: {error or type(error).__name__}", "unreachable"
            ) from error
        if status != 200:
            self.close()
            raise _from_status(status, body)
        try:
            return json.loads(body)
        except ValueError as error:
            raise UplinkError(f"not a JSON answer: {body[:100]!r}", "bad_answer") from error


def _from_status(status: int, body: bytes) -> UplinkError:
    try:
        text = str(json.loads(body).get("message", ""))[:300]
    except (ValueError, AttributeError):
        text = body[:100].decode("utf-8", "replace")
    if status in (401, 403):
        return UplinkError(f"Odoo refuses access: {text}", "access_denied", retryable=False)
    permanent = 400 <= status < 500 and status not in (408, 409, 429)
    return UplinkError(f"HTTP {status}: {text}", f"http_{status}", retryable=not permanent)
