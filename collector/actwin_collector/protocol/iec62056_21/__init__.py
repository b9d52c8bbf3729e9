# SPDX-License-Identifier: MIT
"""IEC 62056-21 (formerly IEC 1107): readouts of electricity, heat and other meters."""

from .driver import Iec62056Driver

__all__ = ["Iec62056Driver"]
