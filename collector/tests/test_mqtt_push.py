# SPDX-License-Identifier: MIT
"""Pushes through a real broker, Debian's mosquitto."""
import asyncio
import shutil
import subprocess

import pytest
from paho.mqtt import publish
from push_support import Field, device, free_port, line, until
from test_http_push import make_certificate

from actwin_collector.outbox_schema import OutboxFull

PASSWORD = "broker-word"


class Broker:
    def __init__(self, folder, *extra):
        self.port = free_port()
        self.folder = folder
        self.process = None
        passwords = folder / "passwords"
        passwords.touch(0o600)
        subprocess.run(
            ["mosquitto_passwd", "-b", passwords, "u", PASSWORD], check=True, capture_output=True
        )
        self.config = folder / "mosquitto.conf"
        self.config.write_text("\n".join([
            f"listener {self.port} 127.0.0.1", "allow_anonymous false", "user root",
            f"password_file {passwords}", "persistence true", "autosave_interval 1",
            f"persistence_location {folder}/", "log_type none", *extra, "",
        ]))

    async def start(self):
        binary = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
        self.process = subprocess.Popen([binary, "-c", self.config], stderr=subprocess.DEVNULL)
        for _ in range(200):
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                writer.close()
                return
            except OSError:
                await asyncio.sleep(0.02)
        raise AssertionError("the broker does not start")

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(5)
            self.process = None

    async def publish(self, topic, *payloads, retain=False):
        messages = [(topic, payload, 1, retain) for payload in payloads]
        await asyncio.to_thread(
            publish.multiple, messages, "127.0.0.1", self.port,
            auth={"username": "u", "password": PASSWORD},
        )


def subscribed(tmp_path, scenario, password=PASSWORD, extra=(), port=0, **settings):
    async def go():
        broker = Broker(tmp_path, *extra)
        await broker.start()
        settings.setdefault("topics", ["meters/+/up"])
        lines = [
            line(
                "mqtt", host="localhost", port=port or broker.port, secret=password,
                settings={"user": "u", **settings},
            )
        ]
        field = Field(lines, [device("M1")], tmp_path)
        try:
            async with field:
                await scenario(field, broker)
        finally:
            broker.stop()

    asyncio.run(go())


async def ready(field):
    """Wait for the subscription: without a session the broker keeps nothing for us."""
    await until(lambda: field.health().connections)


def test_what_is_published_is_stored(tmp_path):
    async def scenario(field, broker):
        await ready(field)
        await broker.publish("meters/1/up", "@M1 5")
        await broker.publish("other/1", "@M1 6")
        await until(lambda: field.state("M1").health.ok)
        await field.next_slot()
        assert field.stored("M1") == [(900, "5")]

    subscribed(tmp_path, scenario)


def test_a_message_is_acknowledged_only_when_it_is_on_disk(tmp_path):
    async def scenario(field, broker):
        await ready(field)
        field.store.error = OutboxFull("no room")
        await broker.publish("meters/1/up", "@M1 5 n=1")
        await until(lambda: field.health().errors["outbox_full"])
        await field.scheduler.stop()  # as a crash: nothing was acknowledged
        assert field.store.memory == {}
        field.driver.counters.clear()
        field.store.error = None
        again = Field([], [], tmp_path)
        again.site, again.driver = field.site, field.driver
        async with again:
            await until(lambda: again.store.memory)
            assert '"5"' in again.store.memory["M1"].notes

    subscribed(tmp_path, scenario)


def test_what_is_published_while_the_collector_is_away_comes_later(tmp_path):
    async def scenario(field, broker):
        await ready(field)
        await field.scheduler.stop()
        await broker.publish("meters/1/up", "@M1 8")
        await field.scheduler.apply(field.site, {})
        await until(lambda: field.state("M1").health.ok)

    subscribed(tmp_path, scenario)


def test_a_broker_that_restarts_is_found_again(tmp_path):
    async def scenario(field, broker):
        await ready(field)
        broker.stop()
        await until(lambda: field.health().problem)
        assert field.health().errors["link_failed"] >= 1
        await broker.start()
        await until(lambda: not field.health().problem)
        await ready(field)
        await broker.publish("meters/1/up", "@M1 8")
        await until(lambda: field.state("M1").health.ok)

    subscribed(tmp_path, scenario)


def test_a_wrong_password_is_named(tmp_path):
    async def scenario(field, broker):
        await until(lambda: field.health().errors["mqtt_refused"])
        assert "mqtt_refused" in field.health().problem
        assert PASSWORD not in field.health().problem

    subscribed(tmp_path, scenario, password="wrong")


@pytest.mark.parametrize("trusted", [True, False])
def test_the_brokers_certificate_is_checked(tmp_path, trusted):
    make_certificate(tmp_path)
    port = free_port()

    async def scenario(field, broker):
        if not trusted:
            await until(lambda: field.health().errors["link_failed"])
            assert not field.health().connections
            return
        await ready(field)
        await broker.publish("meters/1/up", "@M1 8")
        await until(lambda: field.state("M1").health.ok)

    extra = (
        f"listener {port} 127.0.0.1", f"certfile {tmp_path}/cert.pem",
        f"keyfile {tmp_path}/key.pem",
    )
    ca_file = str(tmp_path / "cert.pem") if trusted else ""
    subscribed(tmp_path, scenario, extra=extra, port=port, tls=True, ca_file=ca_file)


def test_files_for_tls_that_are_not_there_are_named(tmp_path):
    async def scenario(field, broker):
        await until(lambda: field.health().errors["bad_tls"])
        assert field.health().problem.startswith("bad_tls: TLS of line L1")

    subscribed(tmp_path, scenario, tls=True, ca_file=str(tmp_path / "none.pem"))


def test_old_values_that_the_broker_kept_are_no_readings(tmp_path):
    async def scenario(field, broker):
        await ready(field)
        await field.scheduler.stop()
        await broker.publish("meters/2/up", "@M1 1", retain=True)
        field.site.lines["L1"].settings["client_id"] = "new"
        await field.scheduler.apply(field.site, {})
        await until(lambda: field.health().errors["retained"])
        assert field.state("M1").health.ok == 0

    subscribed(tmp_path, scenario)


def test_garbage_is_counted_and_not_sent_again(tmp_path):
    async def scenario(field, broker):
        await ready(field)
        await broker.publish("meters/1/up", "zz")
        await broker.publish("meters/1/up", b"noise".hex())
        await broker.publish("meters/1/up", "40" * 600)
        await broker.publish("meters/1/up", b"@X9 5".hex())
        await broker.publish("meters/1/up", b"@M1 5".hex())
        await until(lambda: field.state("M1").health.ok)
        errors = field.health().errors
        assert (errors["bad_body"], errors["nothing_heard"], errors["oversized"]) == (1, 1, 1)
        assert field.scheduler.unassigned.listed()[0].where == "meters/1/up"

    subscribed(tmp_path, scenario, body="hex", max_body=1000)


def test_a_backlog_is_taken_in_order(tmp_path):
    async def scenario(field, broker):
        await ready(field)
        texts = [f"@M1 {number} n={number}" for number in range(1, 301)]
        await broker.publish("meters/1/up", *texts)
        await until(lambda: field.state("M1").health.ok == 300)
        assert field.errors("M1") == {}

    subscribed(tmp_path, scenario)
