# SPDX-License-Identifier: MIT
"""Two clients that are not ours, gurux-dlms and dlms-cosem, read our simulated meter."""

from __future__ import annotations

import contextlib
import io
import itertools
import logging
import re
import socket
from datetime import timedelta

import pytest
import structlog
from dlms_cosem import cosem, enumerations, utils
from dlms_cosem.client import DlmsClient
from dlms_cosem.cosem.selective_access import CaptureObject, RangeDescriptor
from dlms_cosem.io import BlockingTcpIO, HdlcTransport, TcpTransport
from dlms_cosem.security import (
    HighLevelSecurityGmacAuthentication,
    LowLevelSecurityAuthentication,
    NoSecurityAuthentication,
)
from dlms_rig import GUARDED, NOW, PASSWORD, at, meters, serving
from dlms_support import CLIENT, KEYS, running_meter
from gurux_dlms import GXByteBuffer, GXReplyData
from gurux_dlms.enums import Authentication, InterfaceType, Security
from gurux_dlms.GXDLMSException import GXDLMSException
from gurux_dlms.objects import GXDLMSData, GXDLMSProfileGeneric, GXDLMSRegister
from gurux_dlms.objects.enums import SecuritySuite
from gurux_dlms.secure import GXDLMSSecureClient

from actwin_collector.protocol.dlms import DlmsDriver, guard  # noqa: F401 - makes gurux-dlms verify and hush
from actwin_collector.protocol.dlms.cosem import parse_name

structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
FRAMINGS = ("wrapper", "hdlc")


class Gurux:
    """gurux-dlms on a socket; ``kind`` is none, low, gmac or low-ciphered."""

    def __init__(self, address: str, framing: str, kind: str, suite: int = 0, **changes) -> None:
        mechanism = {"none": Authentication.NONE, "gmac": Authentication.HIGH_GMAC}.get(
            kind, Authentication.LOW
        )
        interface = InterfaceType.HDLC if framing == "hdlc" else InterfaceType.WRAPPER
        sap = 16 if kind == "none" else 1
        self.client = GXDLMSSecureClient(
            True, sap, 1, mechanism, changes.get("password", PASSWORD), interface
        )
        if kind in ("gmac", "low-ciphered"):
            cipher = self.client.ciphering
            cipher.systemTitle = bytearray(CLIENT)
            cipher.blockCipherKey = bytearray(changes.get("key", KEYS.encryption))
            cipher.authenticationKey = bytearray(changes.get("auth", KEYS.authentication))
            cipher.security = Security.AUTHENTICATION_ENCRYPTION
            cipher.securitySuite = SecuritySuite(suite)
            cipher.invocationCounter = changes.get("counter", 1000)
        self.record: list[list[str]] = []
        host, _, port = address.partition(":")
        self._socket = socket.create_connection((host, int(port)), 5)

    def __enter__(self) -> Gurux:
        client = self.client
        request = client.snrmRequest()
        if request:
            client.parseUAResponse(self.ask(request).data)
        client.parseAareResponse(self.ask(client.aarqRequest()).data)
        if client.isAuthenticationRequired:
            answer = self.ask(client.getApplicationAssociationRequest())
            client.parseApplicationAssociationResponse(answer.data)
        return self

    def __exit__(self, *_) -> None:
        self._socket.close()

    def ask(self, messages) -> GXReplyData:
        reply = GXReplyData()
        for message in messages if isinstance(messages, list) else [messages]:
            reply.clear()
            self._exchange(message, reply)
            while reply.isMoreData():
                self._exchange(self.client.receiverReady(reply), reply)
        if reply.error:
            raise GXDLMSException(reply.error)
        return reply

    def _exchange(self, message, reply) -> None:
        self._socket.sendall(bytes(message))
        buffer, notify, got = GXByteBuffer(), GXReplyData(), b""
        while not self.client.getData(buffer, reply, notify):
            data = self._socket.recv(4096)
            assert data, "the meter hung up"
            buffer.set(data)
            got += data
        self.record += [["client", bytes(message).hex()], ["server", got.hex()]]

    def read(self, thing, attribute: int):
        reply = self.ask(self.client.read(thing, attribute))
        return self.client.updateValue(thing, attribute, reply.value)

    def profile(self) -> GXDLMSProfileGeneric:
        found = GXDLMSProfileGeneric("1.0.99.1.0.255")
        self.read(found, 3)
        return found

    def rows(self, profile, request) -> list:
        profile.buffer = []
        self.client.updateValue(profile, 2, self.ask(request).value)
        return profile.buffer


