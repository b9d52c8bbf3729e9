# SPDX-License-Identifier: MIT
"""Finds out why a device does not answer as it should, by safe questions in a bounded time.

Only reads are sent; no password or key but the device's own, and no more often than needed to tell
a wrong key from a wrong suite.
"""
