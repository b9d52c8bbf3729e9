# SPDX-License-Identifier: MIT
"""The spans of time for which slots are missing."""

from __future__ import annotations

from collections.abc import Iterable

from .grids import Grid

Span = tuple[int, int]

# An outage is one span; so many of them are years of bad lines, and the oldest give way.
MOST_SPANS = 500


class Gaps:
    """Disjoint spans (start, end], ordered; the ends of missing slots lie in them."""

    def __init__(self, spans: Iterable[Span] = ()) -> None:
        self._spans: list[Span] = []
        for start, end in spans:
            self.add(start, end)

    def __bool__(self) -> bool:
        return bool(self._spans)

    def __contains__(self, instant: float) -> bool:
        return any(start < instant <= end for start, end in self._spans)

    @property
    def spans(self) -> tuple[Span, ...]:
        """All spans, oldest first."""
        return tuple(self._spans)

    def add(self, start: int, end: int) -> None:
        """Add a span; those it touches become one with it."""
        if start >= end:
            return
        apart = []
        for low, high in self._spans:
            if high < start or low > end:
                apart.append((low, high))
            else:
                start, end = min(start, low), max(end, high)
        self._spans = sorted([*apart, (start, end)])

    def remove(self, start: int, end: int) -> None:
        """Take (start, end] out."""
        kept: list[Span] = []
        for low, high in self._spans:
            for span in ((low, min(high, start)), (max(low, end), high)):
                if span[0] < span[1] and span not in kept:
                    kept.append(span)
        self._spans = kept

    def forget_before(self, instant: int) -> list[Span]:
        """Take out what ends before ``instant`` and what is too much; returns what was taken."""
        old = [span for span in self._spans if span[1] <= instant]
        old += [(low, instant) for low, high in self._spans if low < instant < high]
        old += [span for span in self._spans if span[1] > instant][:-MOST_SPANS]
        for span in old:
            self.remove(*span)
        return old

    def prune(self, grid: Grid) -> None:
        """Drop spans in which no slot of ``grid`` ends."""
        self._spans = [span for span in self._spans if grid.next_after(span[0]) <= span[1]]
