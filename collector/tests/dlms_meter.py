# SPDX-License-Identifier: MIT
"""A simulated DLMS meter by an independent implementation (pydlms), as a process of its own.

Run as a script, ``dlms_meter.py wrapper|hdlc [suite1] [push-HEX]``: prints its port and serves
until its input ends. It sends that notification, clear and sealed, before its first answer.
pydlms is GPL-3 and never imported by the collector or its tests, only here.
"""

from __future__ import annotations

import sys

ENCRYPTION = "00112233445566778899AABBCCDDEEFF"
AUTHENTICATION = "0F0E0D0C0B0A09080706050403020100"
PASSWORD = "secret12"


def main() -> None:
    """Serve the example meter with one client of each kind."""
    from pydlms.cosem.data import DlmsData
    from pydlms.security.hls import Mechanism
    from pydlms.security.suites import SecuritySuite
    from pydlms.simulator import ClientProfile, example_meter, serve

    meter = example_meter(
        encryption_key=bytes.fromhex(ENCRYPTION), authentication_key=bytes.fromhex(AUTHENTICATION)
    )
    secret = PASSWORD.encode()
    if "suite1" in sys.argv:
        meter.security.suite = SecuritySuite(1)
    meter.clients[1] = ClientProfile(Mechanism.HLS_GMAC, secret=None, ciphered=True)
    meter.clients[2] = ClientProfile(Mechanism.LLS, secret=secret, ciphered=False)
    meter.clients[3] = ClientProfile(Mechanism.LLS, secret=secret, ciphered=True)
    _demand(meter, DlmsData)
    for kind in [argument for argument in sys.argv if argument.startswith("push-")]:
        notification = bytes.fromhex(kind.partition("-")[2])
        meter.push_before_response(notification)
        meter.push_before_response(notification, protection="general-glo", hdlc_frame="i")
    server = serve(meter, "127.0.0.1", 0, hdlc=sys.argv[1] == "hdlc")
    print(server.server_address[1], flush=True)
    sys.stdin.read()


def _demand(meter, data) -> None:
    """Add a maximum demand (extended register) and an event log."""
    stamp = data.octet_string(bytes.fromhex("07E8040F010C1E0000FF4C00"))
    scale = data.structure([data.int8(-2), data.enum(27)])
    meter.add_object(4, "1.0.1.6.0.255", {2: data.uint32(123456), 3: scale, 5: stamp})
    meter.add_object(
        5, "1.0.1.4.0.255", {2: data.uint32(777), 3: data.uint32(888), 4: scale, 6: stamp}
    )
    columns = [
        data.structure(
            [data.uint16(kind), data.octet_string(bytes(name)), data.int8(2), data.uint16(0)]
        )
        for kind, name in ((8, (0, 0, 1, 0, 0, 255)), (1, (0, 0, 96, 11, 0, 255)))
    ]
    rows = [data.structure([stamp, data.uint8(code)]) for code in (1, 2, 255)]
    meter.add_object(
        7, "0.0.99.98.0.255", {2: data.array(rows), 3: data.array(columns), 7: data.uint32(3)}
    )


if __name__ == "__main__":
    main()
