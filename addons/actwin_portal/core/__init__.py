"""Months of consumption as a tenant sees them: plain Python, no Odoo import."""
