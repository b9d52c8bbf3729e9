# SPDX-License-Identifier: MIT
"""Actwin's site collector: meters on one side, Odoo's ingest on the other, an outbox between."""

__version__ = "19.0.1.0.0"
