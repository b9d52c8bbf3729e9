"""Calculation core: plain facts in, one bill out. Decimal only, no Odoo, no third party.

Everything that prices (control invoice, command line, simulation) calls ``engine.price``.
"""
