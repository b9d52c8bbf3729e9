"""Energy balance arithmetic: plain Python, no Odoo import, no database."""
