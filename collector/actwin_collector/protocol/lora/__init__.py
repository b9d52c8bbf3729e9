# SPDX-License-Identifier: MIT
"""LoRaWAN: uplinks from network servers, and payload codecs as data."""

from .driver import LoraDriver

__all__ = ["LoraDriver"]
