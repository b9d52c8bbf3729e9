# SPDX-License-Identifier: MIT
"""Odoo's XML-RPC, through the standard library, with a time limit on every exchange."""

from __future__ import annotations

import http.client
import ssl
import xmlrpc.client
from collections.abc import Mapping, Sequence
from xml.parsers.expat import ExpatError

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

# Odoo's fault codes for refused logins and refused records (odoo/service/model and http/rpc).
_ACCESS_FAULTS = {3: "access_denied", 4: "access_denied"}
_PERMANENT_STATUS = {400, 401, 403, 404, 405, 413}


class _Transport(xmlrpc.client.Transport):
    def __init__(self, timeout: float) -> None:
        super().__init__()
        self._timeout = timeout

    def make_connection(self, host: str) -> http.client.HTTPConnection:
        connection = super().make_connection(host)
        connection.timeout = self._timeout
        return connection


class _SafeTransport(xmlrpc.client.SafeTransport):
    def __init__(self, timeout: float, context: ssl.SSLContext) -> None:
        super().__init__(context=context)
        self._timeout = timeout

    def make_connection(self, host: str) -> http.client.HTTPSConnection:
        connection = super().make_connection(host)
        connection.timeout = self._timeout
        return connection


class XmlRpcUplink(Uplink):
    """Calls ``execute_kw`` with a login and an API key."""

    def __init__(self, odoo: OdooSettings) -> None:
        self._odoo = odoo
        self._uid: int | None = None
        self._common = self._proxy("common")
        self._object = self._proxy("object")

    def push(self, collector: str, batch: Batch) -> Answer:
        """Deliver through ``actwin.reading.ingest_packed``."""
        return parse_answer(self._call("actwin.reading", "ingest_packed", *pack(collector, batch)))

    def get_config(self, collector: str) -> dict:
        """Return ``actwin.collector.get_config(code)``."""
        return parse_table(self._call("actwin.collector", "get_config", collector), "get_config")

    def report_status(self, collector: str, status: Mapping) -> dict:
        """Call ``actwin.collector.report_status(code, status)``."""
        answer = self._call("actwin.collector", "report_status", collector, dict(status))
        return parse_table(answer, "report_status")

    def fetch_commands(self, collector: str) -> list:
        """Return ``actwin.collector.fetch_commands(code)``."""
        answer = self._call("actwin.collector", "fetch_commands", collector)
        return parse_rows(answer, "fetch_commands")

    def report_commands(self, collector: str, results: Sequence[Mapping]) -> list[str]:
        """Call ``actwin.collector.report_commands(code, results)``."""
        answer = self._call("actwin.collector", "report_commands", collector, list(results))
        return parse_taken(answer)

    def close(self) -> None:
        """Drop the connections."""
        self._common("close")()
        self._object("close")()

    def _proxy(self, service: str) -> xmlrpc.client.ServerProxy:
        odoo = self._odoo
        if odoo.url.startswith("https://"):
            context = ssl.create_default_context(cafile=odoo.ca_file or None)
            transport = _SafeTransport(odoo.timeout_seconds, context)
        else:
            transport = _Transport(odoo.timeout_seconds)
        url = f"{odoo.url}/xmlrpc/2/{service}"
        return xmlrpc.client.ServerProxy(url, transport=transport, allow_none=True)

    def _call(self, model: str, method: str, *args: object) -> object:
        key = self._odoo.api_key()
        if self._uid is None:
            self._uid = self._login(key)
        try:
            return self._guarded(
                self._object.execute_kw, self._odoo.db, self._uid, key, model, method, list(args)
            )
        except UplinkError as error:
            if error.code == "access_denied":
                self._uid = None  # the user may have been replaced
            raise

    def _login(self, key: str) -> int:
        uid = self._guarded(self._common.authenticate, self._odoo.db, self._odoo.login, key, {})
        if not uid:
            raise UplinkError(
                f"Odoo refuses {self._odoo.login!r} with this API key on {self._odoo.db!r}",
                "access_denied",
                retryable=False,
            )
        return uid

    def _guarded(self, method: xmlrpc.client._Method, *args: object) -> object:
        try:
            return method(*args)
        except xmlrpc.client.Fault as fault:
            raise _from_fault(fault) from fault
        except xmlrpc.client.ProtocolError as error:
            raise UplinkError(
                f"{self._odoo.url} answered HTTP {error.errcode} {error.errmsg}",
                f"http_{error.errcode}",
                retryable=error.errcode not in _PERMANENT_STATUS,
            ) from error
        except (OSError, http.client.HTTPException) as error:  # an untrusted certificate as well
            # A half-used connection would answer the next call with this one's late answer.
            self.close()
            raise UplinkError(
                f"{self._odoo.url}: {error or type(error).__name__}", "unreachable"
            ) from error
        except (xmlrpc.client.ResponseError, ExpatError, ValueError) as error:
            self.close()
            raise UplinkError(f"not an XML-RPC answer: {error}", "bad_answer") from error


def _from_fault(fault: xmlrpc.client.Fault) -> UplinkError:
    lines = str(fault.faultString).strip().splitlines()
    text = lines[-1][:300] if lines else "no text"
    code = _ACCESS_FAULTS.get(fault.faultCode)
    if code or "AccessDenied" in text or "AccessError" in text:
        return UplinkError(f"Odoo refuses access: {text}", "access_denied", retryable=False)
    return UplinkError(f"Odoo failed: {text}", "server_error")
