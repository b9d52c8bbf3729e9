# SPDX-License-Identifier: MIT
"""One module a command, found by name."""
