# SPDX-License-Identifier: MIT
"""Payloads described as data: where a number stands in some bytes, and what it means."""

from .language import Layout, parse_layouts
from .reader import read_layout

__all__ = ["Layout", "parse_layouts", "read_layout"]
