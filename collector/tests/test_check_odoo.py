# SPDX-License-Identifier: MIT
"""Ways to Odoo that are wrong on purpose."""

from __future__ import annotations

import datetime
import http.server
import json
import socket
import ssl
import threading
from ipaddress import ip_address
from xmlrpc.client import Fault

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from fake_odoo import FakeOdoo
from line_meter import command, write_config


def finding(folder, config):
    """Run ``check --json``; returns the only finding about Odoo or the file."""
    done = command(folder, "check", "--config", config, "--json")
    assert done.returncode == 1, done.stderr
    (found,) = json.loads(done.stdout)["findings"]
    assert "secret-key" not in done.stdout
    return found


@pytest.fixture
def odoo():
    with FakeOdoo() as fake:
        yield fake


@pytest.fixture
def web_server():
    """A web server that is no Odoo."""
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler
    )
    server.RequestHandlerClass.log_message = lambda *_: None
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def changed(config, **values):
    text = config.read_text()
    for key, value in values.items():
        lines = [f'{key} = "{value}"' if line.startswith(f"{key} =") else line
                 for line in text.splitlines()]
        text = "\n".join(lines) + "\n"
    config.write_text(text)
    return config


def test_a_port_without_odoo(tmp_path, odoo):
    config = write_config(tmp_path, odoo)
    odoo.stop()
    found = finding(tmp_path, config)
    assert (found["code"], found["where"], found["key"]) == ("port_refused", "odoo", "url")


def test_a_name_nobody_knows(tmp_path, odoo):
    config = changed(write_config(tmp_path, odoo), url="http://odoo.invalid:8069")
    assert finding(tmp_path, config)["code"] == "host_unknown"


def test_a_wrong_key_is_told_from_a_wrong_collector(tmp_path, odoo):
    config = write_config(tmp_path, odoo)
    (tmp_path / "key").write_text("wrong-key-1")
    found = finding(tmp_path, config)
    assert (found["code"], found["key"]) == ("access_denied", "api_key_file")
    assert "wrong-key-1" not in json.dumps(found)


def test_an_unknown_collector(tmp_path, odoo, monkeypatch):
    def refuse(*_, **__):
        raise Fault(4, "There is no such collector for this user.")

    monkeypatch.setattr(odoo, "call", refuse)
    found = finding(tmp_path, write_config(tmp_path, odoo))
    assert (found["code"], found["key"]) == ("unknown_collector", "collector.code")


def test_a_database_that_does_not_exist(tmp_path, odoo):
    config = changed(write_config(tmp_path, odoo), transport="json2")
    config.write_text(config.read_text() + 'transport = "json2"\n')
    found = finding(tmp_path, changed(config, db="other"))
    assert (found["code"], found["key"]) == ("wrong_database", "db")


def test_a_web_server_that_is_no_odoo(tmp_path, odoo, web_server):
    url = f"http://127.0.0.1:{web_server.server_address[1]}"
    found = finding(tmp_path, changed(write_config(tmp_path, odoo), url=url))
    assert (found["code"], found["key"]) == ("not_odoo", "url")


def test_https_on_a_plain_port(tmp_path, odoo):
    url = odoo.url.replace("http://", "https://")
    found = finding(tmp_path, changed(write_config(tmp_path, odoo), url=url))
    assert found["code"] in ("tls_failed", "unreachable") and "http://" in found["change"]


@pytest.mark.parametrize(
    "names, code", [(["127.0.0.1"], "ca_file"), (["10.9.8.7"], "url")]
)
def test_a_certificate_that_is_not_trusted_or_for_another_name(tmp_path, odoo, names, code):
    pem = certificate(tmp_path, names)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    with context.wrap_socket(
        socket.create_server(("127.0.0.1", 0)), server_side=True
    ) as server:
        threading.Thread(target=_accept, args=(server,), daemon=True).start()
        config = changed(
            write_config(tmp_path, odoo), url=f"https://127.0.0.1:{server.getsockname()[1]}"
        )
        if code == "url":  # trusted, but of another machine
            config.write_text(config.read_text() + f'ca_file = "{pem}"\n')
        found = finding(tmp_path, config)
    assert (found["code"], found["key"]) == ("tls_untrusted", code)


def _accept(server):
    for _ in range(6):
        try:
            server.accept()[0].close()
        except OSError:
            continue


def certificate(folder, names):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name)
        .public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - datetime.timedelta(1)).not_valid_after(now + datetime.timedelta(1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address(n)) for n in names]), False
        )
        .add_extension(x509.BasicConstraints(True, None), True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path
