# SPDX-License-Identifier: MIT
"""Frames as they went over a line: kept in files, told in words, played again."""
