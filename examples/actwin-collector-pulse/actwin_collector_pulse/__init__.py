# SPDX-License-Identifier: MIT
"""Pulse counter modules for actwin-collector."""
