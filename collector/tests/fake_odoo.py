# SPDX-License-Identifier: MIT
"""An Odoo on loopback that keeps the ingest contract, and can be slow, broken or forgetful."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections import Counter
from decimal import Decimal, InvalidOperation
from socketserver import ThreadingMixIn
from xmlrpc.client import Fault
from xmlrpc.server import SimpleXMLRPCRequestHandler, SimpleXMLRPCServer

from actwin_collector.uplink.base import unpack

LOGIN, KEY, DB = "collector", "secret-key", "test_db"


class _Lost(BaseException):
    """The answer does not reach the client (no Exception: the library would answer HTTP 500)."""


class _Handler(SimpleXMLRPCRequestHandler):
    rpc_paths = ("/xmlrpc/2/common", "/xmlrpc/2/object")
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.server.fake.connections.add(self.connection)
        try:
            if self.path.startswith("/json/2/"):
                self._json2()
            else:
                super().do_POST()
        except (_Lost, ConnectionError):
            self.close_connection = True
            self.connection.close()

    def _json2(self):
        fake = self.server.fake
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status, answer = 200, None
        if self.headers["Authorization"] != f"bearer {KEY}":
            status, answer = 401, {"name": "AccessDenied", "message": "Invalid apikey"}
        elif self.headers["X-Odoo-Database"] != DB:
            status, answer = 404, {"message": "no such database"}
        else:
            model, method = self.path.removeprefix("/json/2/").split("/")
            try:
                answer = fake.call(model, method, **body)
            except Fault as fault:
                status, answer = 500, {"message": fault.faultString}
        fake.lose_if_told()
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


class _Server(ThreadingMixIn, SimpleXMLRPCServer):
    daemon_threads = True
    allow_reuse_address = True

    def _marshaled_dispatch(self, data, dispatch_method=None, path=None):
        # The library turns every exception into a fault; a lost answer is none.
        answer = super()._marshaled_dispatch(data, dispatch_method, path)
        self.fake.lose_if_told()
        return answer


class FakeOdoo:
    """Stores readings by (channel, ts) and batches by id.

    ``troubles``: what happens to the next calls, one each: "slow", "fault", "lose" (works, but
    the answer is lost), "http502", "denied".
    """

    def __init__(self, port: int = 0) -> None:
        self.readings: dict[tuple[str, int], str] = {}
        self.stored: Counter[tuple[str, int]] = Counter()
        self.conflicts: list[tuple[str, int, str]] = []
        self.rejected: list[tuple] = []
        self.batches: dict[str, int] = {}
        self.batch_rows: dict[str, list] = {}
        self.attempts: list[str] = []
        self.events: list[dict] = []
        self.comms: list[dict] = []
        self.statuses: list[dict] = []
        self.commands: list[dict] = []
        self.results: list[dict] = []
        self.unknown_channels: set[str] = set()
        self.config: dict = {"version": 1, "lines": [], "schedules": [], "devices": []}
        self.max_rows = 10**6
        self.troubles: list[str] = []
        self.slow_seconds = 3.0
        self.losing: dict[int, bool] = {}
        self.connections: set = set()
        self._lock = threading.Lock()
        self._port = port
        self._server: _Server | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> FakeOdoo:
        self._server = _Server(
            ("127.0.0.1", self._port), _Handler, logRequests=False, allow_none=True
        )
        self._server.fake = self
        self._port = self._server.server_address[1]
        self._server.register_function(self._authenticate, "authenticate")
        self._server.register_function(self._execute_kw, "execute_kw")
        self._server.register_function(lambda: {"server_version": "19.0"}, "version")
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def stop(self) -> None:
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None
        for connection in self.connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.connections.clear()

    def __enter__(self) -> FakeOdoo:
        return self.start()

    def __exit__(self, *_unused) -> None:
        self.stop()

    def _authenticate(self, db, login, key, _env):
        return 7 if (db, login, key) == (DB, LOGIN, KEY) else False

    def _execute_kw(self, db, uid, key, model, method, args, _kwargs=None):
        if (db, uid, key) != (DB, 7, KEY):
            raise Fault(3, "Access Denied")
        return self.call(model, method, *args)

    def call(self, model, method, *args, **kwargs):
        trouble = self.troubles.pop(0) if self.troubles else None
        if trouble == "fault":
            raise Fault(1, "Traceback (most recent call last):\n  …\nOperationalError: gone")
        if trouble == "denied":
            raise Fault(4, "AccessError: not you")
        if trouble == "slow":
            time.sleep(self.slow_seconds)
        answer = getattr(self, f"_{method}")(*args, **kwargs)
        if trouble == "lose":
            self.losing[threading.get_ident()] = True
        return answer

    def lose_if_told(self) -> None:
        """Raise when this thread's answer is to be lost."""
        if self.losing.pop(threading.get_ident(), None):
            raise _Lost

    def _get_config(self, code):
        return self.config

    def _report_status(self, code, status):
        self.statuses.append(status)
        return {"config_version": self.config["version"], "time": "2026-01-01T00:00:00Z"}

    def _fetch_commands(self, code):
        return self.commands

    def _report_commands(self, code, results):
        self.results += results
        told = [row["id"] for row in results]
        self.commands = [row for row in self.commands if row["id"] not in told]
        return {"taken": told}

    def _ingest_packed(self, header, payload):
        with self._lock:
            rows = unpack(header, payload)
            batch_id = header["batch_id"]
            self.attempts.append(batch_id)
            if batch_id in self.batches:
                assert self.batch_rows[batch_id] == rows
                return self._answer(0, self.batches[batch_id], [])
            if len(rows) > self.max_rows:
                return self._answer(0, 0, [[-1, "too_many_rows", "too many"]])
            accepted, duplicates, rejected = 0, 0, []
            for index, row in enumerate(rows):
                key = (row.channel, row.ts)
                reason = self._reason(row)
                if reason:
                    rejected.append([index, reason, "no"])
                elif key not in self.readings:
                    self.readings[key] = row.value
                    self.stored[key] += 1
                    accepted += 1
                elif self.readings[key] == row.value:
                    duplicates += 1
                else:
                    self.conflicts.append((*key, row.value))
            self.batches[batch_id] = accepted
            self.batch_rows[batch_id] = rows
            self.rejected += rejected
            self.events += header["events"]
            self.comms += header["comm"]
            return self._answer(accepted, duplicates, rejected)

    def _reason(self, row):
        try:
            if not Decimal(row.value).is_finite():
                return "bad_value"
        except InvalidOperation:
            return "bad_value"
        return "unknown_channel" if row.channel in self.unknown_channels else None

    def _answer(self, accepted, duplicates, rejected):
        return {
            "accepted": accepted,
            "duplicates": duplicates,
            "conflicts": len(self.conflicts),
            "rejected": rejected,
        }
