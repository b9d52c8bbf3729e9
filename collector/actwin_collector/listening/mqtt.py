# SPDX-License-Identifier: MIT
"""Meters and gateways that publish to an MQTT broker."""

from __future__ import annotations

import asyncio
import logging
import threading
from dataclasses import dataclass

from paho.mqtt import client as mqtt

from ..model import CollectorError, LinkError, ProtocolError
from ..threads import in_thread
from .base import STORE_RETRY_SECONDS, ListeningLine
from .body import unwrap
from .ear import Cutter
from .intake import Source

_log = logging.getLogger(__name__)

_ROOM = 1000
_SLOWEST_RECONNECT = 60


@dataclass(frozen=True, slots=True)
class _Message:
    topic: str
    payload: bytes
    mid: int
    qos: int
    retained: bool


class MqttLine(ListeningLine):
    """A subscription that survives both sides' restarts.

    The broker keeps a message until it was acknowledged, and that is after it is on disk: each
    comes at least once. When it cannot be stored the network thread waits, so that the broker
    keeps the rest. Reconnecting is the library's work.
    """

    _client: mqtt.Client | None = None
    _consumer: asyncio.Task | None = None
    _closing = False
    _refused = False

    @property
    def is_open(self) -> bool:
        """Whether the client runs; ``health.problem`` tells whether it is connected."""
        return self._client is not None

    async def open(self) -> None:
        """Start the client; raises LinkError for what no reconnection will mend."""
        settings, line = self.settings, self.line
        client = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2,
            client_id=settings["client_id"] or f"actwin-{line.key}",
            clean_session=False,
            manual_ack=True,
        )
        self._secure(client)
        self._loop = asyncio.get_running_loop()
        self._room = threading.Semaphore(_ROOM)
        self._arrived: asyncio.Queue[_Message] = asyncio.Queue()
        self._closing = False
        client.on_connect = self._on_connect
        client.on_connect_fail = lambda *_: self._tell("cannot be reached", "link_failed")
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.reconnect_delay_set(1, _SLOWEST_RECONNECT)
        client.connect_async(line.host, line.port, settings["keepalive_seconds"])
        client.loop_start()
        self._client = client
        self._consumer = asyncio.create_task(self._consume(client))

    async def close(self) -> None:
        """Disconnect; what is not acknowledged stays with the broker."""
        client, self._client = self._client, None
        consumer, self._consumer = self._consumer, None
        self._closing = True
        if consumer is not None:
            consumer.cancel()
            await asyncio.gather(consumer, return_exceptions=True)
        if client is not None:
            client.disconnect()
            await in_thread(client.loop_stop)

    def _secure(self, client: mqtt.Client) -> None:
        settings = self.settings
        if settings["user"]:
            client.username_pw_set(settings["user"], self.line.secret or None)
        if not settings["tls"]:
            return
        try:
            client.tls_set(
                ca_certs=settings["ca_file"] or None,
                certfile=settings["cert_file"] or None,
                keyfile=settings["key_file"] or None,
            )
        except (OSError, ValueError) as error:
            raise LinkError(f"TLS of line {self.line.key}: {error}", "bad_tls") from error

    # The library calls these in its own thread.

    def _on_connect(self, client, userdata, flags, reason, properties) -> None:
        if reason.is_failure:
            self._refused = True
            self._tell(f"refuses: {reason}", "mqtt_refused")
            return
        self._refused = False
        client.subscribe([(topic, self.settings["qos"]) for topic in self.settings["topics"]])

    def _on_subscribe(self, client, userdata, mid, reasons, properties) -> None:
        self._loop.call_soon_threadsafe(self._connected, 1)
        for topic, reason in zip(self.settings["topics"], reasons, strict=False):
            if reason.is_failure:
                self._tell(f"refuses {topic}: {reason}", "mqtt_refused")

    def _on_disconnect(self, client, userdata, flags, reason, properties) -> None:
        self._loop.call_soon_threadsafe(self._connected, 0)
        if not self._closing and not self._refused:
            self._tell(f"hung up: {reason}", "link_failed")

    def _on_message(self, client, userdata, message: mqtt.MQTTMessage) -> None:
        # Waiting here is felt by the broker, which then keeps what it has.
        while not self._room.acquire(timeout=0.5):
            if self._closing:
                return
        item = _Message(
            message.topic, message.payload, message.mid, message.qos, message.retain
        )
        self._loop.call_soon_threadsafe(self._arrived.put_nowait, item)

    def _connected(self, count: int) -> None:
        self.health.connections = count
        if count:
            self.health.problem = ""

    def _tell(self, text: str, code: str) -> None:
        error = LinkError(f"broker {self.line.host}:{self.line.port} {text}", code)
        self._loop.call_soon_threadsafe(self.health.note, error)
        _log.warning("line %s: %s", self.line.key, error.message)

    async def _consume(self, client: mqtt.Client) -> None:
        source = Source(self.line, self.health)
        cutter = Cutter(source, self.drivers, self.tools.intake)
        while True:
            message = await self._arrived.get()
            try:
                await self._take(message, cutter)
            except Exception as error:
                # A message that breaks us would come again and again: it is put aside.
                _log.exception("line %s: a message of %s", self.line.key, message.topic)
                await self._bury(message, error)
            client.ack(message.mid, message.qos)
            self._room.release()

    async def _bury(self, message: _Message, error: Exception) -> None:
        source = Source(self.line, self.health, message.topic)
        while True:
            try:
                await self.tools.intake.bury(source, message.payload, error)
                return
            except CollectorError as refusal:
                self.health.errors[refusal.code] += 1
                await asyncio.sleep(STORE_RETRY_SECONDS)

    async def _take(self, message: _Message, cutter: Cutter) -> None:
        if message.retained and not self.settings["retained"]:
            # It was published some time ago, for all we know last year.
            self.health.errors["retained"] += 1
            return
        try:
            if len(message.payload) > self.settings["max_body"]:
                raise ProtocolError(f"{len(message.payload)} bytes", "oversized")
            bodies = unwrap(self.settings, message.payload)
        except CollectorError as error:
            self.health.errors[error.code] += 1
            return
        cutter.source = Source(self.line, self.health, message.topic)
        messages, failures = [], []
        for body in bodies:
            messages += cutter.message(body, message.topic)
            failures += cutter.failures
        if not messages and not failures:
            self.health.errors["nothing_heard"] += 1
        while messages:
            try:
                await cutter.take(messages[:1])
                messages = messages[1:]
            except CollectorError as error:
                self.health.errors[error.code] += 1
                await asyncio.sleep(STORE_RETRY_SECONDS)
        if failures:
            raise failures[0]
