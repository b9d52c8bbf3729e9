# SPDX-License-Identifier: MIT
"""POSTs from a real HTTP client (http.client), also damaged ones from a plain socket."""
import asyncio
import base64
import hashlib
import hmac
import http.client
import json
import socket
import ssl
import subprocess

import pytest
from push_support import Field, device, free_port, line, until

from actwin_collector.outbox_schema import OutboxFull

TOKEN = {"Authorization": "Bearer s3cret"}


def served(tmp_path, scenario, devices=None, **settings):
    async def go():
        port = free_port()
        lines = [line("http", port=port, secret="s3cret", settings=settings)]
        async with Field(lines, devices or [device("M1")], tmp_path) as field:
            await until(lambda: field.scheduler.listeners["L1"].is_open)
            field.port = port

            async def post(body, headers=None, path="/push", method="POST"):
                return await asyncio.to_thread(request, port, body, headers, path, method)

            await scenario(field, post)

    asyncio.run(go())


def request(port, body, headers=None, path="/push", method="POST", context=None):
    if context:
        client = http.client.HTTPSConnection("localhost", port, timeout=5, context=context)
    else:
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    client.request(method, path, body, TOKEN if headers is None else headers)
    answer = client.getresponse()
    found = answer.status, json.loads(answer.read()), answer.headers
    client.close()
    return found[:2] if answer.status != 503 else (found[0], found[1] | dict(found[2]))


def test_a_push_is_confirmed_when_it_is_on_disk(tmp_path):
    async def scenario(field, post):
        assert await post("@M1 5 n=1 ack") == (200, {"taken": 1, "replies": ["214d310a"]})
        assert '"5"' in field.store.memory["M1"].notes
        status, text = await post("@M1 4 n=1")
        assert (status, text["error"]) == (422, "replayed")
        await field.next_slot()
        assert field.stored("M1") == [(900, "5")]

    served(tmp_path, scenario)


def test_a_full_outbox_asks_the_sender_to_come_again(tmp_path):
    async def scenario(field, post):
        field.store.error = OutboxFull("no room")
        status, text = await post("@M1 5 n=1")
        assert (status, text["error"], text["Retry-After"]) == (503, "outbox_full", "30")
        field.store.error = None
        assert await post("@M1 5 n=1") == (200, {"duplicate": 1})
        assert '"5"' in field.store.memory["M1"].notes

    served(tmp_path, scenario)


@pytest.mark.parametrize(
    ("body", "options", "status", "code"),
    [
        ("rubbish", {}, 400, "nothing_heard"),
        ("", {}, 400, "nothing_heard"),
        ("@M1 5 key=x", {}, 422, "wrong_key"),
        ("@M1 5", {"headers": {}}, 401, "not_authorised"),
        ("@M1 5", {"headers": {"Authorization": "Bearer wrong"}}, 401, "not_authorised"),
        ("@M1 5", {"path": "/other"}, 404, "not_found"),
        ("@M1 5", {"method": "PUT"}, 405, "not_post"),
        ("x" * 2000, {}, 413, "oversized"),
    ],
)
def test_what_cannot_be_taken_is_answered_with_its_reason(tmp_path, body, options, status, code):
    async def scenario(field, post):
        got = await post(body, **options)
        assert (got[0], got[1]["error"]) == (status, code)
        errors = field.health().errors | field.state("M1").health.errors
        assert errors[code] == 1
        assert field.state("M1").health.ok == 0
        assert await post("@M1 5") == (200, {"taken": 1})  # the line goes on

    served(tmp_path, scenario, max_body=1000)


def test_a_meter_nobody_configured_is_accepted_and_kept_for_the_operator(tmp_path):
    async def scenario(field, post):
        assert await post("@X9 5") == (202, {"unassigned": 1})
        assert [each.sender for each in field.scheduler.unassigned.listed()] == ["X9"]

    served(tmp_path, scenario)


