# SPDX-License-Identifier: MIT
"""Ways to deliver batches and to fetch configuration."""
