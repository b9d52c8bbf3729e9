"""Formulas of virtual channels: checked, then evaluated with exact decimals. Plain Python."""