def all_of(framing: str, **settings):
    found = meters({"framing": framing, **settings})
    return found[0].model, serving(found)


@pytest.mark.parametrize("framing", FRAMINGS)
@pytest.mark.parametrize(
    ("kind", "suite"),
    [("none", 0), ("low", 0), ("gmac", 0), ("gmac", 1), ("low-ciphered", 0), ("low-ciphered", 1)],
)
def test_gurux_reads_register_objects_and_profile(framing, kind, suite):
    model, running = all_of(framing, suite=suite, **({} if kind == "none" else GUARDED))
    with running as address, Gurux(address, framing, kind, suite) as peer:
        register = GXDLMSRegister("1.0.1.8.0.255")
        peer.read(register, 3)
        assert peer.read(register, 2) == model.scaled("1.8.0", NOW)
        listed = peer.client.parseObjects(peer.ask(peer.client.getObjectsRequest()).data, True)
        assert {str(each.logicalName) for each in listed} >= {"1.0.1.8.0.255", "1.0.99.1.0.255"}
        profile = peer.profile()
        assert [str(column[0].logicalName) for column in profile.captureObjects][:3] == [
            "0.0.1.0.0.255", "0.0.96.10.1.255", "1.0.1.8.0.255"
        ]  # fmt: skip
        start, end = at("2026-09-14T00:15"), at("2026-09-15T00:00")
        rows = peer.rows(profile, peer.client.readRowsByRange(profile, start, end))
        assert len(rows) == 96
        assert rows[-1][2] == model.scaled("1.8.0", int(end.timestamp()))
        assert rows[0][0].value.astimezone(start.tzinfo) == start
        few = peer.rows(profile, peer.client.readRowsByEntry(profile, 5, 3))
        first = int(at("2026-08-01T00:15").timestamp())
        assert [row[2] for row in few] == [
            model.scaled("1.8.0", first + number * 900) for number in (4, 5, 6)
        ]


@pytest.mark.parametrize("framing", FRAMINGS)
def test_a_ciphered_dialogue_of_two_foreign_programs_is_decoded_from_its_record(framing):
    with (
        running_meter(framing) as (_, address),
        Gurux(address, framing, "gmac", counter=5000) as peer,
    ):
        register, profile = GXDLMSRegister("1.0.1.8.0.255"), peer.profile()
        peer.read(register, 3)
        value = peer.read(register, 2)
        rows = peer.rows(profile, peer.client.readRowsByEntry(profile, 1, 96))
        peer.ask(peer.client.releaseRequest())
    keys = {
        "encryption_key": KEYS.encryption.hex(),
        "authentication_key": KEYS.authentication.hex(),
    }
    found = DlmsDriver.decode({"frames": peer.record, **keys})
    assert found.meter.extra["authentication"] == "verified"
    by_name = {record.obis: record for record in found.records if record.ts is None}
    assert (by_name["1.0.1.8.0.255"].value, by_name["1.0.1.8.0.255"].unit) == (value, "Wh")
    assert [r.value for r in found.records if r.ts] == [row[1] for row in rows]


def test_gurux_reads_several_attributes_at_once():
    model, running = all_of("wrapper")
    with running as address, Gurux(address, "wrapper", "none") as peer:
        wanted = [(GXDLMSRegister(f"1.0.{code}.255"), 2) for code in ("1.8.0", "1.8.1", "1.8.2")]
        reply = GXReplyData()
        for message in itertools.chain(*peer.client.readList(wanted)):
            peer._exchange(message, reply)
        assert [int(value) for value in reply.value] == [
            model.scaled(code, NOW) for code in ("1.8.0", "1.8.1", "1.8.2")
        ]


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("low", {"password": "wrong"}),
        ("gmac", {"key": bytes(16)}),
        ("gmac", {"auth": bytes(16)}),
        ("gmac", {"counter": 0}),
    ],
)
def test_gurux_is_refused_with_wrong_secrets(kind, changes):
    model, running = all_of("wrapper", **GUARDED)
    model.received_counter = 50
    with running as address, pytest.raises(Exception) as caught:  # noqa: PT011, B017
        Gurux(address, "wrapper", kind, **changes).__enter__()
    assert not isinstance(caught.value, AssertionError)


