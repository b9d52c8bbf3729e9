# SPDX-License-Identifier: MIT
"""Ways to deliver batches and to fetch configuration."""

from ..config import OdooSettings
from .base import Answer, Uplink, UplinkError
from .json2 import Json2Uplink
from .xmlrpc import XmlRpcUplink

__all__ = ["Answer", "Uplink", "UplinkError", "make_uplink"]

_TRANSPORTS = {"xmlrpc": XmlRpcUplink, "json2": Json2Uplink}


def make_uplink(odoo: OdooSettings) -> Uplink:
    """Return a closed uplink of the transport that the settings name."""
    return _TRANSPORTS[odoo.transport](odoo)
