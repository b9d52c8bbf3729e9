"""Validation and estimation of readings: plain Decimals, nothing of Odoo or a database."""
