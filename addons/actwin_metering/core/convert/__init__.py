"""Conversion of what a meter counts into what is billed; plain Python, exact decimals."""
