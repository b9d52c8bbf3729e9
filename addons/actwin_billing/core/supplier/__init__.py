"""A supplier's bill checked against itself, our own readings and prices. Decimal, no Odoo."""
