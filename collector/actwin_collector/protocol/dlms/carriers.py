# SPDX-License-Identifier: MIT
"""Which carrier a device's settings ask for."""

from __future__ import annotations

from ...channel.base import Link
from . import hdlc
from .carrier import Carrier, GatewayCarrier, WrapperCarrier
from .hdlc_carrier import HdlcCarrier, ModeECarrier
from .options import Options


def carrier_of(link: Link, options: Options, timeout: float) -> Carrier:
    """Return what carries the messages of one dialogue."""
    direct = _direct(link, options, timeout)
    if not options.gateway:
        return direct
    return GatewayCarrier(direct, options.gateway_network, options.gateway)


def _direct(link: Link, options: Options, timeout: float) -> Carrier:
    if options.framing == "wrapper":
        return WrapperCarrier(link, timeout, options.client, options.logical)
    server = hdlc.encode_address(options.logical, options.physical, options.address_size)
    parts = (link, timeout, options.client, server, options.max_info)
    return (
        ModeECarrier(*parts, address=options.mode_e_address)
        if options.mode_e
        else HdlcCarrier(*parts)
    )
