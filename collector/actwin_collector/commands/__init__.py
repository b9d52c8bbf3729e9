# SPDX-License-Identifier: MIT
"""What people ask of a running collector from Odoo: fetched, done once, answered."""

from .commander import Commander

__all__ = ["Commander"]
