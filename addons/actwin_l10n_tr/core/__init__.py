"""Rules of the Turkish e-invoice in plain Python: nothing here imports Odoo."""
