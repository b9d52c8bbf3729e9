# SPDX-License-Identifier: MIT
"""Meter protocols: each driver is a pure codec plus a dialogue over a link."""
