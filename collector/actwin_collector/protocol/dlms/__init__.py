# SPDX-License-Identifier: MIT
"""DLMS/COSEM over TCP wrapper and HDLC, pulled and pushed."""

from .driver import DlmsDriver

__all__ = ["DlmsDriver"]
