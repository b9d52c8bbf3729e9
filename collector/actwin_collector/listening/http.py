# SPDX-License-Identifier: MIT
"""Meters and gateways that POST what they have."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import logging
import ssl
from collections import Counter
from dataclasses import dataclass

import h11

from ..model import CollectorError, LinkError
from .base import ListeningLine
from .body import unwrap
from .ear import Cutter, refused
from .intake import Source

_log = logging.getLogger(__name__)

# For all of a request: one that trickles in must not hold its place for ever.
_PATIENCE_SECONDS = 30.0
_MOST_HEADERS = 16_384
_RETRY_AFTER = "30"


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and what the sender is told."""

    status: int
    text: dict


class HttpLine(ListeningLine):
    """A port that takes POSTs. 2xx is said only after what came is on disk."""

    _server: asyncio.Server | None = None
    _connections: set[asyncio.Task]

    @property
    def is_open(self) -> bool:
        """Whether the port is bound."""
        return self._server is not None

    @property
    def port(self) -> int:
        """The port that is bound."""
        return self._server.sockets[0].getsockname()[1] if self._server else 0

    async def open(self) -> None:
        """Bind the port; raises LinkError."""
        host, port = self.line.host or "127.0.0.1", self.line.port
        self._connections = set()
        try:
            self._server = await asyncio.start_server(self._accept, host, port, ssl=self._tls())
        except (OSError, ssl.SSLError) as error:
            raise LinkError(f"{host}:{port}: {error.strerror or error}") from error

    async def close(self) -> None:
        """Release the port; requests under way are cut off, so their senders repeat them."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def _tls(self) -> ssl.SSLContext | None:
        if not self.settings["cert_file"]:
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.settings["cert_file"], self.settings["key_file"])
        return context

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host = writer.get_extra_info("peername")[0]
        crowded = len(self._connections) >= self.settings["max_connections"]
        self.health.errors.update({"too_many_connections": 1} if crowded else {})
        if crowded or not self.allows(host):
            writer.close()
            return
        self._connections.add(asyncio.current_task())
        try:
            await Visit(self, reader, writer, host).serve()
        except (OSError, TimeoutError, asyncio.CancelledError):
            pass
        finally:
            self._connections.discard(asyncio.current_task())
            writer.close()

    def objection(self, request: h11.Request) -> Answer | None:
        """Return why a request is not even read; None when its body may come."""
        headers = {key.lower(): value for key, value in request.headers}
        if request.target.split(b"?")[0].decode("latin-1") != self.settings["path"]:
            return self._no(404, "not_found", "nothing is taken here")
        if request.method != b"POST":
            return self._no(405, "not_post", "only POST is taken")
        wanted = f"Bearer {self.line.secret}".encode()
        given = headers.get(b"authorization", b"")
        if self.settings["auth"] == "bearer" and not hmac.compare_digest(given, wanted):
            return self._no(401, "not_authorised", "the bearer token is wrong")
        if int(headers.get(b"content-length", b"0")) > self.settings["max_body"]:
            return self.too_big()
        return None

    def too_big(self) -> Answer:
        """Return the answer to a body beyond the limit."""
        return self._no(413, "oversized", f"more than {self.settings['max_body']} bytes")

    async def take(self, request: h11.Request, body: bytes, host: str) -> Answer:
        """Take a body and return the answer."""
        if self.settings["auth"] == "hmac" and not self._is_signed(request, body):
            return self._no(401, "not_authorised", "the signature is wrong")
        source = Source(self.line, self.health, host)
        cutter = Cutter(source, self.drivers, self.tools.intake)
        try:
            found = [m for part in unwrap(self.settings, body) for m in cutter.message(part)]
        except CollectorError as error:
            return self._no(400, error.code, error.message)
        try:
            taken = await cutter.take(found)
        except CollectorError as error:
            return self._no(503, error.code, error.message)
        reason = refused(taken)
        if reason is not None:
            status = 422 if taken else 400
            if not taken:
                self.health.errors[reason.code] += 1
            return Answer(status, {"error": reason.code, "message": reason.message})
        fates = Counter(verdict.fate for _, verdict in taken)
        replies = [heard.reply.hex() for heard, _ in taken if heard.reply]
        status = 202 if set(fates) == {"unassigned"} else 200
        return Answer(status, {**fates, **({"replies": replies} if replies else {})})

    def _is_signed(self, request: h11.Request, body: bytes) -> bool:
        name = self.settings["header"].lower().encode("latin-1")
        given = next((value for key, value in request.headers if key.lower() == name), b"")
        wanted = hmac.new(self.line.secret.encode(), body, hashlib.sha256).hexdigest().encode()
        return hmac.compare_digest(given.removeprefix(b"sha256=").lower(), wanted)

    def _no(self, status: int, code: str, message: str) -> Answer:
        self.health.errors[code] += 1
        return Answer(status, {"error": code, "message": message})


class Visit:
    """One connection: its requests, one after the other."""

    def __init__(
        self,
        line: HttpLine,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        host: str,
    ) -> None:
        self._line = line
        self._reader = reader
        self._writer = writer
        self._host = host
        self._h11 = h11.Connection(h11.SERVER, max_incomplete_event_size=_MOST_HEADERS)

    async def serve(self) -> None:
        """Answer requests until the sender is done; raises OSError, TimeoutError."""
        try:
            while await self._serve_one():
                self._h11.start_next_cycle()
        except h11.RemoteProtocolError as error:
            self._line.health.errors["bad_http"] += 1
            if self._h11.our_state in (h11.IDLE, h11.SEND_RESPONSE):
                status = error.error_status_hint
                await self._send(Answer(status, {"error": "bad_http", "message": str(error)}))
        with contextlib.suppress(OSError):
            await self._writer.drain()

    async def _serve_one(self) -> bool:
        body = None
        async with asyncio.timeout(_PATIENCE_SECONDS):
            request = await self._event()
            if not isinstance(request, h11.Request):
                return False
            answer = self._line.objection(request)
            if answer is None:
                body = await self._body()
                answer = self._line.too_big() if body is None else None
        if answer is None:
            answer = await self._line.take(request, body, self._host)
        await self._send(answer)
        # A body that was not read to its end would be taken for the next request.
        return self._h11.our_state is h11.DONE and self._h11.their_state is h11.DONE

    async def _body(self) -> bytes | None:
        if self._h11.they_are_waiting_for_100_continue:
            go_on = h11.InformationalResponse(status_code=100, headers=[])
            self._writer.write(self._h11.send(go_on))
        body = b""
        while not isinstance(event := await self._event(), h11.EndOfMessage):
            if not isinstance(event, h11.Data):
                raise OSError("the sender hung up")
            body += event.data
            if len(body) > self._line.settings["max_body"]:
                return None
        return body

    async def _event(self) -> object:
        while (event := self._h11.next_event()) is h11.NEED_DATA:
            self._h11.receive_data(await self._reader.read(65536))
        return event

    async def _send(self, answer: Answer) -> None:
        body = json.dumps(answer.text).encode()
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        if answer.status == 503:
            headers.append(("Retry-After", _RETRY_AFTER))
        if self._h11.their_state is not h11.DONE:
            headers.append(("Connection", "close"))
        response = h11.Response(status_code=answer.status, headers=headers)
        for event in (response, h11.Data(data=body), h11.EndOfMessage()):
            self._writer.write(self._h11.send(event))
        await self._writer.drain()
