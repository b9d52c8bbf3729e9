# SPDX-License-Identifier: MIT
"""Wireless M-Bus: radio frames, security, and the records of wired M-Bus."""

from .driver import WmbusDriver

__all__ = ["WmbusDriver"]