def test_public_client_of_a_guarded_meter_sees_the_counter_and_no_value():
    model, running = all_of("wrapper", **GUARDED)
    model.received_counter = 4711
    with running as address, Gurux(address, "wrapper", "none") as peer:
        assert peer.read(GXDLMSData("0.0.43.1.0.255"), 2) == 4711
        with pytest.raises(GXDLMSException):
            peer.read(GXDLMSRegister("1.0.1.8.0.255"), 2)


class Hdlc(HdlcTransport):
    """Theirs waits for more where a checksum ends in 7E; this gives it a frame 7E by 7E.

    What the frame says is theirs to find.
    """

    def recv_frame(self) -> bytes:
        pieces = self.__dict__.setdefault("pieces", [])
        if not pieces:
            head = self.io.recv(3)
            rest = self.io.recv(((head[1] & 7) << 8 | head[2]) - 1)
            pieces += re.findall(rb"[^~]*~", (head + rest)[1:])
            pieces[0] = head[:1] + pieces[0]
        return pieces.pop(0)


def cosem_client(address: str, framing: str, kind: str, **changes) -> DlmsClient:
    host, _, port = address.partition(":")
    io_ = BlockingTcpIO(host, int(port))
    sap = 16 if kind == "none" else 1
    if framing == "hdlc":
        transport = Hdlc(client_logical_address=sap, server_logical_address=1, io=io_)
    else:
        transport = TcpTransport(client_logical_address=sap, server_logical_address=1, io=io_)
    authentication = {
        "none": NoSecurityAuthentication,
        "low": lambda: LowLevelSecurityAuthentication(changes.get("password", PASSWORD).encode()),
        "gmac": lambda: HighLevelSecurityGmacAuthentication(challenge_length=32),
    }[kind]()
    keys = {}
    if kind == "gmac":
        keys = {
            "encryption_key": changes.get("key", KEYS.encryption),
            "authentication_key": KEYS.authentication,
            "client_system_title": CLIENT,
            "client_initial_invocation_counter": 1000,
        }
    return DlmsClient(transport=transport, authentication=authentication, **keys)


def attribute(code: str, number: int, interface="REGISTER") -> cosem.CosemAttribute:
    return cosem.CosemAttribute(
        interface=getattr(enumerations.CosemInterface, interface),
        instance=cosem.Obis(*parse_name(code)),
        attribute=number,
    )


@pytest.mark.parametrize("framing", FRAMINGS)
@pytest.mark.parametrize("kind", ["none", "low", "gmac"])
def test_dlms_cosem_reads_register_and_profile(framing, kind):
    model, running = all_of(framing, **({} if kind == "none" else GUARDED))
    with running as address, contextlib.redirect_stdout(io.StringIO()):
        client = cosem_client(address, framing, kind)
        with client.session() as session:
            value = utils.parse_as_dlms_data(session.get(attribute("1.8.0", 2)))
            assert value == model.scaled("1.8.0", NOW)
            end = at("2026-09-15T00:00") + timedelta(hours=3)
            selection = RangeDescriptor(
                restricting_object=CaptureObject(
                    cosem_attribute=attribute("0.0.1.0.0.255", 2, "CLOCK"), data_index=0
                ),
                from_value=end - timedelta(days=2),
                to_value=end,
            )
            wanted = attribute("1.0.99.1.0.255", 2, "PROFILE_GENERIC")
            rows = utils.parse_as_dlms_data(session.get(wanted, selection))
            assert len(rows) >= 180
            assert rows[-1][2] > rows[0][2] > 0


def test_dlms_cosem_is_refused_with_a_wrong_password():
    _, running = all_of("wrapper", **GUARDED)
    with running as address, pytest.raises(Exception) as caught:  # noqa: PT011, B017
        client = cosem_client(address, "wrapper", "low", password="wrong")
        client.connect()
        client.associate()
    assert not isinstance(caught.value, AssertionError)
