# SPDX-License-Identifier: MIT
"""Wired M-Bus (EN 13757-2 and -3): link layer, headers, records, driver."""

from .driver import MbusDriver

__all__ = ["MbusDriver"]
