# SPDX-License-Identifier: MIT
"""Concentrators and gateways that deliver JSON: what stands where is described as data."""

from .driver import JsonDriver

__all__ = ["JsonDriver"]
