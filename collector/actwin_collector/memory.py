# SPDX-License-Identifier: MIT
"""What is known of a device beside its readings, and must be known again after a restart."""

from __future__ import annotations

from dataclasses import dataclass

from .gaps import Span


@dataclass(frozen=True, slots=True)
class Kept:
    """``gaps``: spans of missing slots; ``notes``: JSON of the slot in progress and the like."""

    gaps: tuple[Span, ...] = ()
    notes: str = ""
