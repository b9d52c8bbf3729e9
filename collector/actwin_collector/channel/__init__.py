# SPDX-License-Identifier: MIT
"""Byte streams with timeouts, one file a medium."""
