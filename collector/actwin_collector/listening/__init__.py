# SPDX-License-Identifier: MIT
"""What meters send by themselves: heard, opened, merged with polls, and stored."""
