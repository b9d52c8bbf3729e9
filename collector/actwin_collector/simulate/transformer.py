# SPDX-License-Identifier: MIT
"""The main meter of a site: what its consumers use and what the transformer loses on the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import accumulate, pairwise

from .load import ACTIVE, Curve, Load


@dataclass(frozen=True, slots=True)
class TransformerSpec:
    """Losses of a transformer: ``no_load`` W always, ``load`` W at ``rated`` VA.

    On days of the month from ``unexplained_days[0]`` to ``[1]`` the main meter sees
    ``unexplained`` permille more than consumers and losses account for.
    """

    rated: int
    no_load: int
    load: int
    unexplained: int = 0
    unexplained_days: tuple[int, int] = (0, 0)


class MainLoad(Curve):
    """The main meter: all consumers, the transformer's losses, and what nobody can explain.

    Its registers count secondary units: primary energy divided by the ratio, cut to whole Wh, so
    that what the meter shows is exact by definition.
    """

    def __init__(
        self,
        children: Sequence[Load],
        transformer: TransformerSpec,
        ratio: int,
        opening: tuple[int, int, int],
    ) -> None:
        super().__init__(children[0].first_day, ratio)
        self._children = children
        self._transformer = transformer
        self.opening_bands = opening
        self.opening[ACTIVE] = sum(opening)

    def _day_curve(self, quantity: str, day: int) -> Sequence[int]:
        curves = [child.curve(quantity, day) for child in self._children]
        sums = list(map(sum, zip(*curves, strict=True)))
        if quantity != ACTIVE:
            return sums
        extra = 1000 + self._extra(day)
        slots = (later - earlier for earlier, later in pairwise(sums))
        seen = (energy * extra // 1000 + self.slot_loss(energy) for energy in slots)
        return [0, *accumulate(seen)]

    def slot_loss(self, energy: int) -> int:
        """Return the transformer's loss in Wh in a quarter hour that passes ``energy`` Wh."""
        spec = self._transformer
        return spec.no_load // 4 + 4 * spec.load * energy * energy // (spec.rated * spec.rated)

    def _extra(self, day: int) -> int:
        first, last = self._transformer.unexplained_days
        when = self.first_day + timedelta(days=day)
        return self._transformer.unexplained if first <= when.day <= last else 0