def test_the_body_may_be_signed_instead(tmp_path):
    async def scenario(field, post):
        sign = hmac.new(b"s3cret", b"@M1 5", hashlib.sha256).hexdigest()
        assert (await post("@M1 6", {"X-Sign": sign}))[0] == 401
        assert (await post("@M1 5", {}))[0] == 401
        assert (await post("@M1 5", {"X-Sign": f"sha256={sign}"}))[0] == 200

    served(tmp_path, scenario, auth="hmac", header="X-Sign")


@pytest.mark.parametrize(
    ("settings", "body"),
    [
        ({"body": "hex"}, b"@M1 5".hex() + "\n" + b"@M1 6".hex()),
        ({"body": "json", "field": "up.data"}, json.dumps([{"up": {"data": b"@M1 5".hex()}}])),
        (
            {"body": "json", "encoding": "base64"},
            json.dumps({"telegram": base64.b64encode(b"@M1 5").decode()}),
        ),
    ],
)
def test_bytes_may_be_wrapped(tmp_path, settings, body):
    async def scenario(field, post):
        assert (await post(body))[0] == 200
        assert field.state("M1").health.ok >= 1
        for rubbish in ("zz", "{", '{"telegram": 5}', '{"telegram": "zz"}', "[1]", "[" * 9000):
            status, text = await post(rubbish)
            assert (status, text["error"]) == (400, "bad_body")

    served(tmp_path, scenario, **settings)


def raw(port, data):
    with socket.create_connection(("127.0.0.1", port), timeout=5) as sock:
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
        answer = b""
        while part := sock.recv(4096):
            answer += part
    return answer


def test_damaged_requests_do_not_end_the_line(tmp_path):
    async def scenario(field, post):
        head = b"POST /push HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer s3cret\r\n"
        for data in (
            b"\x16\x03\x01\x00", b"GET\r\n\r\n", b"POST /push HTTP/9.9\r\n\r\n",
            head + b"Content-Length: x\r\n\r\n", head + b"Content-Length: 50\r\n\r\n@M1 5",
            b"POST /" + b"a" * 50_000, head + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        ):
            answer = await asyncio.to_thread(raw, field.port, data)
            assert answer == b"" or answer.startswith((b"HTTP/1.1 4", b"HTTP/1.1 5")), data
        chunked = head + b"Transfer-Encoding: chunked\r\n\r\n5\r\n@M1 5\r\n0\r\n\r\n"
        assert (await asyncio.to_thread(raw, field.port, chunked)).startswith(b"HTTP/1.1 200")
        endless = head + b"Transfer-Encoding: chunked\r\n\r\n" + b"3e8\r\n" + b"x" * 1000 + b"\r\n"
        endless += b"3e8\r\n" + b"x" * 1000
        assert (await asyncio.to_thread(raw, field.port, endless)).startswith(b"HTTP/1.1 413")

    served(tmp_path, scenario, max_body=1500)


def test_a_connection_may_carry_several_pushes(tmp_path):
    async def scenario(field, post):
        def work():
            client = http.client.HTTPConnection("127.0.0.1", field.port, timeout=5)
            for number in range(3):
                client.request("POST", "/push", f"@M1 {number}", TOKEN)
                assert json.loads(client.getresponse().read()) == {"taken": 1}
            client.close()

        await asyncio.to_thread(work)

    served(tmp_path, scenario)


def make_certificate(folder):
    """Give cert.pem and key.pem for localhost."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
         "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        check=True, capture_output=True,
    )


def test_tls_with_files(tmp_path):
    make_certificate(tmp_path)

    async def scenario(field, post):
        context = ssl.create_default_context(cafile=tmp_path / "cert.pem")
        got = await asyncio.to_thread(
            request, field.port, "@M1 5", None, "/push", "POST", context
        )
        assert got == (200, {"taken": 1})

    served(
        tmp_path, scenario,
        cert_file=str(tmp_path / "cert.pem"), key_file=str(tmp_path / "key.pem"),
    )
