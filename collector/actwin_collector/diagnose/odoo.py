# SPDX-License-Identifier: MIT
"""Mistakes on the way to Odoo."""

from __future__ import annotations

import socket
import ssl
import urllib.error
import urllib.request
import xmlrpc.client

from ..config import OdooSettings
from ..model import CollectorError
from .finding import Finding

_PATIENCE = 10.0


def examine(odoo: OdooSettings, collector: str, error: CollectorError) -> Finding:
    """Return the mistake behind an error of ``get_config``."""
    seen = f"{error.message}"
    if error.code == "unreachable":
        return _unreachable(odoo, error, seen)
    if error.code == "access_denied":
        return _denied(odoo, collector, seen)
    if (error.code.startswith("http_") or error.code == "bad_answer") and not _is_odoo(odoo):
        return Finding(
            "odoo", "not_odoo", seen, "Something answers at this address, but it is not Odoo.",
            "Compare the address with the browser's: scheme, port, no path behind it.", "url",
        )
    lower = seen.lower()
    if "database" in lower or "pg_hba" in lower or error.code == "http_404":
        return _no_database(odoo, seen, _databases(odoo))
    return Finding("odoo", error.code, seen, "Odoo answers with an error; see its log.")


def _unreachable(odoo: OdooSettings, error: CollectorError, seen: str) -> Finding:
    cause = error.__cause__
    if isinstance(cause, ssl.SSLCertVerificationError):
        other_name = "hostname" in str(cause).lower() or "ip address" in str(cause).lower()
        return Finding(
            "odoo", "tls_untrusted", seen,
            "The certificate is for another name." if other_name
            else "The certificate is not one this machine trusts, or it has expired.",
            "Use the name in the certificate as address." if other_name
            else "Put the authority's certificate in ca_file, and check this machine's date.",
            "url" if other_name else "ca_file",
        )
    if isinstance(cause, ssl.SSLError):
        return Finding(
            "odoo", "tls_failed", seen, "The other side does not speak TLS at this port.",
            "Write http:// instead of https://, or the port of the TLS proxy.", "url",
        )
    if isinstance(cause, ConnectionRefusedError):
        return Finding(
            "odoo", "port_refused", seen,
            "The machine is reached, but nothing listens at this port.",
            "Check the port, and whether Odoo runs.", "url",
        )
    if isinstance(cause, socket.gaierror):
        return Finding(
            "odoo", "host_unknown", seen, "The name cannot be resolved.",
            "Check the name, or the name service of this machine.", "url",
        )
    if isinstance(cause, TimeoutError):
        return Finding(
            "odoo", "host_silent", seen, "Nobody answers: another network, or a firewall.",
            "Open the address in a browser on this machine.", "url",
        )
    return Finding(
        "odoo", "unreachable", seen, "The connection breaks off.",
        "TLS at a plain port looks so too: compare http:// and https://.", "url",
    )


def _denied(odoo: OdooSettings, collector: str, seen: str) -> Finding:
    databases = _databases(odoo)
    if databases and odoo.db not in databases:
        return _no_database(odoo, seen, databases)
    if _knows_user(odoo):
        return _unknown_collector(collector, seen)
    return Finding(
        "odoo", "access_denied", seen,
        "The database answers; the login or its API key is wrong.",
        f"Make a new API key for {odoo.login!r} (Preferences, Account Security) and put it in "
        f"{odoo.api_key_file.name}.",
        "api_key_file",
    )


def _no_database(odoo: OdooSettings, seen: str, databases: list[str]) -> Finding:
    listed = f" There are: {', '.join(databases[:8])}." if databases else ""
    return Finding(
        "odoo", "wrong_database", seen, f"There is no database {odoo.db!r}.{listed}",
        "Write the database's name as the login page shows it.", "db",
        databases[0] if len(databases) == 1 else "",
    )


def _unknown_collector(collector: str, seen: str) -> Finding:
    return Finding(
        "file", "unknown_collector", seen,
        f"Odoo knows no collector {collector!r}, or this user may not act for it.",
        "Compare the code with the collector's form in Odoo, and its user.", "collector.code",
    )


def _databases(odoo: OdooSettings) -> list[str]:
    """Return Odoo's databases where it lists them; often it is told not to."""
    try:
        with _proxy(odoo, "db") as proxy:
            return [str(name) for name in proxy.list()]
    except (OSError, xmlrpc.client.Error, ValueError):
        return []


def _knows_user(odoo: OdooSettings) -> bool:
    try:
        with _proxy(odoo, "common") as proxy:
            return bool(proxy.authenticate(odoo.db, odoo.login, odoo.api_key(), {}))
    except (OSError, xmlrpc.client.Error, ValueError, CollectorError):
        return False


def _is_odoo(odoo: OdooSettings) -> bool:
    try:
        with _proxy(odoo, "common") as proxy:
            return "server_version" in proxy.version()
    except (OSError, xmlrpc.client.Error, ValueError, TypeError):
        return False


def _proxy(odoo: OdooSettings, service: str) -> xmlrpc.client.ServerProxy:
    context = None
    if odoo.url.startswith("https://"):
        context = ssl.create_default_context(cafile=odoo.ca_file or None)
    transport = _Patient(context)
    return xmlrpc.client.ServerProxy(f"{odoo.url}/xmlrpc/2/{service}", transport=transport)


class _Patient(xmlrpc.client.Transport):
    """A transport that ends, with or without TLS."""

    def __init__(self, context: ssl.SSLContext | None) -> None:
        super().__init__()
        self.verbose = False
        self._context = context

    def request(self, host, handler, body, verbose=False):
        """Send one call; urllib minds the time limit."""
        scheme = "https" if self._context else "http"
        request = urllib.request.Request(
            f"{scheme}://{host}{handler}", body, {"Content-Type": "text/xml"}
        )
        with urllib.request.urlopen(request, timeout=_PATIENCE, context=self._context) as answer:
            return self.parse_response(answer)
