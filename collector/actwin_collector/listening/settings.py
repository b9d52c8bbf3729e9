# SPDX-License-Identifier: MIT
"""What ``LineSpec.settings`` may hold for each kind of line, with a help text for each key.

Keys that are not here belong to the drivers that listen on the line.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence

from ..fields import Field, Problems, parse_table
from ..model import LineSpec

STREAMS = ("serial", "tcp", "rtu_tcp", "replay")
KINDS = (*STREAMS, "udp", "dialin", "mqtt", "http")

_ALLOW = Field(list, (), help="networks that may send, as 10.0.0.0/8; empty: any")
_BODY = {
    "body": Field(
        str, "raw", choices=("raw", "hex", "json"),
        help="what a message is: as the driver takes it, hex text, or JSON with bytes in `field`",
    ),
    "field": Field(str, "telegram", help="where the bytes stand in JSON, as payload.data"),
    "encoding": Field(str, "hex", choices=("hex", "base64"), help="of the bytes in JSON"),
}
_TLS_FILES = {
    "cert_file": Field(str, "", help="PEM of our certificate"),
    "key_file": Field(str, "", help="PEM of its key"),
}
_STREAM = {
    "listen": Field(bool, False, help="hear pushes of devices that are polled as well"),
}
TABLES: Mapping[str, Mapping[str, Field]] = {
    "serial": _STREAM,
    "tcp": _STREAM,
    "rtu_tcp": _STREAM,
    "replay": _STREAM,
    "udp": {
        "bind_host": Field(str, "127.0.0.1", help="address to hear datagrams on"),
        "bind_port": Field(
            int, 0, low=0, high=65535,
            help="port to hear datagrams on; 0: the line's port without a host, else only ask",
        ),
        "allow": _ALLOW,
    },
    "dialin": {
        "allow": _ALLOW,
        "max_connections": Field(int, 200, low=1, high=10_000, help="sockets at once"),
        "hello": Field(
            str, "", help="pattern of a modem's greeting; its group (?P<modem>…) names the modem"
        ),
        "hello_seconds": Field(
            float, 30.0, low=0.1, high=600, help="how long a caller may take to say who it is"
        ),
        "hello_bytes": Field(int, 512, low=8, high=65536, help="longest greeting"),
        "heartbeat": Field(str, "", help="pattern of a modem's sign of life"),
        "heartbeat_answer": Field(str, "", help=r"what it is answered, as OK\r\n or \x06"),
        "idle_seconds": Field(
            float, 0.0, low=0, high=86400,
            help="silence after which a socket is closed; 0: two of its devices' periods, at least"
            " 15 minutes",
        ),
        "keepalive_seconds": Field(
            int, 60, low=1, high=7200, help="pause between TCP's own signs of life"
        ),
    },
    "mqtt": {
        "topics": Field(list, help="subscriptions, as meters/+/up"),
        "client_id": Field(str, "", help="name at the broker; empty: actwin- and the line's key"),
        "qos": Field(int, 1, choices=(0, 1, 2), help="quality of service; 0 may lose messages"),
        "user": Field(str, "", help="user at the broker; the password is the line's secret"),
        "tls": Field(bool, False, help="encrypt, and check the broker's certificate"),
        "ca_file": Field(str, "", help="PEM of a private certificate authority"),
        "keepalive_seconds": Field(int, 60, low=5, high=3600, help="pause between signs of life"),
        "max_body": Field(int, 1_048_576, low=16, high=67_108_864, help="bytes of a message"),
        "retained": Field(bool, False, help="also take what the broker had kept: old values"),
        **_TLS_FILES,
        **_BODY,
    },
    "http": {
        "path": Field(str, "/push", help="where meters or gateways POST"),
        "auth": Field(
            str, "bearer", choices=("bearer", "hmac", "none"),
            help="how a sender proves itself by the line's secret",
        ),
        "header": Field(
            str, "X-Signature", help="where hmac finds the hex SHA-256 of the body"
        ),
        "max_body": Field(int, 1_048_576, low=16, high=67_108_864, help="bytes of a message"),
        "max_connections": Field(int, 200, low=1, high=10_000, help="senders at once"),
        "allow": _ALLOW,
        **_TLS_FILES,
        **_BODY,
    },
}


def settings_of(line: LineSpec) -> dict:
    """Return the kind's settings of a checked line, with defaults."""
    return parse_table(line.settings, TABLES.get(line.kind, {}), "", Problems(), strict=False)


def bind_port_of(line: LineSpec) -> int:
    """Return the port on which a UDP line hears datagrams, 0 when it only asks."""
    return settings_of(line)["bind_port"] or (0 if line.host else line.port)


def check_settings(line: LineSpec, path: str, problems: Problems) -> None:
    """Add every mistake in the settings of a line."""
    where = f"{path}.settings"
    values = parse_table(
        line.settings, TABLES.get(line.kind, {}), where, problems, strict=False
    )
    _check_networks(values.get("allow", ()), f"{where}.allow", problems)
    for key in ("hello", "heartbeat"):
        _check_pattern(values.get(key, ""), f"{where}.{key}", problems)
    check = _CHECKS.get(line.kind)
    if check:
        check(line, values, path, problems)


def _check_networks(allow: Sequence, path: str, problems: Problems) -> None:
    for at, text in enumerate(allow):
        try:
            ipaddress.ip_network(str(text))  # a number would be taken for an address
        except ValueError as error:
            problems.add(f"{path}[{at}]", str(error))


def _check_pattern(pattern: str, path: str, problems: Problems) -> None:
    try:
        re.compile(pattern.encode("latin-1"))
    except (re.error, UnicodeEncodeError) as error:
        problems.add(path, f"is no regular expression: {error}")


def _check_udp(line: LineSpec, values: Mapping, path: str, problems: Problems) -> None:
    if not line.port and (line.host or not values["bind_port"]):
        problems.add(f"{path}.port", "is required for a udp line")


def _check_dialin(line: LineSpec, values: Mapping, path: str, problems: Problems) -> None:
    pattern = values["hello"]
    _check_pair(values, "heartbeat_answer", "heartbeat", path, problems)
    if pattern and "(?P<modem>" not in pattern:
        problems.add(f"{path}.settings.hello", "needs a group (?P<modem>…) that names the modem")


def _check_mqtt(line: LineSpec, values: Mapping, path: str, problems: Problems) -> None:
    if not line.host:
        problems.add(f"{path}.host", "is required for a mqtt line: the broker")
    if line.settings.get("topics") == []:
        problems.add(f"{path}.settings.topics", "needs a topic")
    for at, topic in enumerate(values["topics"]):
        if not isinstance(topic, str) or not topic:
            problems.add(f"{path}.settings.topics[{at}]", f"{topic!r} is not a topic")
    _check_pair(values, "key_file", "cert_file", path, problems)


def _check_http(line: LineSpec, values: Mapping, path: str, problems: Problems) -> None:
    if values["auth"] != "none" and not line.secret:
        problems.add(f"{path}.secret", f"is required for settings.auth = {values['auth']!r}")
    if not values["path"].startswith("/"):
        problems.add(f"{path}.settings.path", "must begin with /")
    _check_pair(values, "key_file", "cert_file", path, problems)
    _check_pair(values, "cert_file", "key_file", path, problems)


def _check_pair(
    values: Mapping, key: str, needs: str, path: str, problems: Problems
) -> None:
    if values[key] and not values[needs]:
        problems.add(f"{path}.settings.{needs}", f"is required beside {key}")


_CHECKS = {
    "udp": _check_udp,
    "dialin": _check_dialin,
    "mqtt": _check_mqtt,
    "http": _check_http,
}
