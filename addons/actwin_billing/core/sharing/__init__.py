"""Shared costs: one sum, many units, to the kuruş. Decimal only, no Odoo, no third party."""
