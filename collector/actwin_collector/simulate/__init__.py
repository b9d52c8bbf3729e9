# SPDX-License-Identifier: MIT
"""Simulated meters that speak real bytes over loopback sockets and ptys."""
